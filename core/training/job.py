"""The background job of kind `train`: what POST /v1/training-jobs asks for, in a process of its own.

A job may run again: its process can be killed after the model was published and before anybody heard of it.
So the job's id stands in the manifest's card, and a run that finds an artefact of its own job trains nothing;
it completes what was left undone and gives the same report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from core.errors import IntegrityFailure
from core.models.artefacts import MANIFEST, load_manifest
from core.models.manifest import Manifest
from core.models.versions import Versions
from core.ports import Progress
from core.settings import Settings
from core.storage.engine import Storage
from core.training.recipe import Task
from core.training.run import (
    Artefact,
    TrainingRequest,
    models_folder,
    recipe_from,
    run_training,
    stage,
    task_for,
)

JOB = "job"
"""The key in a manifest's card that names the job which trained it."""


class _Services(Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def storage(self) -> Storage: ...


def run(services: _Services, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Train as the payload says and return the report.

    Args:
        services: Settings and storage.
        payload: `tenant`, `task`, `dataset_path`, and perhaps `job_id`, `kind`, `base_recipe` (the task's
            own), `recipe`, `method`, `map`, `label_separator`, `actor`.
        progress: Called as work moves on.

    Raises:
        InvalidInput, NotFound, StorageFull: see `run_training`; the serving model is unchanged.
    """
    request, tenant, settings = _request(payload), str(payload["tenant"]), services.settings
    versions = Versions(services.storage, settings.data)
    actor, job_id = str(payload.get("actor") or "job"), payload.get("job_id")
    card: dict[str, Any] = {}
    if job_id is not None:
        card = {JOB: str(job_id)}
        done = _earlier(card[JOB], tenant, request.task.name, settings, versions)
        if done is not None:
            progress(1.0, "trained by an earlier run of this job")
            return stage(done, tenant, versions, actor=actor, force=request.force).report()
    return run_training(request, tenant, settings, versions, progress, actor=actor, card=card).report()


def _request(payload: Mapping[str, Any]) -> TrainingRequest:
    known = Task(
        payload["task"],
        payload.get("kind") or "single",
        recipe=recipe_from(Task("any").recipe, _of(payload, "base_recipe")),
    )
    task = task_for(
        known.name, known, multi=None, method=payload.get("method"), overrides=_of(payload, "recipe")
    )
    return TrainingRequest(
        task=task,
        data=Path(payload["dataset_path"]),
        mapping=_of(payload, "map"),
        label_separator=payload.get("label_separator") or ";",
        force=bool(payload.get("force")),
    )


@dataclass(frozen=True)
class _Published:
    path: Path
    manifest: Manifest


def _earlier(job_id: str, tenant: str, task: str, settings: Settings, versions: Versions) -> Artefact | None:
    """Return what an earlier run of the job left: a version, or an artefact that did not become one yet."""
    for version in versions.list(tenant, task):
        if version.tenant == tenant and version.manifest.card.get(JOB) == job_id:
            return version
    for path in sorted(models_folder(settings, tenant).glob(f"m-*/{MANIFEST}")):
        try:
            manifest = load_manifest(path.parent, verify=False)
        except IntegrityFailure:  # whoever loads that one is told so; it does not stop this job
            continue
        if manifest.task == task and manifest.card.get(JOB) == job_id:
            return _Published(path.parent, manifest)
    return None


def _of(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = payload.get(name)
    return value if isinstance(value, Mapping) else {}
