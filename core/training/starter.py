"""Trains the models that every tenant starts with, from the examples that the verticals ship."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.models.versions import Versions
from core.ports import Progress
from core.records import Example
from core.settings import Settings
from core.storage.tenancy import SHARED
from core.training.dataset import Dataset, fingerprint, load
from core.training.recipe import Task
from core.training.run import encoder_of, stage
from core.training.table import read_rows
from core.training.trainer import train

_ACTOR = "starter"


def load_starter(task: Task) -> Dataset:
    """Read all starter files of a task as one data set.

    Raises:
        InvalidInput: a starter file is wrong.
    """
    parts = [_part(task, path) for path in task.starter]
    rows: tuple[Example, ...] = tuple(row for part in parts for row in part.train)
    labels = sorted({label for part in parts for label in part.labels})
    warnings = tuple(warning for part in parts for warning in part.warnings)
    names = " + ".join(path.name for path in task.starter)
    return Dataset(rows, (), tuple(labels), fingerprint(rows), len(rows), warnings, names)


def _part(task: Task, path: Path) -> Dataset:
    # A file that names nothing its texts are about holds labels of whole texts.
    focus = task.recipe.focus and "entity" in read_rows(path).columns
    return load(path, kind=task.kind, mapping={"label": task.label_column}, focus=focus)


def signature(tasks: Iterable[Task], encoder: str) -> str:
    """Return what the starters depend on: if it is unchanged, they need no training."""
    digest = hashlib.sha256(encoder.encode())
    for task in tasks:
        recipe = task.recipe
        # A field that came later and is not used must not train all starters of older installations anew.
        told = recipe.model_dump_json(exclude={"layers"} if recipe.layers is None else None)
        digest.update(f"{task.name} {task.kind} {task.labels} {told}".encode())
        for path in task.starter:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def groups(tasks: Sequence[Task]) -> list[tuple[Task, ...]]:
    """Return tasks that label the same files by the same recipe together: they are learnt in one pass."""
    found: dict[tuple[tuple[Path, ...], str], list[Task]] = {}
    for task in tasks:
        if task.starter:
            found.setdefault((task.starter, task.recipe.model_dump_json()), []).append(task)
    return [tuple(group) for group in found.values()]


def ensure(tasks: Sequence[Task], settings: Settings, versions: Versions, progress: Progress) -> list[str]:
    """Train and promote the starters that are missing or whose examples or recipe changed.

    Args:
        tasks: Those of the finished verticals.
        settings: The encoder, threads, where artefacts go.
        versions: Where they are staged, for all tenants.
        progress: Called as work moves on.

    Returns:
        The tasks that were trained now.

    Raises:
        StorageFull: no room to publish.
    """
    todo = pending(tasks, settings, versions)
    for number, group in enumerate(todo):

        def moved(share: float, line: str, number: int = number, names: str = _names(group)) -> None:
            progress((number + share) / len(todo), f"{names}: {line}")

        _train(group, settings, versions, moved)
    return [task.name for group in todo for task in group]


def pending(tasks: Sequence[Task], settings: Settings, versions: Versions) -> list[tuple[Task, ...]]:
    """Return the groups of starters that are missing, or whose examples or recipe changed."""
    return [group for group in groups(tasks) if not _present(group, settings, versions)]


def _names(group: Sequence[Task]) -> str:
    return ", ".join(task.name for task in group)


def _present(group: Sequence[Task], settings: Settings, versions: Versions) -> bool:
    wanted = signature(group, encoder_of(group[0].recipe, settings))
    serving = [versions.production(SHARED, task.name) for task in group]
    return all(version is not None and version.manifest.card.get("starter") == wanted for version in serving)


def _train(group: Sequence[Task], settings: Settings, versions: Versions, progress: Progress) -> None:
    data = {task: load_starter(task) for task in group}
    encoder = encoder_of(group[0].recipe, settings)
    card = {"starter": signature(group, encoder)}
    out = settings.data / "models" / SHARED
    for trained in train(data, settings, out, progress, encoder=encoder, card=card).values():
        stage(trained, SHARED, versions, actor=_ACTOR, force=True)
