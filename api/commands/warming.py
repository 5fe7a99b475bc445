"""Loads the starter models behind a server that answers already: nobody's first request waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.bootstrap import Container
from api.commands.starters import starter_tasks
from core.errors import ColonnadeError
from core.observability.logs import get_logger
from core.records import Example
from core.storage.tenancy import SHARED

_log = get_logger(__name__)


@contextmanager
def warming(container: Container) -> Iterator[Callable[[], None]]:
    """Yield what begins to load them, once; at the end wait for the model that is being loaded."""
    over = threading.Event()
    thread = threading.Thread(target=_warm, args=(container, over), name="warming", daemon=True)
    try:
        yield thread.start
    finally:
        over.set()
        if thread.ident is not None:
            thread.join()  # an interpreter that ends while a library loads in a thread aborts


def _warm(container: Container, over: threading.Event) -> None:
    for task in starter_tasks(container.verticals):
        if over.is_set():
            return
        try:
            container.predictor.predict(SHARED, [task.name], [Example("warm")])
        except ColonnadeError as error:  # whoever asks for it is told what to do
            _log.info("models.not_loaded", task=task.name, error=error.slug)
