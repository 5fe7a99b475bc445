"""kill −9 while training and no room to publish: what served before serves on, nothing half is listed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.errors import StorageFull
from core.inference.classifier import EncoderPool, open_classifier
from core.models.artefacts import load_manifest
from core.models.versions import Versions
from core.settings import Settings
from core.storage.engine import Storage
from core.training.recipe import Recipe, Task
from core.training.run import TrainingRequest, run_training
from tests.core.training import toy

ROUNDS = int(os.environ.get("COLONNADE_TORTURE_ROUNDS", "20"))

pytestmark = pytest.mark.slow


@dataclass
class Trainings:
    """The process that forks trainings, and what they train with."""

    process: subprocess.Popen[str]
    order: dict[str, str]
    seconds: list[float] = field(default_factory=list)

    def run(self, method: str = "full", *, limit: int = 0, kill_after: float | None = None) -> int:
        """Train once; return the exit code, −9 where it was killed in time."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({**self.order, "method": method, "limit": limit}) + "\n")
        self.process.stdin.flush()
        child, started = int(self.process.stdout.readline()), time.monotonic()
        if kill_after is not None:
            time.sleep(kill_after)
            with suppress(ProcessLookupError):  # it may have ended
                os.kill(child, signal.SIGKILL)
        status = int(self.process.stdout.readline())
        self.seconds.append(time.monotonic() - started)
        return os.waitstatus_to_exitcode(status)


@pytest.fixture(scope="module")
def server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """The process that forks trainings."""
    log = tmp_path_factory.mktemp("server") / "stderr"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "tests.core.training.training_server"],
            cwd=root,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", log.read_text()
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    toy.frame(toy.single()).to_csv(tmp_path / "mood.csv", index=False)
    return tmp_path / "mood.csv"


@pytest.fixture
def versions(sqlite_storage: Storage, tiny_settings: Settings) -> Versions:
    return Versions(sqlite_storage, tiny_settings.data)


@pytest.fixture
def trainings(
    server: subprocess.Popen[str], file: Path, tiny_settings: Settings, sqlite_url: str
) -> Trainings:
    return Trainings(
        server,
        {
            "file": str(file),
            "data": str(tiny_settings.data),
            "cache": str(tiny_settings.cache),
            "url": sqlite_url,
        },
    )


def _listed_are_whole(settings: Settings, versions: Versions) -> str:
    """Check everything that is listed or lies published; return what serves."""
    listed = versions.list("demo")
    for version in listed:
        assert load_manifest(version.path).id == version.id
    folder = settings.data / "models" / "demo"
    for path in folder.iterdir():
        if path.is_dir() and not path.name.startswith("."):
            assert load_manifest(path).id == path.name
    serving = [version for version in listed if version.stage == "production"]
    assert len(serving) == 1
    return serving[0].id


@pytest.mark.torture
def test_a_kill_at_any_moment_leaves_what_serves(
    trainings: Trainings, tiny_settings: Settings, versions: Versions
) -> None:
    assert trainings.run("head") == 0
    assert trainings.run("full") == 0
    whole = trainings.seconds[-1]
    serving = _listed_are_whole(tiny_settings, versions)
    rng = random.Random(13)
    killed = 0

    for number in range(ROUNDS):
        # Half of the kills fall into the end, where it is measured, published, staged and promoted.
        low = 0.0 if number % 2 else 0.6
        ended = trainings.run("full", kill_after=whole * rng.uniform(low, 1.05))
        assert ended in (0, -signal.SIGKILL)
        now = _listed_are_whole(tiny_settings, versions)
        if ended == -signal.SIGKILL:
            killed += 1
            if now != serving:  # it died behind its last step
                assert versions.get("demo", now).parent == serving
        serving = now

    assert killed > ROUNDS / 3
    production = versions.production("demo", "toy.mood")
    assert production is not None
    assert open_classifier(production.path, EncoderPool(tiny_settings)).manifest.id == serving
    assert trainings.run("head") == 0
    assert _listed_are_whole(tiny_settings, versions) != serving
    assert not list((tiny_settings.data / "models" / "demo").glob(".part-*")), "leftovers of the dead stay"


def test_a_file_that_may_not_grow_publishes_nothing(
    trainings: Trainings, tiny_settings: Settings, versions: Versions
) -> None:
    assert trainings.run("head") == 0
    serving = _listed_are_whole(tiny_settings, versions)

    assert trainings.run("full", limit=100_000) == 7

    assert _listed_are_whole(tiny_settings, versions) == serving
    assert len(versions.list("demo")) == 1
    assert not list((tiny_settings.data / "models" / "demo").glob(".part-*"))
    assert trainings.run("full") == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 kB; skipped where this process may not mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this process may not mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_publishes_nothing_and_recovers(
    small_disk: Path, file: Path, tiny_settings: Settings, sqlite_storage: Storage
) -> None:
    settings = tiny_settings.model_copy(update={"data": small_disk})
    versions = Versions(sqlite_storage, small_disk)

    def run(recipe: Recipe) -> None:
        request = TrainingRequest(Task("toy.mood", recipe=recipe), file, force=True)
        run_training(request, "demo", settings, versions, toy.silent, actor="test")

    run(toy.HEAD)
    serving = _listed_are_whole(settings, versions)
    with pytest.raises(StorageFull, match="nothing was published") as caught:
        run(toy.FULL)

    assert "Free some space" in caught.value.remedy
    assert _listed_are_whole(settings, versions) == serving
    assert len(versions.list("demo")) == 1
    run(toy.HEAD)
    assert _listed_are_whole(settings, versions) != serving
