"""Medical on a database of its own, with models that say what a test wants."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.jobs.queue import Jobs
from core.ports import Predictor
from core.records import Example, Prediction
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.tables import Tenant
from core.storage.tenancy import SYSTEM
from core.testing.clock import StandingClock
from core.testing.encoder import FixedEncoder
from core.testing.postgres import postgres_server, postgres_url
from core.testing.storage import database_url, sqlite_url
from core.testing.weights import pretrained, tiny_settings
from core.vertical import Services
from verticals.medical import vertical
from verticals.medical.recipe import DEPARTMENT, DEPARTMENTS, URGENCIES, URGENCY
from verticals.medical.service import Medical, build

__all__ = ["database_url", "postgres_server", "postgres_url", "pretrained", "sqlite_url", "tiny_settings"]


def sure(labels: Sequence[str], label: str, model: str) -> Prediction:
    """A prediction that is almost certain."""
    rest = 0.04 / (len(labels) - 1)
    return Prediction((label,), 0.96, {each: 0.96 if each == label else rest for each in labels}, model)


class Saying:
    """A Predictor that says the same of every text, or fails as told, and remembers what it was asked."""

    def __init__(self, urgency: str = "5", department: str = DEPARTMENTS[1], version: str = "m-1") -> None:
        self.urgency, self.department, self.version = urgency, department, version
        self.fault: Callable[[], Prediction] | None = None
        self.asked: list[tuple[tuple[str, ...], tuple[str, ...], str | None]] = []

    def predict(
        self, tenant: str, tasks: Sequence[str], items: Sequence[Example], *, model: str | None = None
    ) -> Mapping[str, list[Prediction]]:
        self.asked.append((tuple(tasks), tuple(item.text for item in items), model))
        if self.fault is not None:
            return {task: [self.fault()] for task in tasks}
        said = {
            URGENCY.name: sure(URGENCIES, self.urgency, f"{self.version}-u"),
            DEPARTMENT.name: sure(DEPARTMENTS, self.department, f"{self.version}-d"),
        }
        return {task: [said[task]] * len(items) for task in tasks}


@dataclass
class Parts:
    """What a test works with."""

    services: Services
    medical: Medical
    predictor: Saying
    clock: StandingClock
    folder: Path


def open_storage(url: str) -> Storage:
    storage = Storage.open(url, migrations=[vertical.migrations] if vertical.migrations else [])
    storage.migrate()
    tenants = [Tenant(id=name, name=name) for name in ("demo", "other")]
    storage.write(SYSTEM, lambda session: session.add_all(tenants))
    return storage


def services_over(storage: Storage, predictor: Predictor, folder: Path, clock: StandingClock) -> Services:
    settings = Settings(data=folder, cache=folder, max_text_chars=5000)
    return Services(settings, storage, predictor, FixedEncoder(), Jobs(storage, clock), clock)


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    clock, predictor = StandingClock(), Saying()
    with open_storage(f"sqlite:///{tmp_path / 'colonnade.db'}") as storage:
        services = services_over(storage, predictor, tmp_path, clock)
        yield Parts(services, build(services), predictor, clock, tmp_path)


def hang() -> Prediction:
    """Take longer than anybody waits."""
    time.sleep(2.0)
    return sure(URGENCIES, "5", "late")
