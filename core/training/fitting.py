"""What a method is given and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.inference.head import LinearHead
from core.inference.reading import as_text
from core.models.folder import Weights
from core.ports import Encoder, Progress, Text
from core.records import Example
from core.settings import Settings
from core.training.metrics import indicator
from core.training.recipe import Recipe

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Target:
    """What one task says of the shared texts.

    Attributes:
        task: Task name.
        labels: The k labels.
        multi: Any number of labels a text; else exactly one.
        train: (n, k) true labels of the training texts.
        dev: (m, k) true labels of the development texts.
    """

    task: str
    labels: tuple[str, ...]
    multi: bool
    train: Bools
    dev: Bools

    @property
    def learnt(self) -> Bools:
        """(k,) whether a label has training rows."""
        return np.asarray(self.train.any(axis=0))


@dataclass(frozen=True, eq=False)
class FitJob:
    """Everything a method may look at. Several targets share one encoder and one pass.

    Attributes:
        train: The n training texts.
        dev: The m development texts, to stop and choose by.
        targets: One for each task.
        recipe: Hyper-parameters.
        weights: The encoder's folder.
        encoder: The same encoder, loaded, remembering its vectors.
        settings: Threads, cache.
        progress: To be called as work moves on.
    """

    train: tuple[Text, ...]
    dev: tuple[Text, ...]
    targets: tuple[Target, ...]
    recipe: Recipe
    weights: Weights
    encoder: Encoder
    settings: Settings
    progress: Progress


@dataclass(frozen=True, eq=False)
class Fitted:
    """What came out.

    Attributes:
        heads: Task name to head, uncalibrated.
        dev_vectors: (m, dimension) vectors of the development texts by the encoder the heads stand on.
        delta: Encoder weights that changed, as they will be served; empty for a frozen encoder.
        encoder: The encoder the heads stand on, for the rows of later evaluations.
        notes: Facts for the report, e.g. epochs run.
    """

    heads: Mapping[str, LinearHead]
    dev_vectors: NDArray[np.float32]
    encoder: Encoder
    delta: Mapping[str, NDArray[np.float16]] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)


def texts_of(rows: Sequence[Example]) -> tuple[Text, ...]:
    """Return what the encoder reads of each row."""
    return tuple(as_text(row) for row in rows)


def target(
    task: str, labels: Sequence[str], multi: bool, train: Sequence[Example], dev: Sequence[Example]
) -> Target:
    """Build a target out of rows."""
    gold = [indicator([row.labels for row in rows], labels) for rows in (train, dev)]
    return Target(task, tuple(labels), multi, gold[0], gold[1])


__all__ = ["FitJob", "Fitted", "Target", "target", "texts_of"]
