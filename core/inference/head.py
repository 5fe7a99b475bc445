"""A linear head over an encoder's vectors, with calibrated probabilities: the small part every model has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import RefusedWeights
from core.models.safetensors_file import read_tensors, write_tensors
from core.records import Prediction

Floats = NDArray[np.float32]
HEAD = "head.safetensors"


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the softmax over the last axis."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def sigmoid(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the logistic function of every value."""
    return 0.5 * (1.0 + np.tanh(0.5 * logits.astype(np.float64)))


@dataclass(frozen=True, slots=True)
class Reject:
    """When a text is none of the known labels.

    Attributes:
        label: What is said of such a text. Where it is one of the head's labels, it may also win as such.
        limit: The largest logit over the other labels, before the temperature, below which it is said.
        scale: Width in logits over which the confidence in it changes.
    """

    label: str
    limit: float
    scale: float

    def confidence(self, best: float) -> float:
        """Return the confidence, in [0, 1], that a text whose largest logit is `best` is none of them."""
        return float(sigmoid(np.array((self.limit - best) / self.scale)))


@dataclass(frozen=True, eq=False)
class LinearHead:
    """Weights of one task's head.

    Attributes:
        labels: The k labels.
        weight: (k, dimension).
        bias: (k,).
        multi: Any number of labels a text; else exactly one.
        temperature: Logits are divided by it (Guo et al. 2017, arXiv:1706.04599).
        thresholds: (k,) probabilities from which a label is given; multi-label only.
        reject: When none of the labels is given; single-label only.
    """

    labels: tuple[str, ...]
    weight: Floats
    bias: Floats
    multi: bool
    temperature: float = 1.0
    thresholds: Floats | None = None
    reject: Reject | None = None

    def logits(self, vectors: Floats) -> Floats:
        """Return (n, k) logits of (n, dimension) vectors, before the temperature."""
        return np.asarray(vectors @ self.weight.T + self.bias, np.float32)

    def probabilities(self, vectors: Floats) -> NDArray[np.float64]:
        """Return (n, k) calibrated probabilities; rows sum to 1 for single-label tasks."""
        scaled = self.logits(vectors) / self.temperature
        return sigmoid(scaled) if self.multi else softmax(scaled)

    def predict(self, vectors: Floats, model: str = "") -> list[Prediction]:
        """Return one Prediction a row of `vectors`.

        The label of a rejected text is `reject.label`, its probability the confidence that it is none of the
        others; `probabilities` are those of the labels all the same.
        """
        said = [self._prediction(row, model) for row in self.probabilities(vectors)]
        if self.reject is None:
            return said
        best = self._best_known(vectors)
        return [
            each
            if logit >= self.reject.limit and each.labels[0] != self.reject.label
            else self._rejected(each, float(logit))
            for each, logit in zip(said, best, strict=True)
        ]

    def decisions(self, vectors: Floats) -> NDArray[np.bool_]:
        """Return (n, k): the labels that `predict` gives; a row without any is given one beyond them."""
        given = [set(each.labels) for each in self.predict(vectors)]
        return np.array([[label in labels for label in self.labels] for labels in given], np.bool_)

    def _known(self) -> NDArray[np.bool_]:
        return np.array([self.reject is None or label != self.reject.label for label in self.labels])

    def _best_known(self, vectors: Floats) -> Floats:
        return np.asarray(self.logits(vectors)[:, self._known()].max(axis=1), np.float32)

    def _rejected(self, said: Prediction, best: float) -> Prediction:
        assert self.reject is not None
        likely = said.probabilities.get(self.reject.label, 0.0)
        sure = round(max(self.reject.confidence(best), likely), 6)
        return Prediction((self.reject.label,), sure, said.probabilities, said.model)

    def _prediction(self, row: NDArray[np.float64], model: str) -> Prediction:
        chosen = self._chosen(row)
        probability = float(row[chosen[0]]) if chosen else float(np.prod(1.0 - row))
        every = {label: round(float(value), 6) for label, value in zip(self.labels, row, strict=True)}
        return Prediction(tuple(self.labels[i] for i in chosen), round(probability, 6), every, model)

    def _chosen(self, row: NDArray[np.float64]) -> Sequence[int]:
        if not self.multi:
            return [int(row.argmax())]
        limits = self.thresholds if self.thresholds is not None else np.full(len(row), 0.5)
        return sorted(np.flatnonzero(row >= limits).tolist(), key=lambda index: -row[index])

    def save(self, folder: Path) -> None:
        """Write weight and bias to `folder`; labels, temperature and thresholds belong to the manifest."""
        write_tensors(folder / HEAD, {"weight": self.weight, "bias": self.bias})

    @staticmethod
    def arrays(folder: Path, labels: int, dimension: int) -> tuple[Floats, Floats]:
        """Read weight and bias, checking their shapes.

        Raises:
            RefusedWeights: the file does not hold a head for this many labels over this encoder.
        """
        found = read_tensors(folder / HEAD)
        weight, bias = found.get("weight"), found.get("bias")
        if weight is None or bias is None or weight.shape != (labels, dimension) or bias.shape != (labels,):
            raise RefusedWeights(
                f"{folder / HEAD} holds no head of {labels} labels over {dimension} values.",
                remedy="Train the task again.",
            )
        return np.asarray(weight, np.float32), np.asarray(bias, np.float32)
