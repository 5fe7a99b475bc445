from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from core.jobs.clock import SystemClock
from core.jobs.queue import Jobs
from core.records import Example, Prediction
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.tables import OutboxEvent
from core.testing.encoder import FixedEncoder
from core.testing.predictor import FixedPredictor
from core.vertical import Services
from verticals.finance import jobs
from verticals.finance.intake import Document, Story
from verticals.finance.recipe import SENTIMENT, TOPIC
from verticals.finance.service import READ, Finance, build
from verticals.finance.vertical import vertical

DAY = datetime(2026, 11, 20, tzinfo=UTC)


class Counting(FixedPredictor):
    """Counts the texts that it is given."""

    def __init__(self) -> None:
        super().__init__((SENTIMENT, TOPIC))
        self.texts = 0

    def predict(
        self, tenant: str, tasks: Sequence[str], items: Sequence[Example], *, model: str | None = None
    ) -> Mapping[str, list[Prediction]]:
        self.texts += len(items)
        return super().predict(tenant, tasks, items, model=model)


@pytest.fixture
def predictor() -> Counting:
    return Counting()


@pytest.fixture
def services(tmp_path: Path, predictor: Counting) -> Iterator[Services]:
    assert vertical.migrations is not None
    with Storage.open(f"sqlite:///{tmp_path / 'c.db'}", migrations=[vertical.migrations]) as storage:
        storage.migrate()
        clock = SystemClock()
        settings = Settings(data=tmp_path, cache=tmp_path)
        yield Services(settings, storage, predictor, FixedEncoder(), Jobs(storage, clock), clock)


@pytest.fixture
def finance(services: Services) -> Finance:
    return build(services)


def doc(number: int, text: str = "Orvane cuts outlook") -> Document:
    return Document("wire", str(number), Story(f"{text} {number}", published_at=DAY))


def quiet(share: float, line: str) -> None:
    assert 0 <= share <= 1
    assert line


def test_each_document_is_taken_once(finance: Finance) -> None:
    taken, job = finance.documents.take("demo", [doc(1), doc(2), doc(1)], actor="a")
    assert [each.status for each in taken] == ["accepted", "accepted", "duplicate"]
    assert job is not None
    again, none = finance.documents.take("demo", [doc(1), doc(2, "another text")], actor="a")
    assert [each.status for each in again] == ["duplicate", "duplicate"]
    assert again[0].reason == "known already"
    assert "another text" in str(again[1].reason)
    assert none is None, "nothing to read, so no job"
    assert [row.external_id for row in finance.documents.list("demo")] == ["2", "1"]


def test_reading_tells_each_once(finance: Finance, predictor: Counting) -> None:
    finance.documents.take("demo", [doc(number) for number in range(70)], actor="a")
    assert finance.documents.read("demo", quiet) == 70
    assert finance.documents.read("demo", quiet) == 0
    assert predictor.texts == 70
    rows = finance.documents.list("demo", limit=100)
    assert all(row.sentiment in {"negative", "neutral", "positive"} for row in rows)
    assert all(row.topics is not None and row.model is not None for row in rows)


def test_two_readers_note_each_document_once(finance: Finance, services: Services) -> None:
    finance.documents.take("demo", [doc(number) for number in range(40)], actor="a")
    readers = [threading.Thread(target=finance.documents.read, args=("demo", quiet)) for _ in range(2)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    with services.storage.read("demo") as session:
        query = select(OutboxEvent).where(OutboxEvent.topic == "finance.document.read")
        told = [event.payload["id"] for event in session.scalars(query)]
    assert len(told) == len(set(told)) == 40


def test_tenants_do_not_meet(finance: Finance) -> None:
    finance.documents.take("demo", [doc(1)], actor="a")
    assert finance.documents.list("other") == []
    taken, _ = finance.documents.take("other", [doc(1)], actor="b")
    assert taken[0].status == "accepted", "another tenant's identity is no duplicate"
    assert finance.documents.read("other", quiet) == 1
    assert finance.documents.list("demo")[0].sentiment is None


def test_pages_follow_each_other(finance: Finance) -> None:
    finance.documents.take("demo", [doc(number) for number in range(5)], actor="a")
    first = finance.documents.list("demo", limit=2)
    rest = finance.documents.list("demo", before=first[-1].id, limit=10)
    assert [row.external_id for row in (*first, *rest)] == ["4", "3", "2", "1", "0"]


def test_seeding_twice_changes_nothing(services: Services) -> None:
    jobs.seed(services, "demo", quiet)
    before = [row.id for row in build(services).documents.list("demo", limit=100)]
    jobs.seed(services, "demo", quiet)
    assert [row.id for row in build(services).documents.list("demo", limit=100)] == before
    assert len(before) >= 20
    assert [job.kind for job in services.jobs.list("demo")] == [READ]
    assert jobs.read(services, {"tenant": "demo"}, quiet) == {"read": len(before)}
