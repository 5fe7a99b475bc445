"""Real handlers that the job tests run in child processes; imported there by name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import InvalidInput, Unavailable
from core.ports import Progress
from core.settings import Settings


@contextmanager
def open_services(settings: Settings) -> Iterator[Settings]:
    yield settings


def add(services: Settings, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    sys.stdout.write("a library that prints must not break the channel\n")
    progress(0.5, "half way")
    return {
        "sum": payload["a"] + payload["b"],
        "tenant": payload["tenant"],
        "threads": os.environ["OMP_NUM_THREADS"],
    }


def refuse(services: Settings, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    raise InvalidInput("Row 7 has no text.", remedy="Fill it.")


def stumble(services: Settings, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    raise ValueError("quotes the user's own words: secret-text")


def busy(services: Settings, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    raise Unavailable("The outside system does not answer.")


def die(services: Settings, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def die_twice(services: Settings, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Die at the first two tries, as under memory pressure that passes."""
    with Path(payload["marks"]).open("a") as file:
        file.write("x")
    if Path(payload["marks"]).stat().st_size < 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"tries": Path(payload["marks"]).stat().st_size}


def linger(services: Settings, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Start a grandchild, say so, and wait to be stopped."""
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(payload["pids"]).write_text(f"{os.getpid()} {grandchild.pid}")
    progress(0.1, "waiting")
    time.sleep(600)
    return {}


def steps(services: Settings, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Work in small steps, so that a kill can hit any of them."""
    for step in range(20):
        progress(step / 20, f"step {step}")
        time.sleep(0.01)
    return {"steps": 20}
