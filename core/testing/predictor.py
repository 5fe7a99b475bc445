"""A predictor without a model: its answers come from a hash of the text, the same every time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from core.errors import InvalidInput, NotFound
from core.records import Example, Prediction
from core.training.recipe import Task

MODEL = "fixed"
"""Id of the one model version it knows."""


class FixedPredictor:
    """Implements `core.ports.Predictor` for given tasks, with valid and varied probabilities, and no opinion.

    Args:
        tasks: What it predicts; tasks without labels get the two labels "no" and "yes".
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = {task.name: task for task in tasks}

    def predict(
        self, tenant: str, tasks: Sequence[str], items: Sequence[Example], *, model: str | None = None
    ) -> Mapping[str, list[Prediction]]:
        """Predict; every tenant is answered alike.

        Raises:
            NotFound: no such task, or another model than MODEL.
            InvalidInput: a model for several tasks at once.
        """
        del tenant
        if model is not None and len(tasks) != 1:
            raise InvalidInput("A model serves one task.", remedy="Name one task, or no model.")
        if model not in (None, MODEL):
            raise NotFound(f"There is no model {model!r}.", remedy="List them: GET /v1/models.")
        unknown = [name for name in tasks if name not in self._tasks]
        if unknown:
            raise NotFound(f"There is no task {unknown[0]!r}.", remedy="See the tasks of the verticals.")
        return {name: [_say(self._tasks[name], item) for item in items] for name in tasks}


def _say(task: Task, item: Example) -> Prediction:
    labels = task.labels or ("no", "yes")
    weights = [_weight(task.name, label, item) for label in labels]
    if task.kind == "single":
        probabilities = {label: w / sum(weights) for label, w in zip(labels, weights, strict=True)}
        best = max(probabilities, key=probabilities.__getitem__)
        return Prediction((best,), probabilities[best], probabilities, MODEL)
    probabilities = dict(zip(labels, weights, strict=True))
    chosen = tuple(label for label in labels if probabilities[label] >= 0.5)
    nothing = 1.0 - max(probabilities.values())
    return Prediction(chosen, probabilities[chosen[0]] if chosen else nothing, probabilities, MODEL)


def _weight(task: str, label: str, item: Example) -> float:
    """Return a number in (0, 1] that depends on all three."""
    seed = "\x1f".join((task, label, item.text, item.text_pair or ""))
    return (1 + hashlib.sha256(seed.encode("utf-8")).digest()[0]) / 256
