"""One training from rows to published artefacts: split, fit by the best method, hand over to be published."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InvalidInput
from core.inference.encoders import load_encoder
from core.inference.vector_cache import CachedEncoder
from core.models.fetch import open_weights
from core.ports import Progress
from core.records import Example
from core.settings import Settings
from core.training.calibrate import calibrated, said
from core.training.dataset import Dataset, check_trainable, key_of, without_held
from core.training.fitting import Target, target, texts_of
from core.training.methods import AUTO, FitJob, Fitted, find
from core.training.metrics import macro_f1
from core.training.publish import Outcome, Rows, Trained, publish_outcome
from core.training.recipe import Recipe, Task
from core.training.split import split


def _rows(task: Task, data: Dataset, dev: Dataset | None, recipe: Recipe, first: Rows | None) -> Rows:
    held = dev.train + dev.dev + dev.test if dev is not None else data.dev
    warnings = list(data.warnings)
    if dev is not None:
        warnings += [f"development rows: {warning}" for warning in dev.warnings]
        data = replace(data, train=without_held(data.train, held, warnings))
    check_trainable(data, task.kind)
    train = data.train
    if not held and first is not None:  # tasks that are learnt together are split alike
        keys = {key_of(row) for row in first.dev}
        held = tuple(row for row in train if key_of(row) in keys)
        train = tuple(row for row in train if key_of(row) not in keys)
    elif not held:
        train, held = split(train, recipe.dev_share, recipe.seed)
    unseen = sorted(
        {label for row in held for label in row.labels} - {label for row in train for label in row.labels}
    )
    if unseen:
        warnings.append(f"labels in the development rows only, which nothing can learn: {', '.join(unseen)}")
    files = tuple(Path(each.path).name for each in (data, dev) if each is not None and each.path)
    return Rows(train, held, files, tuple(warnings))


def labels_of(task: Task, rows: Sequence[Example]) -> tuple[str, ...]:
    """Return the task's labels, or those of the rows where it names none.

    Raises:
        InvalidInput: a row has a label that the task does not know.
    """
    found = sorted({label for row in rows for label in row.labels})
    if not task.labels:
        return tuple(found)
    strange = [label for label in found if label not in task.labels]
    if strange:
        raise InvalidInput(
            f"The label {strange[0]!r} is not one of {task.name}: {', '.join(task.labels)}.",
            remedy="Correct it, or train under a task name of your own.",
        )
    return task.labels


def train(
    tasks: Mapping[Task, Dataset],
    settings: Settings,
    out: Path,
    progress: Progress,
    *,
    dev: Dataset | None = None,
    parent: str | None = None,
    encoder: str | None = None,
    card: Mapping[str, Any] | None = None,
) -> dict[str, Trained]:
    """Train one task, or several that label the same texts, and publish an artefact for each.

    Args:
        tasks: Task to data. Several tasks must have the same texts in the same order; the first one's recipe
            holds.
        settings: Threads, cache.
        out: Folder that the artefacts are published into.
        progress: Called as work moves on.
        dev: Rows to choose by; default: the data's own dev rows, else a share that is split off.
        parent: Id of the version this one is to follow.
        encoder: In place of the recipe's.
        card: Facts for the manifest's card.

    Returns:
        Task name to outcome.

    Raises:
        InvalidInput: rows nothing can be learnt from, an unknown method, label or encoder.
        StorageFull: no room to publish; nothing was published.
    """
    started = time.monotonic()
    first = next(iter(tasks))
    recipe = first.recipe if encoder is None else first.recipe.model_copy(update={"encoder": encoder})
    if recipe.method != "auto":
        find(recipe.method)  # an unknown one is told before any work
    rows: dict[Task, Rows] = {}
    for task, data in tasks.items():
        rows[task] = _rows(task, data, dev, recipe, rows.get(first))
    job = _job(rows, recipe, settings, progress)
    method, fitted, frozen = _fit(job)
    seconds = time.monotonic() - started
    trained = {}
    for each, own in zip(job.targets, rows.items(), strict=True):
        task, parts = own
        outcome = Outcome(task, each, parts, job, method, fitted, frozen, parent, seconds, card or {})
        trained[task.name] = publish_outcome(outcome, out)
    progress(1.0, "published")
    return trained


def _job(rows: Mapping[Task, Rows], recipe: Recipe, settings: Settings, progress: Progress) -> FitJob:
    if recipe.reject and any(task.kind == "multi" for task in rows):
        raise InvalidInput(
            "Several labels a text, or none, need no label of their own for none.",
            remedy="Leave out `reject`.",
        )
    first = next(iter(rows.values()))
    train, dev = texts_of(first.train), texts_of(first.dev)
    for task, parts in rows.items():
        if texts_of(parts.train) != train or texts_of(parts.dev) != dev:
            raise InvalidInput(
                f"{task.name} does not label the same texts as the tasks beside it.", remedy="Train it alone."
            )
    targets = tuple(
        target(task.name, labels_of(task, (*p.train, *p.dev)), task.kind == "multi", p.train, p.dev)
        for task, p in rows.items()
    )
    weights = open_weights(recipe.encoder, settings.cache, progress=progress)
    encoder = CachedEncoder(load_encoder(recipe.encoder, settings), capacity=len(train) + len(dev))
    return FitJob(train, dev, targets, recipe, weights, encoder, settings, progress)


def _fit(job: FitJob) -> tuple[str, Fitted, Fitted]:
    """Return the best method and its outcome, and the frozen baseline's (the same where `head` wins)."""
    frozen = find("head")(_part(job, 0.0, 0.2))
    tried = [name for name in AUTO if name != "full" or job.weights.kind == "sentence-transformers"]
    wanted = tried if job.recipe.method == "auto" else [job.recipe.method]
    outcomes = {name: frozen if name == "head" else find(name)(_part(job, 0.2, 0.9)) for name in wanted}
    best = max(outcomes, key=lambda name: _mean_score(job.targets, outcomes[name]))
    return best, outcomes[best], frozen


def _part(job: FitJob, low: float, high: float) -> FitJob:
    return replace(job, progress=lambda share, line: job.progress(low + (high - low) * share, line))


def _mean_score(targets: Sequence[Target], fitted: Fitted) -> float:
    vectors = fitted.dev_vectors
    heads = [calibrated(fitted.heads[each.task], vectors, each.dev, each.learnt) for each in targets]
    scores = [macro_f1(each.dev, said(head, vectors)) for each, head in zip(targets, heads, strict=True)]
    return float(np.mean(scores))
