"""A training job has its effect once, however often it runs: the model is not trained and added again."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.models.versions import CANDIDATE, PRODUCTION, Version, Versions
from core.settings import Settings
from core.storage.engine import Storage
from core.training import trainer
from core.training.job import run

GOOD = ("profit rose", "sales grew", "orders jumped", "margins improved", "a record year", "costs fell")
BAD = ("loss widened", "sales shrank", "orders fell away", "margins sank", "a poor year", "debt grew")


@dataclass(frozen=True)
class Services:
    settings: Settings
    storage: Storage


@dataclass
class Passes:
    """Counts how often an encoder is opened for training; it is the real one that opens."""

    opened: int = 0


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Passes:
    count, real = Passes(), trainer.load_encoder

    def counted(name: str, settings: Settings) -> object:
        count.opened += 1
        return real(name, settings)

    monkeypatch.setattr(trainer, "load_encoder", counted)
    return count


@pytest.fixture
def services(tiny_settings: Settings, sqlite_storage: Storage) -> Services:
    return Services(tiny_settings, sqlite_storage)


@pytest.fixture
def payload(tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "rows.csv"
    rows = [
        f"{text} in {year},{label}"
        for year in range(5)
        for label, texts in (("good", GOOD), ("bad", BAD))
        for text in texts
    ]
    path.write_text("\n".join(["text,label", *rows]) + "\n")
    return {
        "tenant": "demo",
        "task": "my.own",
        "dataset_path": str(path),
        "method": "head",
        "recipe": {"encoder": "tiny"},
        "job_id": "j-1",
        "force": True,
    }


def _train(services: Services, payload: dict[str, Any]) -> dict[str, Any]:
    report = run(services, payload, lambda _share, _line: None)
    return json.loads(json.dumps(report))


def _versions(services: Services) -> list[Version]:
    return list(Versions(services.storage, services.settings.data).list("demo", "my.own"))


def test_the_same_job_trains_once(services: Services, payload: dict[str, Any], passes: Passes) -> None:
    first = _train(services, payload)
    assert passes.opened == 1

    second = _train(services, payload)

    assert second == first
    assert passes.opened == 1, "the second run made an encoder pass"
    assert [version.id for version in _versions(services)] == [first["model"]]
    assert _versions(services)[0].manifest.card["job"] == "j-1"


def test_another_job_trains_anew(services: Services, payload: dict[str, Any], passes: Passes) -> None:
    first = _train(services, payload)
    second = _train(services, {**payload, "job_id": "j-2"})
    other = _train(services, {**payload, "tenant": "other"})

    assert len({first["model"], second["model"], other["model"]}) == 3
    assert passes.opened == 3


_KILLED = """
import json, os, signal, sys
from core.models.versions import Versions
from core.settings import Settings
from core.storage.engine import Storage
from core.training.job import run

values, url, payload, step = json.loads(sys.stdin.read())
settings = Settings(**values)
setattr(Versions, step, lambda *_args, **_options: os.kill(os.getpid(), signal.SIGKILL))

class Services:
    pass

services = Services()
services.settings, services.storage = settings, Storage.open(url)
run(services, payload, lambda _share, _line: None)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("step", "left"), [("add", []), ("promote", [CANDIDATE])])
def test_what_a_killed_run_left_is_completed_and_not_repeated(
    services: Services,
    payload: dict[str, Any],
    passes: Passes,
    root: Path,
    sqlite_url: str,
    step: str,
    left: list[str],
) -> None:
    values = services.settings.model_dump(mode="json", include={"data", "cache", "threads", "device"})
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED],
        input=json.dumps([values, sqlite_url, payload, step]),
        cwd=root,
        text=True,
        capture_output=True,
    )
    assert killed.returncode == -9, killed.stderr
    assert [version.stage for version in _versions(services)] == left

    report = _train(services, payload)

    assert passes.opened == 0
    assert [(version.id, version.stage) for version in _versions(services)] == [(report["model"], PRODUCTION)]
    assert report["promoted"]


def test_a_repeated_run_does_not_undo_what_people_decided_since(
    services: Services, payload: dict[str, Any]
) -> None:
    first = _train(services, payload)
    later = _train(services, {**payload, "job_id": "j-2"})

    assert _train(services, payload) == first

    serving = Versions(services.storage, services.settings.data).production("demo", "my.own")
    assert serving is not None
    assert serving.id == later["model"]


def test_a_broken_artefact_of_somebody_else_stops_no_job(services: Services, payload: dict[str, Any]) -> None:
    broken = services.settings.data / "models" / "demo" / "m-broken"
    broken.mkdir(parents=True)
    (broken / "manifest.json").write_text("{")

    assert _train(services, payload)["task"] == "my.own"
