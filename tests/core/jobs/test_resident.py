"""Jobs inside the worker's own process: quick, beside the heavy ones, stopped, cancelled, killed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.errors import InvalidInput, Unavailable
from core.jobs.backoff import Backoff
from core.jobs.bell import Bell
from core.jobs.clock import SystemClock
from core.jobs.lease import Leases
from core.jobs.queue import Jobs
from core.jobs.resident import Handler
from core.jobs.wire import path_of
from core.jobs.worker import Worker
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.tables import OutboxEvent
from tests.core.jobs import job_handlers
from tests.core.jobs.resident_handlers import STEPS

ROUNDS = int(os.environ.get("COLONNADE_TORTURE_ROUNDS", "20"))
PATIENCE = 60.0
ROOT = Path(__file__).parents[3]


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)


@contextmanager
def _running(
    settings: Settings, storage: Storage, bell: Bell, lease: float = 30.0, **residents: Handler
) -> Iterator[Worker]:
    worker = Worker(
        Leases(storage, SystemClock(), seconds=lease, backoff=Backoff(first=0.02)),
        settings,
        handlers={"linger": path_of(job_handlers.linger)},
        services=path_of(job_handlers.open_services),
        residents=[residents],
        resident_services="the services",
        bell=bell,
        poll=0.05,
    )
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
        assert not worker.alive


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def jobs(storage: Storage, bell: Bell) -> Jobs:
    return Jobs(storage, SystemClock(), bell)


def _ended(jobs: Jobs, job_id: str) -> Any:
    _until(lambda: jobs.get("a", job_id).finished_at is not None, f"the end of {job_id}")
    return jobs.get("a", job_id)


def test_it_runs_here_with_the_services_that_are_there(
    settings: Settings, storage: Storage, jobs: Jobs, bell: Bell
) -> None:
    def light(services, payload, progress):
        progress(0.5, "half way")
        return {"services": services, "pid": os.getpid(), "x": payload["x"], "tenant": payload["tenant"]}

    with _running(settings, storage, bell, light=light):
        job = _ended(jobs, jobs.submit("a", "light", {"x": 1}))
    assert job.result == {"services": "the services", "pid": os.getpid(), "x": 1, "tenant": "a"}
    assert (job.state, job.percent, list(job.log)) == ("succeeded", 100, ["half way"])


def test_it_does_not_wait_for_a_heavy_job(
    settings: Settings, storage: Storage, jobs: Jobs, bell: Bell, tmp_path: Path
) -> None:
    with _running(settings, storage, bell, light=lambda _s, _p, _t: {}):
        heavy = jobs.submit("a", "linger", {"pids": str(tmp_path / "pids")})
        _until(lambda: (tmp_path / "pids").is_file(), "the heavy job's start")
        ids = [jobs.submit("a", "light", {}) for _ in range(20)]
        assert {_ended(jobs, job).state for job in ids} == {"succeeded"}
        assert jobs.get("a", heavy).state == "running"


def test_errors_end_the_job_or_bring_it_back_as_in_a_child(
    settings: Settings, storage: Storage, jobs: Jobs, bell: Bell
) -> None:
    tried: Counter[str] = Counter()

    def refuse(_services, payload, _progress):
        raise InvalidInput("Row 7 has no text.")

    def stumble(_services, payload, _progress):
        raise ValueError("secret-text")

    def recover(_services, payload, _progress):
        tried["recover"] += 1
        if tried["recover"] < 3:
            raise Unavailable("Not yet.", retry_after=0)
        return {}

    with _running(settings, storage, bell, refuse=refuse, stumble=stumble, recover=recover):
        refused, stumbled, recovered = (
            _ended(jobs, jobs.submit("a", kind, {})) for kind in ("refuse", "stumble", "recover")
        )
    assert (refused.state, refused.tries, refused.error["detail"]) == ("failed", 1, "Row 7 has no text.")
    assert stumbled.state == "failed"
    assert "secret-text" not in str(stumbled)
    assert (recovered.state, recovered.tries) == ("succeeded", 3)


def test_stopping_the_worker_breaks_a_job_off_and_queues_it_again(
    settings: Settings, storage: Storage, jobs: Jobs, bell: Bell
) -> None:
    begun = threading.Event()

    def endless(_services, _payload, progress):
        while True:
            progress(0.1, "")
            begun.set()
            time.sleep(0.01)

    with _running(settings, storage, bell, endless=endless):
        job = jobs.submit("a", "endless", {})
        assert begun.wait(PATIENCE)
    assert (jobs.get("a", job).state, jobs.get("a", job).tries) == ("queued", 0)


def test_cancelling_breaks_a_job_off_and_the_next_one_runs(
    settings: Settings, storage: Storage, jobs: Jobs, bell: Bell
) -> None:
    begun, unwound = threading.Event(), threading.Event()

    def endless(_services, _payload, progress):
        try:
            while True:
                progress(0.1, "")
                begun.set()
                time.sleep(0.01)
        finally:
            unwound.set()

    with _running(settings, storage, bell, lease=0.9, endless=endless, light=lambda _s, _p, _t: {}):
        job = jobs.submit("a", "endless", {})
        assert begun.wait(PATIENCE)
        jobs.cancel("a", job)
        assert unwound.wait(PATIENCE)
        assert _ended(jobs, jobs.submit("a", "light", {})).state == "succeeded"
    assert jobs.get("a", job).state == "cancelled"


def test_a_job_longer_than_its_lease_is_kept_without_any_progress(
    settings: Settings, storage: Storage, jobs: Jobs, bell: Bell
) -> None:
    runs: list[int] = []

    def long(_services, payload, _progress):
        runs.append(payload["try"])
        time.sleep(1.5)
        return {}

    with (
        _running(settings, storage, bell, lease=0.6, long=long),
        _running(settings, storage, bell, lease=0.6, long=long),
    ):
        assert _ended(jobs, jobs.submit("a", "long", {})).state == "succeeded"
    assert runs == [1]


def _start(settings: Settings) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.core.jobs.resident_handlers", str(settings.data)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


@pytest.mark.slow
@pytest.mark.torture
def test_kill_9_of_the_worker_at_any_moment_does_each_effect_exactly_once(
    settings: Settings, storage: Storage, jobs: Jobs
) -> None:
    """reliability.md item 16, with the whole worker killed in each round."""
    chance = random.Random(16)
    ids = [jobs.submit("a", "effects", {}) for _ in range(10 * ROUNDS)]
    broken_off = 0
    for _ in range(ROUNDS):
        process = _start(settings)
        time.sleep(chance.uniform(0.05, 0.4))
        _end(process)
        broken_off += bool(jobs.list("a", state="running"))

    process = _start(settings)
    try:
        _until(lambda: not jobs.list("a", state="queued", limit=1), "the rest of the queue")
        for job_id in ids:
            assert _ended(jobs, job_id).state == "succeeded"
    finally:
        _end(process)
    with storage.read("a") as session:
        events = session.scalars(select(OutboxEvent).where(OutboxEvent.topic == "toy.effect")).all()
        done = Counter((event.payload["job"], event.payload["step"]) for event in events)
    assert done == Counter((job_id, step) for job_id in ids for step in range(STEPS))
    assert broken_off > ROUNDS / 4


def test_what_stands_beside_and_what_ticks_starts_and_ends_with_the_worker(
    settings: Settings, storage: Storage
) -> None:
    seen: list[str] = []
    ticked = threading.Event()

    def beside(stop: threading.Event) -> None:
        seen.append("begins")
        stop.wait()
        seen.append("ends")

    def tick() -> None:
        ticked.set()
        raise Unavailable("The database is away for a moment.")

    leases = Leases(storage, SystemClock())
    worker = Worker(leases, settings, handlers={}, services="", beside=[beside], ticks=[tick], tick=0.01)
    worker.start()
    assert ticked.wait(PATIENCE)
    ticked.clear()
    assert ticked.wait(PATIENCE)  # trouble in one tick does not end the next
    assert worker.alive
    worker.stop()
    assert seen == ["begins", "ends"]
