"""How sentences are ranked for a question, and how likely the best one answers it: fitted numbers, as data.

A gate is a JSON file with one model for each encoder that it was fitted with, and one that looks at words
only. An encoder that it does not know is answered for by that one: its cosines mean nothing to the others.
core.training.gate fits them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigurationError

WORDS = "words"
"""Name of the model that needs no vectors."""
VERSION = 1


@dataclass(frozen=True, slots=True)
class GateModel:
    """Two linear models: one ranks sentences, one tells whether the first is an answer.

    Attributes:
        rank: Weight of each figure of a sentence.
        answer: Weight of each figure of the chosen sentence and its search.
        bias: Of `answer`; its sum through the logistic function is the probability.
        threshold: An answer is given from this probability on.
        fitted: Where the numbers come from, for people.
    """

    rank: Mapping[str, float]
    answer: Mapping[str, float]
    bias: float
    threshold: float
    fitted: Mapping[str, Any] = field(default_factory=dict)

    def scores(self, columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return how well each sentence suits, (n,); comparable within one question."""
        return np.asarray(sum(weight * columns[name] for name, weight in self.rank.items()), np.float64)

    def probability(self, figures: Mapping[str, float]) -> float:
        """Return the calibrated probability that the chosen sentence answers the question, in (0, 1)."""
        total = self.bias + sum(weight * figures[name] for name, weight in self.answer.items())
        return float(1.0 / (1.0 + np.exp(-np.clip(total, -30.0, 30.0))))


class Gate:
    """The models by the fingerprint of the encoder that they were fitted with.

    Args:
        models: Must hold `WORDS`.

    Raises:
        ConfigurationError: it does not.
    """

    def __init__(self, models: Mapping[str, GateModel]) -> None:
        if WORDS not in models:
            raise ConfigurationError(
                "The gate has no model for words alone.",
                remedy="Fit it again: python -m benchmarks.service_gate.",
            )
        self.models = dict(models)

    def knows(self, fingerprint: str) -> bool:
        """Tell whether it was fitted with that encoder."""
        return fingerprint in self.models

    def model(self, fingerprint: str) -> GateModel:
        """Return the encoder's model, or the one for words alone."""
        return self.models.get(fingerprint, self.models[WORDS])

    @classmethod
    def load(cls, path: Path) -> Gate:
        """Read a gate.

        Raises:
            ConfigurationError: the file is not there, or no gate of this version.
        """
        try:
            body = json.loads(path.read_text("utf-8"))
            if body["version"] != VERSION:
                raise ValueError(f"version {body['version']}, not {VERSION}")
            return cls({name: _model(each) for name, each in body["models"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigurationError(
                f"{path} is no gate: {error}.", remedy="Fit it again: python -m benchmarks.service_gate."
            ) from error

    def save(self, path: Path) -> None:
        """Write it in the form that `load` reads."""
        body = {
            "version": VERSION,
            "models": {name: _json(each) for name, each in sorted(self.models.items())},
        }
        path.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _model(body: Mapping[str, Any]) -> GateModel:
    def weights(name: str) -> dict[str, float]:
        return {str(key): float(value) for key, value in body[name].items()}

    return GateModel(
        weights("rank"),
        weights("answer"),
        float(body["bias"]),
        float(body["threshold"]),
        dict(body["fitted"]),
    )


def _json(model: GateModel) -> dict[str, Any]:
    return {
        "rank": dict(model.rank),
        "answer": dict(model.answer),
        "bias": model.bias,
        "threshold": model.threshold,
        "fitted": dict(model.fitted),
    }
