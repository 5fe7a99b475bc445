"""Trains one task on a file and stages the outcome: what the command line and the training job share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.errors import FieldError, InvalidInput, NotFound
from core.models.manifest import Manifest, beaten_by
from core.models.versions import Versions
from core.ports import Progress
from core.settings import Settings
from core.training.dataset import Dataset, load
from core.training.publish import Trained
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
    text = path.read_text(encoding="utf-8")
    try:
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
) -> TrainingResult:
    """Train, publish and, unless a baseline does better, promote.

    Raises:
        InvalidInput, NotFound: see `dataset.load` and `trainer.train`.
        StorageFull: no room; what served before serves on.
    """
    task = request.task
    data = _load(request, request.data, settings)
    dev = _load(request, request.dev, settings) if request.dev is not None else None
    serving = versions.production(tenant, task.name)
    parent = serving.id if serving is not None and serving.tenant == tenant else None
    out = settings.data / "models" / tenant
    encoder = encoder_of(task.recipe, settings)
    trained = train({task: data}, settings, out, progress, dev=dev, parent=parent, encoder=encoder)[task.name]
    return stage(trained, tenant, versions, actor=actor, force=request.force)


def _load(request: TrainingRequest, path: Path, settings: Settings) -> Dataset:
    return load(
        path,
        kind=request.task.kind,
        mapping=request.mapping,
        label_separator=request.label_separator,
        max_chars=settings.max_text_chars,
    )


def stage(trained: Trained, tenant: str, versions: Versions, *, actor: str, force: bool) -> TrainingResult:
    """Add the artefact as a candidate and promote it, unless a baseline beats it."""
    manifest = trained.manifest
    versions.add(tenant, manifest.task, trained.path, manifest, actor=actor)
    better = tuple(beaten_by(manifest))
    if not better or force:
        versions.promote(tenant, manifest.id, actor, force)
    return TrainingResult(manifest.id, trained.path, not better or force, better, manifest)
