"""A system brought up by `colonnade up`, once for all tests that need the real starters."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parent.parent
_TESTS, _GOLDEN = "tests/docs/test_", "/test_golden.py"
"""Where the tests of the system are."""
PATIENCE = 3600
"""Seconds for a start from nothing, starter models included, on two busy cores."""


@dataclass(frozen=True)
class System:
    """A running system.

    Attributes:
        base: Where it answers.
        said: What it printed on standard output until it was ready.
        environment: The variables that a reader of the documents has in both terminals.
    """

    base: str
    said: str
    environment: dict[str, str]


def environment(data: Path) -> dict[str, str]:
    """This machine's environment, with state of its own and our programs first on the path."""
    ours = {"COLONNADE_DATA": str(data), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return {**os.environ, **ours, "PYTHONUNBUFFERED": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def bring_up(data: Path, log: Path) -> tuple[subprocess.Popen[bytes], System]:
    """Run `colonnade up` until it has printed its lines.

    Raises:
        AssertionError: it ended, or said nothing for PATIENCE seconds.
    """
    port, env = free_port(), environment(data)
    with log.with_suffix(".out").open("wb") as out, log.with_suffix(".err").open("wb") as err:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("colonnade"), "up", "--port", str(port)],
            cwd=ROOT,
            env=env,
            stdout=out,
            stderr=err,
        )
    give_up = time.monotonic() + PATIENCE
    while "Ctrl-C stops" not in (said := log.with_suffix(".out").read_text(encoding="utf-8")):
        if process.poll() is not None or time.monotonic() > give_up:
            process.kill()
            process.wait()
            raise AssertionError(
                f"colonnade up: {said}{log.with_suffix('.err').read_text(encoding='utf-8')[-4000:]}"
            )
        time.sleep(0.2)
    return process, System(f"http://127.0.0.1:{port}", said, env)


def stop(process: subprocess.Popen[bytes]) -> int:
    """Press Ctrl-C and return the exit code."""
    process.send_signal(signal.SIGINT)
    try:
        return process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def key_in(said: str) -> str:
    """The API key among what `up` printed."""
    found = re.search(r"col_live_\w+", said)
    assert found is not None, said
    return found[0]


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The running system; its state is what a first `make up` makes."""
    folder = tmp_path_factory.mktemp("system")
    process, up = bring_up(folder / "data", folder / "up")
    yield up
    stop(process)


class _OneSystem(LoadScopeScheduling):
    """Hands out tests one by one, but those of the system all to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return "system" if nodeid.startswith(_TESTS) or _GOLDEN in nodeid else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Train the starters once, however many processes test."""
    return _OneSystem(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test of the system where the processes would not share it."""
    for item in items:
        if "system" in getattr(item, "fixturenames", ()) and not (
            item.nodeid.startswith(_TESTS) or _GOLDEN in item.nodeid
        ):
            raise pytest.UsageError(f"{item.nodeid}: tests of the system belong into {_TESTS} or {_GOLDEN}.")
