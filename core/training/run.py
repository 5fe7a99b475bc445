"""Trains one task on a file and stages the outcome: what the command line and the training job share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from core.errors import FieldError, InvalidInput, NotFound
from core.models.manifest import Manifest, beaten_by
from core.models.versions import CANDIDATE, Versions
from core.ports import Progress
from core.settings import Settings
from core.training.dataset import Dataset, load
from core.training.recipe import Recipe, Task
from core.training.trainer import train


@dataclass(frozen=True)
class TrainingRequest:
    """What a user asks for.

    Attributes:
        task: The task, with the recipe in force.
        data: CSV, JSONL or Parquet.
        dev: Rows to choose by; default: the file's own `split` column, else a share of it.
        mapping: Field to column.
        label_separator: Between the labels of a cell.
        force: Promote even a model that a baseline beats.
    """

    task: Task
    data: Path
    dev: Path | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    label_separator: str = ";"
    force: bool = False


@dataclass(frozen=True)
class TrainingResult:
    """What became of it.

    Attributes:
        model: The version's id.
        path: Its folder.
        promoted: Whether it serves the task now.
        beaten_by: Baselines that did better; why it was not promoted.
        manifest: As published.
    """

    model: str
    path: Path
    promoted: bool
    beaten_by: tuple[str, ...]
    manifest: Manifest

    def report(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "model": self.model,
            "task": self.manifest.task,
            "method": self.manifest.method,
            "promoted": self.promoted,
            "beaten_by": list(self.beaten_by),
            "labels": self.manifest.labels,
            "metrics": self.manifest.metrics,
            "baselines": self.manifest.baselines,
            "notes": self.manifest.card.get("limits", []),
        }


def recipe_from(base: Recipe, overrides: Mapping[str, Any], where: str = "the recipe") -> Recipe:
    """Return the recipe with some values replaced.

    Raises:
        InvalidInput: an unknown key or a value out of range, with a pointer to it.
    """
    try:
        return Recipe.model_validate({**base.model_dump(exclude_unset=True), **overrides})
    except ValidationError as error:
        faults = [FieldError("/" + "/".join(map(str, e["loc"])), e["msg"]) for e in error.errors()]
        raise InvalidInput(
            f"{where}: {faults[0].pointer}: {faults[0].detail}.",
            remedy=f"Keys: {', '.join(Recipe.model_fields)}.",
            errors=faults,
        ) from error


def encoder_of(recipe: Recipe, settings: Settings) -> str:
    """Return the recipe's encoder, or that of the settings where the recipe leaves it open."""
    return recipe.encoder if "encoder" in recipe.model_fields_set else settings.encoder


def read_recipe(path: Path) -> Mapping[str, Any]:
    """Read a recipe file, JSON or YAML.

    Raises:
        NotFound: no such file.
        InvalidInput: it is no mapping.
    """
    import yaml

    if not path.is_file():
        raise NotFound(f"There is no recipe {path}.", remedy="Give a JSON or YAML file.")
    try:
        text = path.read_text(encoding="utf-8")
        value = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise InvalidInput(f"{path.name} cannot be read: {error}.", remedy="Write JSON or YAML.") from error
    if not isinstance(value, dict):
        raise InvalidInput(f"{path.name} holds no mapping.", remedy="Write `key: value` lines.")
    return value


def task_for(
    name: str, known: Task | None, *, multi: bool | None, method: str | None, overrides: Mapping[str, Any]
) -> Task:
    """Return the task to train on a user's rows: the labels are those of the rows.

    Args:
        name: Task name.
        known: The vertical's own task of that name, if it has one.
        multi: Whether a text may have several labels; None: as the known task, else no.
        method: Overrides the recipe's.
        overrides: Recipe keys that the user sets.
    """
    base = known or Task(name)
    kind = base.kind if multi is None else "multi" if multi else "single"
    recipe = recipe_from(base.recipe, {**overrides, **({"method": method} if method else {})})
    return replace(base, kind=kind, labels=(), starter=(), recipe=recipe)


def run_training(
    request: TrainingRequest,
    tenant: str,
    settings: Settings,
    versions: Versions,
    progress: Progress,
    *,
    actor: str,
    card: Mapping[str, Any] | None = None,
) -> TrainingResult:
    """Train, publish and, unless a baseline does better, promote.

    Args:
        request: What to train on what.
        tenant: Whose model it becomes.
        settings: Threads, cache, data folder.
        versions: Where it is staged.
        progress: Called as work moves on.
        actor: Who asks, for the audit.
        card: Facts for the manifest's card.

    Raises:
        InvalidInput, NotFound: see `dataset.load` and `trainer.train`.
        StorageFull: no room; what served before serves on.
    """
    task = request.task
    data = _load(request, request.data, settings)
    dev = _load(request, request.dev, settings) if request.dev is not None else None
    serving = versions.production(tenant, task.name)
    parent = serving.id if serving is not None and serving.tenant == tenant else None
    trained = train(
        {task: data},
        settings,
        models_folder(settings, tenant),
        progress,
        dev=dev,
        parent=parent,
        encoder=encoder_of(task.recipe, settings),
        card=card,
    )
    return stage(trained[task.name], tenant, versions, actor=actor, force=request.force)


def models_folder(settings: Settings, tenant: str) -> Path:
    """Return the folder that a tenant's artefacts are published into."""
    return settings.data / "models" / tenant


def _load(request: TrainingRequest, path: Path, settings: Settings) -> Dataset:
    return load(
        path,
        kind=request.task.kind,
        mapping=request.mapping,
        label_separator=request.label_separator,
        focus=request.task.recipe.focus,
        max_chars=settings.max_text_chars,
    )


class Artefact(Protocol):
    """A published artefact: what training returned, or a version that was staged before."""

    @property
    def path(self) -> Path:
        """Its folder."""
        ...

    @property
    def manifest(self) -> Manifest:
        """As published."""
        ...


def stage(artefact: Artefact, tenant: str, versions: Versions, *, actor: str, force: bool) -> TrainingResult:
    """Add the artefact as a candidate and promote it, unless a baseline beats it.

    Doing it again completes what was begun, and undoes nothing that people decided since: a version that
    served once and was replaced stays replaced.
    """
    manifest = artefact.manifest
    versions.add(tenant, manifest.task, artefact.path, manifest, actor=actor)
    better = tuple(beaten_by(manifest))
    wanted = not better or force
    if wanted and versions.get(tenant, manifest.id).stage == CANDIDATE:
        versions.promote(tenant, manifest.id, actor, force)
    return TrainingResult(manifest.id, artefact.path, wanted, better, manifest)
