"""The ways to train a head and, perhaps, the encoder beneath it: one file a method.

A method is a function `fit(job: FitJob) -> Fitted`, found by the name of its file. `auto` is no method: the
trainer tries the ones in `AUTO` and keeps the best on the development rows.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from core.errors import InvalidInput
from core.training.fitting import FitJob, Fitted

AUTO = ("head", "full")

__all__ = ["AUTO", "FitJob", "Fitted", "find", "names"]


def names() -> list[str]:
    """Return the names of all methods."""
    return sorted(module.name for module in iter_modules(__path__))


def find(name: str) -> Callable[[FitJob], Fitted]:
    """Return a method's `fit`.

    Raises:
        InvalidInput: there is no such method.
    """
    if find_spec(f"{__name__}.{name}") is None:
        raise InvalidInput(f"There is no method {name!r}.", remedy=f"Methods: auto, {', '.join(names())}.")
    fit: Callable[[FitJob], Fitted] = import_module(f"{__name__}.{name}").fit
    return fit
