"""A news desk on a database of its own: a clock that stands still and a predictor that reads simple words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.jobs.queue import Jobs
from core.records import Example, Prediction
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.tables import Tenant
from core.storage.tenancy import SYSTEM
from core.testing.clock import StandingClock
from core.testing.encoder import FixedEncoder
from core.testing.predictor import FixedPredictor
from core.vertical import Services
from verticals.finance import vertical
from verticals.finance.intake import Document, Story
from verticals.finance.service import Finance, build
from verticals.finance.service.recount import Balance, recount

DAY = datetime(2026, 11, 20, tzinfo=UTC)


class WordPredictor(FixedPredictor):
    """Says what its words say: `bad` and `good` in a text, `#word` for a topic.

    Attributes:
        texts: How many texts it was given.
    """

    def __init__(self) -> None:
        super().__init__(vertical.tasks)
        self.texts = 0

    def predict(
        self, tenant: str, tasks: Sequence[str], items: Sequence[Example], *, model: str | None = None
    ) -> Mapping[str, list[Prediction]]:
        self.texts += len(items)
        said = {name: list(rows) for name, rows in super().predict(tenant, tasks, items, model=model).items()}
        if "finance.sentiment" in said:
            said["finance.sentiment"] = [_sentiment(item.text) for item in items]
        if "finance.topic" in said:
            said["finance.topic"] = [_topics(item.text) for item in items]
        return said


def _sentiment(text: str) -> Prediction:
    label = "negative" if "bad" in text.split() else "positive" if "good" in text.split() else "neutral"
    return Prediction((label,), 1.0, {"negative": 0.0, "neutral": 0.0, "positive": 0.0, label: 1.0}, "fixed")


def _topics(text: str) -> Prediction:
    named = tuple(word[1:] for word in text.split() if word.startswith("#"))
    return Prediction(named, 1.0, dict.fromkeys(named, 1.0), "fixed")


@dataclass
class Desk:
    """What a test works with."""

    services: Services
    clock: StandingClock
    predictor: WordPredictor
    finance: Finance
    tenant: str = "demo"

    def send(self, *documents: Document, live: bool = True, read: bool = True, replayed: bool = False) -> int:
        """Take documents in, and read them."""
        self.finance.documents.take(self.tenant, documents, actor="test", live=live, replayed=replayed)
        return self.read() if read else 0

    def read(self) -> int:
        return self.finance.documents.read(self.tenant, lambda _share, _line: None)

    def balance(self) -> Balance:
        return recount(self.services.storage, self.tenant)


def doc(
    number: int | str,
    text: str,
    at: datetime | None = None,
    *,
    source: str = "wire",
    revised_at: datetime | None = None,
    **story: object,
) -> Document:
    """Return a document of a source."""
    return Document(source, str(number), Story(text, "en", at, revised_at=revised_at, **story))  # type: ignore[arg-type]


@contextmanager
def open_desk(url: str, folder: Path, start: datetime = DAY + timedelta(days=1)) -> Iterator[Desk]:
    """Open a desk on a database."""
    assert vertical.migrations is not None
    with Storage.open(url, migrations=[vertical.migrations]) as storage:
        storage.migrate()
        tenants = [Tenant(id=name, name=name) for name in ("demo", "other")]
        storage.write(SYSTEM, lambda session: [session.merge(tenant) for tenant in tenants] and None)
        clock, predictor = StandingClock(start), WordPredictor()
        settings = Settings(data=folder, cache=folder)
        services = Services(settings, storage, predictor, FixedEncoder(), Jobs(storage, clock), clock)
        yield Desk(services, clock, predictor, build(services))
