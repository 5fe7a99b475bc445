"""`colonnade models starters`: the models that every tenant starts with."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from cyclopts import Parameter

from api.bootstrap import Container, build, limit_threads
from api.terminal import notes, progress
from core.errors import Unavailable
from core.ports import Progress
from core.settings import Settings
from core.training.recipe import Task
from core.vertical import Vertical

_PAUSE = 5.0
"""Seconds between two lines of progress in a log."""


@contextmanager
def told() -> Iterator[Progress]:
    """Yield a Progress: a bar on a terminal, a line now and then in a log."""
    if notes().is_terminal:
        with progress() as move:
            yield move
        return
    due = time.monotonic() + _PAUSE

    def tell(share: float, line: str) -> None:
        nonlocal due
        if time.monotonic() >= due:
            notes().print(f"      {share:4.0%} {line}", markup=False)
            due = time.monotonic() + _PAUSE

    yield tell


def starter_tasks(verticals: tuple[Vertical, ...]) -> list[Task]:
    """Return the tasks that are served from the start."""
    return [task for vertical in verticals if vertical.finished for task in vertical.tasks]


def train_in_child(container: Container) -> None:
    """Train what is missing, in a child: the gigabytes that training takes go back when it ends.

    Raises:
        Unavailable: the child failed; it has said why.
    """
    from core.training.starter import pending

    if not pending(starter_tasks(container.verticals), container.settings, container.versions):
        return
    command = [sys.executable, "-m", "api.cli", "models", "starters", "--until-stdin-closes"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:  # the pipe closes when we end, however
        code = child.wait()
    if code != 0:
        raise Unavailable("The starter models were not trained.", remedy="Mend what stands above.")


def _end_with_stdin() -> None:
    # Past Python's own buffer: the interpreter cannot end while a thread holds that buffer's lock in a read.
    while os.read(0, 1):
        pass
    os._exit(1)


def starters(*, until_stdin_closes: Annotated[bool, Parameter(show=False, negative="")] = False) -> None:
    """Train the starter models that are missing or whose examples or recipe changed.

    Args:
        until_stdin_closes: End when standard input does: whoever started this is gone.
    """
    if until_stdin_closes:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    settings = Settings()
    limit_threads(settings)
    container = build(settings)
    try:
        with told() as move:
            from core.training.starter import ensure

            ensure(starter_tasks(container.verticals), settings, container.versions, move)
    finally:
        container.close()
