"""Real model files, trained here on the tiny encoder, then damaged: the patient is answered all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.inference.classifier import EncoderPool
from core.inference.predictor import LocalPredictor
from core.models.artefacts import MANIFEST
from core.models.versions import Versions
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.tenancy import SHARED
from core.testing.clock import StandingClock
from core.training.recipe import Recipe, Task
from core.training.starter import ensure
from tests.verticals.medical.conftest import open_storage, services_over
from verticals.medical.intake import Complaint
from verticals.medical.recipe import DEPARTMENT, URGENCY
from verticals.medical.service import Medical, answer, build

pytestmark = pytest.mark.slow
CALM = Complaint("A small graze on the knee from yesterday, no pain, no fever.", lang="en")


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with open_storage(f"sqlite:///{tmp_path / 'colonnade.db'}") as opened:
        yield opened


def small(task: Task, folder: Path) -> Task:
    """The task on some rows of each of its starter files, by the tiny encoder."""
    files = []
    for path in task.starter:
        lines = path.read_text("utf-8").splitlines(keepends=True)
        files.append(folder / path.name)
        files[-1].write_text("".join(lines[:300]), "utf-8")
    return replace(task, starter=tuple(files), recipe=Recipe(method="head"))


def medical(storage: Storage, settings: Settings, folder: Path) -> Medical:
    """Nothing is loaded yet, as after a restart."""
    predictor = LocalPredictor(Versions(storage, settings.data), EncoderPool(settings))
    return build(services_over(storage, predictor, folder, StandingClock()))


def test_missing_and_damaged_files(storage: Storage, tiny_settings: Settings, tmp_path: Path) -> None:
    versions = Versions(storage, tiny_settings.data)
    before = answer(medical(storage, tiny_settings, tmp_path).triage("demo", CALM))
    assert before.faults == ["not-found"]
    tasks = [small(task, tmp_path) for task in (URGENCY, DEPARTMENT)]
    ensure(tasks, tiny_settings, versions, lambda share, line: None)
    sound = answer(medical(storage, tiny_settings, tmp_path).triage("demo", CALM))
    assert sound.faults == []
    assert set(sound.model) == {URGENCY.name, DEPARTMENT.name}
    serving = versions.production(SHARED, URGENCY.name)
    assert serving is not None
    [weights] = serving.path.glob("*.safetensors")
    whole = weights.read_bytes()
    for damaged in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:100], b""):
        weights.write_bytes(damaged)
        assert_safe(medical(storage, tiny_settings, tmp_path))
    weights.unlink()
    assert_safe(medical(storage, tiny_settings, tmp_path))
    weights.write_bytes(whole)
    assert answer(medical(storage, tiny_settings, tmp_path).triage("demo", CALM)).faults == []
    (serving.path / MANIFEST).unlink()
    assert_safe(medical(storage, tiny_settings, tmp_path))


def assert_safe(damaged: Medical) -> None:
    said = answer(damaged.triage("demo", CALM))
    assert said.urgency <= 2
    assert said.abstained
    assert said.faults
    assert said.review_id is not None
