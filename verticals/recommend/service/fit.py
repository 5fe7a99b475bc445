"""The use case: fit a model from all events, measure it beside its baselines, promote it if none beats it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select

from core.errors import Conflict
from core.models.artefacts import load_manifest, publish
from core.models.manifest import DataRef, Manifest
from core.models.versions import Version, Versions
from core.ports import Progress
from core.ranking.blend import fit_blend
from core.ranking.ease import fit_ease
from core.ranking.evaluate import BASELINES
from core.ranking.interactions import Interactions, Row
from core.ranking.item_knn import fit_item_knn
from core.ranking.item_model import ItemModel
from core.ranking.model_file import save_model
from core.settings import Settings
from core.storage.engine import Storage
from verticals.recommend.evaluate import best, measure, worse_than
from verticals.recommend.policy.events import weight
from verticals.recommend.recipe import MIN_INTERACTIONS, MIN_PEOPLE, MODEL_FILE, PRIMARY, TASK, WEIGHTS
from verticals.recommend.service.items import Items
from verticals.recommend.service.person import actor
from verticals.recommend.tables import RecommendEvent, RecommendItem

FITS: Mapping[str, Callable[[Interactions], ItemModel]] = {
    "blend": fit_blend,
    "ease": fit_ease,
    "item-knn": fit_item_knn,
}
JOB = "job"


@dataclass(frozen=True, slots=True)
class FitRequest:
    """What is asked of a fit.

    Attributes:
        method: One of FITS, or `auto` for the one that does best.
        force: Promote it even where a baseline beats it or nothing could be measured.
        job_id: So that a job that runs twice fits once.
    """

    method: str = "auto"
    force: bool = False
    actor: str = "cli"
    job_id: str | None = None


class Fit:
    """Fits models.

    Args:
        storage: Where the events are.
        versions: Where models and their stages are kept.
        items: Makes the vectors that are missing.
        settings: Where artefacts are published.
    """

    def __init__(self, storage: Storage, versions: Versions, items: Items, settings: Settings) -> None:
        self._storage = storage
        self._versions = versions
        self._items = items
        self._settings = settings

    def __call__(self, tenant: str, request: FitRequest, progress: Progress) -> dict[str, Any]:
        """Fit; what serves stays as it is until the new model is whole on the disk and promoted.

        Returns:
            `fitted`, `promoted`, `model`, `method`, `beaten_by`, `reason`, counts, and `report`.
        """
        done = self._earlier(tenant, request.job_id)
        if done is not None:
            return self._promoted(tenant, done.id, done.manifest, request)
        encoded = self._items.complete(tenant, progress=progress)
        progress(0.2, "reading events")
        rows = self.rows(tenant)
        people = len({row[0] for row in rows})
        known = {"interactions": len(rows), "people": people, "items_encoded": encoded}
        if len(rows) < MIN_INTERACTIONS or people < MIN_PEOPLE:
            reason = (
                f"{len(rows)} interactions of {people} people are too few to fit a model (at least"
                f" {MIN_INTERACTIONS} of {MIN_PEOPLE}); trending, live neighbours and texts serve."
            )
            progress(1.0, reason)
            return {"fitted": False, "promoted": False, "model": None, "reason": reason, **known}
        progress(0.3, f"measuring on {len(rows)} interactions")
        report = measure(rows)
        method = request.method if request.method != "auto" else ("blend" if report is None else best(report))
        progress(0.7, f"fitting {method} on all of them")
        manifest = self._published(tenant, method, rows, report, request)
        progress(0.95, f"published {manifest.id}")
        out = self._promoted(tenant, manifest.id, manifest, request)
        return {**out, **known, "report": report}

    def rows(self, tenant: str) -> list[Row]:
        """Return who took what: of items that are in the shop, without what was given back."""
        columns = (
            RecommendEvent.user_id,
            RecommendEvent.session_id,
            RecommendEvent.item_id,
            RecommendEvent.kind,
            RecommendEvent.value,
            RecommendEvent.at,
        )
        kinds = [*sorted(WEIGHTS), "refund"]
        query = select(*columns).where(RecommendEvent.tenant_id == tenant, RecommendEvent.kind.in_(kinds))
        rows: list[Row] = []
        balance: dict[tuple[str, str], int] = {}
        bought: list[tuple[Row, tuple[str, str]]] = []
        with self._storage.read(tenant) as session:
            items = set(
                session.scalars(
                    select(RecommendItem.id).where(
                        RecommendItem.tenant_id == tenant, RecommendItem.deleted_at.is_(None)
                    )
                )
            )
            for user, session_id, item, kind, value, at in session.execute(
                query.execution_options(yield_per=10_000)
            ):
                if item not in items:
                    continue
                who, worth = actor(user, session_id), weight(kind, value)
                if kind in {"purchase", "refund"}:
                    balance[who, item] = balance.get((who, item), 0) + (1 if kind == "purchase" else -1)
                if kind == "purchase":
                    bought.append(((who, item, worth, at), (who, item)))
                elif worth > 0:
                    rows.append((who, item, worth, at))
        return rows + [row for row, pair in bought if balance[pair] > 0]

    def _earlier(self, tenant: str, job_id: str | None) -> Version | None:
        if job_id is None:
            return None
        own = (v for v in self._versions.list(tenant, TASK) if v.tenant == tenant)
        return next((v for v in own if v.manifest.card.get(JOB) == job_id), None)

    def _published(
        self, tenant: str, method: str, rows: list[Row], report: dict[str, Any] | None, request: FitRequest
    ) -> Manifest:
        model = FITS[method](Interactions.from_rows(rows))
        serving = self._versions.production(tenant, TASK)
        manifest = Manifest(
            task=TASK,
            kind="ranking",
            method=method,
            recipe={name: value for name, value in model.parameters.items()},
            data=DataRef(fingerprint=_fingerprint(rows), rows=len(rows)),
            primary=PRIMARY,
            metrics=_figures(report, method),
            baselines={}
            if report is None
            else {name: _figures(report, name) for name in BASELINES if name != method},
            parent=serving.id if serving is not None else None,
            card=_card(request, report),
        )
        folder = publish(
            lambda part: save_model(model, part / MODEL_FILE),
            manifest,
            self._settings.data / "models" / tenant,
        )
        found = load_manifest(folder)
        self._versions.add(tenant, TASK, Path(folder), found, actor=request.actor)
        return found

    def _promoted(self, tenant: str, model: str, manifest: Manifest, request: FitRequest) -> dict[str, Any]:
        measured = bool(manifest.metrics)
        beaten = [] if not measured else worse_than(_as_report(manifest), manifest.method)
        out = {"fitted": True, "model": model, "method": manifest.method, "beaten_by": beaten, "reason": None}
        if not measured and not request.force:
            reason = "The events allow no measurement, so it is not promoted; force it to try it."
            return {**out, "promoted": False, "reason": reason}
        try:
            self._versions.promote(tenant, model, request.actor, force=request.force)
        except Conflict as error:
            return {**out, "promoted": False, "reason": str(error)}
        return {**out, "promoted": True}


def _figures(report: Mapping[str, Any] | None, name: str) -> dict[str, Any]:
    found = {} if report is None else report["models"].get(name, {})
    return {key: value for key, value in found.items() if "@" in key}


def _as_report(manifest: Manifest) -> dict[str, Any]:
    models = {manifest.method: manifest.metrics, **manifest.baselines}
    return {"primary": manifest.primary, "models": models}


def _card(request: FitRequest, report: Mapping[str, Any] | None) -> dict[str, Any]:
    notes = (
        {} if report is None else {key: report[key] for key in ("protocol", "users", "items", "new_users")}
    )
    named = {} if request.job_id is None else {JOB: request.job_id}
    return {
        "purpose": "Ranks the items of a shop by what a person took.",
        "limits": [
            "It knows the items that had events when it was fitted; others are ranked by their texts."
        ],
        "notes": notes,
        **named,
    }


def _fingerprint(rows: list[Row]) -> str:
    digest = sha256()
    for user, item, worth, at in sorted(rows, key=str):
        digest.update(json.dumps([user, item, worth, str(at)], ensure_ascii=False).encode())
    return digest.hexdigest()
