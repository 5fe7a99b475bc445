"""Starts processes of `live_child`, and waits for what they do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from core.delivery.channels import Channels
from core.settings import Settings
from tests.verticals.finance.alert_desk import Alerting
from tests.verticals.finance.desk import Desk

ROOT = Path(__file__).resolve().parents[3]
Found = TypeVar("Found")
PATIENCE = 90.0
LOOPBACK = "127.0.0.0/8"


def until(condition: Callable[[], Found], what: str, *, every: float = 0.05) -> Found:
    """Wait until something is true, and return it."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(every)
    return found


class Child:
    """A process of `live_child` that has said that it is ready."""

    def __init__(self, role: str, data: Path, **variables: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COLONNADE_")}
        ours = {
            "COLONNADE_DATA": str(data),
            "COLONNADE_CACHE": str(data / "cache"),
            "COLONNADE_LOG_LEVEL": "ERROR",
            "COLONNADE_THREADS": "1",
            "COLONNADE_ALLOW_PRIVATE_ADDRESSES": LOOPBACK,
        }
        command = [sys.executable, "-W", "error", "-m", "tests.verticals.finance.live_child", role]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**kept, **ours, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        heard = self.hear()
        if heard != "ready":
            self.end()
            raise AssertionError(f"it said {heard}; see its standard error")

    def hear(self) -> Any:
        """Return the next thing it says; None at its end."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return json.loads(line) if line.endswith("\n") else None

    def tell(self, thing: object) -> None:
        """Write a line to it."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{json.dumps(thing)}\n")
        self.process.stdin.flush()

    def end(self) -> None:
        """Kill it, if it still runs, and clear up."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        assert self.process.stdin is not None
        self.process.stdout.close()
        with suppress(BrokenPipeError):  # what was not written when it was killed
            self.process.stdin.close()


@contextmanager
def child(role: str, data: Path, **variables: str) -> Iterator[Child]:
    """Run a process of `live_child`; killed at the end."""
    running = Child(role, data, **variables)
    try:
        yield running
    finally:
        running.end()


def reaching(data: Path) -> Settings:
    """Return settings that let notices reach this machine."""
    values: dict[str, Any] = {"allow_private_addresses": LOOPBACK}
    return Settings(data=data, cache=data / "cache", **values)


def tell_of_each_topic(desk: Desk, url: str) -> None:
    """Make the desk's one rule: a story about a topic is told to a receiver."""
    services = desk.services
    channels = Channels(services.storage, reaching(services.settings.data), services.clock)
    channel = channels.put(desk.tenant, "webhook", "hook", {"url": url}, rate_per_minute=600, actor="test")
    Alerting(desk).rule(each="topic", measure="count", at_least=1, window="1d", channels=(channel.id,))
