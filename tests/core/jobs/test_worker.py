"""The worker with real child processes: results, refusals, crashes, cancelling, stopping, a dead server."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import func, select

from core.errors import PluginError
from core.jobs.backoff import Backoff
from core.jobs.clock import SystemClock
from core.jobs.lease import Leases
from core.jobs.queue import Jobs, JobView
from core.jobs.wire import Spec, path_of, settings_values
from core.jobs.worker import Worker
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.tables import OutboxEvent
from tests.core.jobs import job_handlers

HANDLERS = {
    name: path_of(getattr(job_handlers, name))
    for name in ("add", "refuse", "stumble", "busy", "die", "die_twice", "linger", "steps")
}
ROUNDS = int(os.environ.get("COLONNADE_TORTURE_ROUNDS", "20"))
PATIENCE = 60.0


def _worker(settings: Settings, storage: Storage, *, lease: float = 30.0) -> Worker:
    leases = Leases(storage, SystemClock(), seconds=lease, backoff=Backoff(first=0.02))
    return Worker(
        leases, settings, handlers=HANDLERS, services=path_of(job_handlers.open_services), poll=0.05
    )


@contextmanager
def _running(worker: Worker) -> Iterator[Worker]:
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
        assert not worker.alive


@pytest.fixture
def jobs(storage: Storage) -> Jobs:
    return Jobs(storage, SystemClock())


@pytest.fixture
def worker(settings: Settings, storage: Storage) -> Iterator[Worker]:
    with _running(_worker(settings, storage)) as running:
        yield running


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)


def _ended(jobs: Jobs, job_id: str) -> JobView:
    _until(lambda: jobs.get("a", job_id).finished_at is not None, f"the end of {job_id}")
    return jobs.get("a", job_id)


def _events(storage: Storage, topic: str) -> int:
    with storage.read("a") as session:
        return (
            session.scalar(select(func.count()).select_from(OutboxEvent).where(OutboxEvent.topic == topic))
            or 0
        )


def _gone(pids: Sequence[int]) -> bool:
    return all(map(_ended_or_zombie, pids))


def _ended_or_zombie(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_a_job_runs_in_a_child_and_its_result_is_kept(jobs: Jobs, worker: Worker) -> None:
    job = _ended(jobs, jobs.submit("a", "add", {"a": 2, "b": 40}))

    assert job.state == "succeeded"
    assert job.result == {"sum": 42, "tenant": "a", "threads": "1"}
    assert job.percent == 100
    assert list(job.log) == ["half way"]


def test_an_error_of_ours_fails_the_job_at_once_with_its_mend(jobs: Jobs, worker: Worker) -> None:
    job = _ended(jobs, jobs.submit("a", "refuse", {}))

    assert (job.state, job.tries) == ("failed", 1)
    assert job.error is not None
    assert (job.error["slug"], job.error["detail"]) == ("invalid-input", "Row 7 has no text.")
    assert job.error["remedy"] == "Fill it."


def test_an_unexpected_error_fails_the_job_and_quotes_nothing(jobs: Jobs, worker: Worker) -> None:
    job = _ended(jobs, jobs.submit("a", "stumble", {}))

    assert job.error is not None
    assert "ValueError" in job.error["detail"]
    assert "secret-text" not in str(job)


def test_what_may_work_later_is_tried_five_times(jobs: Jobs, worker: Worker) -> None:
    job = _ended(jobs, jobs.submit("a", "busy", {}))

    assert (job.state, job.tries) == ("failed", 5)


def test_a_child_that_is_killed_each_time_fails_with_the_signal_and_the_next_job_runs(
    jobs: Jobs, worker: Worker
) -> None:
    poison, next_one = jobs.submit("a", "die", {}), jobs.submit("a", "add", {"a": 1, "b": 1})

    job = _ended(jobs, poison)
    assert (job.state, job.tries) == ("failed", 5)
    assert job.error is not None
    assert "SIGKILL" in job.error["detail"]
    assert _ended(jobs, next_one).state == "succeeded"


def test_a_child_that_is_killed_twice_succeeds_at_the_third_try(
    jobs: Jobs, worker: Worker, tmp_path: Path
) -> None:
    job = _ended(jobs, jobs.submit("a", "die_twice", {"marks": str(tmp_path / "marks")}))

    assert (job.state, job.tries, job.result) == ("succeeded", 3, {"tries": 3})


def _lingering(jobs: Jobs, tmp_path: Path) -> tuple[str, list[int]]:
    """Submit a job that never ends; return it with the ids of its process and grandchild."""
    noted = tmp_path / "pids"
    job_id = jobs.submit("a", "linger", {"pids": str(noted)})
    _until(lambda: noted.is_file() and len(noted.read_text().split()) == 2, "the job's start")
    return job_id, [int(pid) for pid in noted.read_text().split()]


def test_cancelling_ends_the_whole_process_group(
    settings: Settings, storage: Storage, jobs: Jobs, tmp_path: Path
) -> None:
    with _running(_worker(settings, storage, lease=3.0)):
        job_id, pids = _lingering(jobs, tmp_path)
        jobs.cancel("a", job_id)

        _until(lambda: _gone(pids), "the end of child and grandchild")
        assert jobs.get("a", job_id).state == "cancelled"
        assert _ended(jobs, jobs.submit("a", "add", {"a": 1, "b": 1})).state == "succeeded"


def test_stopping_the_worker_queues_its_job_again_and_leaves_no_process(
    settings: Settings, storage: Storage, jobs: Jobs, tmp_path: Path
) -> None:
    with _running(_worker(settings, storage)):
        job_id, pids = _lingering(jobs, tmp_path)

    assert _gone(pids)
    assert (jobs.get("a", job_id).state, jobs.get("a", job_id).tries) == ("queued", 0)
    assert list((settings.data / "workers").iterdir()) == []


_SERVER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.core.jobs import test_worker
from core.settings import Settings
from core.storage.engine import Storage
settings = Settings(data=Path(sys.argv[1]), threads=1, datasets=None)
with Storage.open(settings.resolved_database_url) as storage:
    test_worker._worker(settings, storage).run()
"""


def test_a_killed_server_takes_its_jobs_process_along_and_the_next_one_runs_the_job_at_once(
    settings: Settings, storage: Storage, jobs: Jobs, tmp_path: Path
) -> None:
    checkout = str(Path(__file__).parents[3])
    server = subprocess.Popen([sys.executable, "-c", _SERVER, str(settings.data), checkout])
    try:
        job_id, pids = _lingering(jobs, tmp_path)
    finally:
        server.kill()
        server.wait()
    _until(lambda: _gone(pids), "the end of the orphans")
    assert jobs.get("a", job_id).state == "running"

    (tmp_path / "pids").unlink()
    with _running(_worker(settings, storage)):  # its lease is longer than the patience of this test
        _until(lambda: (tmp_path / "pids").is_file(), "the second run")
        assert jobs.get("a", job_id).tries == 2


@pytest.mark.torture
def test_kill_9_at_any_moment_neither_loses_nor_doubles_a_job(
    storage: Storage, jobs: Jobs, worker: Worker
) -> None:
    """reliability.md item 16: each round kills the child once, at a moment drawn at random."""
    chance = random.Random(16)
    killed = 0
    for _ in range(ROUNDS):
        job_id = jobs.submit("a", "steps", {})
        _until(lambda: worker.child_pid is not None, "the child")
        time.sleep(chance.uniform(0.0, 0.9))
        pid = worker.child_pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            killed += 1
        job = _ended(jobs, job_id)
        assert (job.state, job.result) == ("succeeded", {"steps": 20}), job
        _until(lambda: worker.child_pid is None, "the end of the child")

    assert killed > ROUNDS / 2
    assert _events(storage, "job.succeeded") == ROUNDS
    assert _events(storage, "job.failed") == 0


def test_a_handler_must_be_importable_by_name() -> None:
    with pytest.raises(PluginError):
        path_of(lambda: None)


def test_settings_reach_the_child_whole_and_secrets_stay_out_of_the_environment(settings: Settings) -> None:
    given = Settings(data=settings.data, secret="s3cret", database_url="sqlite:////tmp/x.db")

    values = Spec.from_line(Spec("h:h", "s:s", settings_values(given), {}).to_line()).settings

    assert Settings(**values) == given
    assert values["secret"] == "s3cret"
