"""A training job whose child process is killed with −9: tried again, and the serving model unchanged."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.bootstrap import Container, build
from core.models.artefacts import load_manifest
from core.settings import Settings
from tests.core.training import toy

PATIENCE = 180.0

pytestmark = pytest.mark.slow


@pytest.fixture
def container(tiny_settings: Settings) -> Iterator[Container]:
    built = build(tiny_settings, with_worker=True)
    assert built.worker is not None
    built.worker.start()
    yield built
    built.close()


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)


def test_a_killed_training_is_tried_again_and_what_serves_serves_on(
    container: Container, tiny_settings: Settings, tmp_path: Path
) -> None:
    worker, jobs, versions = container.worker, container.jobs, container.versions
    assert worker is not None
    toy.frame(toy.single()).to_csv(tmp_path / "rows.csv", index=False)

    def submit() -> str:
        payload = {
            "task": "toy.mood",
            "dataset_path": str(tmp_path / "rows.csv"),
            "method": "head",
            "force": True,
        }
        return jobs.submit("demo", "train", payload)

    first = submit()
    _until(lambda: jobs.get("demo", first).finished_at is not None, "the first training")
    assert jobs.get("demo", first).state == "succeeded", jobs.get("demo", first).error
    serving = versions.production("demo", "toy.mood")
    assert serving is not None

    second = submit()
    _until(lambda: jobs.get("demo", second).percent > 0, "progress of the second training")
    assert worker.child_pid is not None
    os.kill(worker.child_pid, signal.SIGKILL)
    still = versions.production("demo", "toy.mood")
    assert still is not None
    assert load_manifest(still.path).id == still.id

    _until(lambda: jobs.get("demo", second).finished_at is not None, "the second training")
    done = jobs.get("demo", second)
    assert (done.state, done.tries) == ("succeeded", 2), done.error
    assert done.result is not None
    now = versions.production("demo", "toy.mood")
    assert now is not None
    assert (now.id, now.parent) == (done.result["model"], serving.id)
    assert {load_manifest(version.path).id for version in versions.list("demo")} == {serving.id, now.id}
    assert not list((tiny_settings.data / "models" / "demo").glob(".part-*"))
