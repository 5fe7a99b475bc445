"""Asks the models; whatever goes wrong becomes an opinion that failed, and the rules then go up."""

from __future__ import annotations

import contextvars
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.errors import ColonnadeError
from core.observability.logs import get_logger
from core.ports import Predictor
from core.records import Example, Prediction
from verticals.medical.policy import ModelOpinion
from verticals.medical.recipe import DEPARTMENT, URGENCIES, URGENCY

_log = get_logger(__name__)
PATIENCE = 20.0
"""Seconds that a model may take, its first loading included."""
_AT_ONCE = 64
"""Calls that may be under way, hung ones included; the next is answered as a fault."""

Said = Mapping[str, list[Prediction]]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the models said.

    Attributes:
        model: As the rules take it.
        models: Model version by task; empty where they failed.
        fault: Why there is no opinion; None where there is one.
    """

    model: ModelOpinion
    models: Mapping[str, str] = field(default_factory=dict)
    fault: str | None = None


class Opinions:
    """Asks the two classifiers of medical, in one encoder pass.

    Args:
        predictor: Serves them.
        patience: Seconds to wait for them.
        at_once: Calls that may be under way.
    """

    def __init__(self, predictor: Predictor, patience: float = PATIENCE, at_once: int = _AT_ONCE) -> None:
        self._predictor = predictor
        self._patience = patience
        self._room = threading.BoundedSemaphore(at_once)

    def __call__(
        self, tenant: str, text: str, lang: str | None, models: Mapping[str, str] | None = None
    ) -> Opinion:
        """Return what the models say of a text; never raises.

        Args:
            tenant: Whose models.
            text: The de-identified text.
            lang: As told by the caller.
            models: Model version by task, to ask those again; default: what serves now.
        """
        items = [Example(text, lang=lang)]

        def ask() -> Said:
            tasks = (URGENCY.name, DEPARTMENT.name)
            if not models:
                return self._predictor.predict(tenant, tasks, items)
            found: dict[str, list[Prediction]] = {}
            for task in tasks:
                found.update(self._predictor.predict(tenant, [task], items, model=models.get(task)))
            return found

        said = self._within(ask)
        return said if isinstance(said, Opinion) else _opinion(said)

    def _within(self, ask: Callable[[], Said]) -> Said | Opinion:
        if not self._room.acquire(timeout=self._patience):
            return _failed("busy")
        outcome: list[Said | Opinion] = []
        context = contextvars.copy_context()

        def run() -> None:
            try:
                outcome.append(context.run(ask))
            except ColonnadeError as error:
                outcome.append(_failed(error.slug))
            except Exception as error:  # noqa: BLE001 - whatever a model dies of, the patient is still answered
                outcome.append(_failed("unexpected", type(error).__name__))
            finally:
                self._room.release()

        # A daemon: a call that hangs for ever keeps neither the patient waiting nor the process alive.
        thread = threading.Thread(target=run, name="medical-opinion", daemon=True)
        thread.start()
        thread.join(self._patience)
        return outcome[0] if outcome else _failed("timeout")


def _opinion(said: Said) -> Opinion:
    urgency, department = said[URGENCY.name][0], said[DEPARTMENT.name][0]
    if not (_sound(urgency) and _sound(department)):
        return _failed("not-a-number")
    if set(urgency.probabilities) - set(URGENCIES):
        return _failed("labels")
    levels = {int(label): float(p) for label, p in urgency.probabilities.items()}
    model = ModelOpinion(levels, dict(department.probabilities), urgency.model)
    return Opinion(model, {URGENCY.name: urgency.model, DEPARTMENT.name: department.model})


def _sound(prediction: Prediction) -> bool:
    values = list(prediction.probabilities.values())
    return bool(values) and all(map(math.isfinite, values)) and abs(sum(values) - 1) < 0.01


def failed(fault: str) -> Opinion:
    """Return an opinion that there is none, and why."""
    return Opinion(ModelOpinion(failed=fault), fault=fault)


def _failed(fault: str, kind: str = "") -> Opinion:
    # Only the type: the message of a foreign exception may quote the patient.
    _log.error("medical.model_failed", fault=fault, kind_of_error=kind)
    return failed(fault)
