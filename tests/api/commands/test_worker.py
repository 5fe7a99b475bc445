"""`colonnade worker` as a process of its own: it runs what is queued, and a signal ends it in good order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from api.bootstrap import open_storage
from core.jobs.clock import SystemClock
from core.jobs.queue import Jobs
from core.security.tenants import Tenants
from core.settings import Settings
from core.storage.engine import Storage

PATIENCE = 90.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache", threads=1, datasets=None)


@pytest.fixture
def storage(settings: Settings) -> Iterator[Storage]:
    with open_storage(settings) as opened:
        Tenants(opened).ensure("acme", actor="test")
        yield opened


@contextmanager
def _worker(settings: Settings, notes: Path) -> Iterator[subprocess.Popen[bytes]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COLONNADE_")}
    ours = {"COLONNADE_DATA": str(settings.data), "COLONNADE_CACHE": str(settings.cache)}
    with notes.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "worker"],
            cwd=Path(__file__).resolve().parents[3],
            env={**kept, **ours, "COLONNADE_THREADS": "1"},
            stderr=stderr,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _finished(jobs: Jobs, job_id: str, notes: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while (job := jobs.get("acme", job_id)).finished_at is None:
        assert time.monotonic() < deadline, notes.read_text()
        time.sleep(0.05)
    return job.state


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_what_is_queued_and_ends_at_a_signal(
    settings: Settings, storage: Storage, tmp_path: Path, number: signal.Signals
) -> None:
    jobs, notes = Jobs(storage, SystemClock()), tmp_path / "notes"
    job_id = jobs.submit("acme", "finance.watch", {}, actor="test")
    with _worker(settings, notes) as process:
        assert _finished(jobs, job_id, notes) == "succeeded"
        later = jobs.submit("acme", "finance.watch", {}, actor="test")  # no bell rings in another process
        assert _finished(jobs, later, notes) == "succeeded"
        assert len(list((settings.data / "workers").iterdir())) == 1
        process.send_signal(number)
        assert process.wait(60) == 0
    assert "Waiting for jobs" in notes.read_text()
    assert "Traceback" not in notes.read_text()
    assert list((settings.data / "workers").iterdir()) == [], "it gave up what it held"
