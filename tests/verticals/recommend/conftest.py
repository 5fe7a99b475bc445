"""A shop on a database of its own, with a clock that stands still and an encoder that needs no weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from core.jobs.queue import Jobs
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.tables import Tenant
from core.storage.tenancy import SYSTEM
from core.testing.clock import StandingClock
from core.testing.encoder import FixedEncoder
from core.testing.predictor import FixedPredictor
from core.testing.weights import pretrained
from core.vertical import Services
from verticals.recommend import vertical
from verticals.recommend.schemas.events import EventRow
from verticals.recommend.schemas.lists import RecommendIn, RecommendOut
from verticals.recommend.service import Recommend, build, take_events, take_items

__all__ = ["pretrained"]


@dataclass
class Shop:
    """What a test works with."""

    services: Services
    clock: StandingClock
    folder: Path
    service: Recommend
    tenant: str = "demo"
    _numbers: Iterator[int] = field(default_factory=count)

    def stock(self, *ids: str, **fields: Any) -> None:
        """Put items in, titled by their ids unless told otherwise."""
        rows = [{"title": each, **fields, "id": each} for each in ids]
        out = take_items(self.service, self.tenant, rows, actor="test")
        assert out.rejected == 0, out

    def did(self, who: str, kind: str, *items: str, days: float = 0, **fields: Any) -> list[EventRow]:
        """Send an event an item; `who` is a user, or a session where it begins with `s:`."""
        name = {"session_id": who[2:]} if who.startswith("s:") else {"user_id": who}
        at = (self.clock.now() - timedelta(days=days)).isoformat()
        rows = [
            {"event_id": f"e{next(self._numbers)}", **name, "item_id": each, "type": kind, "timestamp": at}
            for each in items
        ]
        return self.send(*({**row, **fields} for row in rows))

    def send(self, *rows: dict[str, Any]) -> list[EventRow]:
        """Send events as they are."""
        return take_events(self.service, self.tenant, rows).data

    def ask(self, who: str | None = None, k: int = 10, **fields: Any) -> RecommendOut:
        """Ask for a list."""
        if who is not None:
            fields |= {"session_id": who[2:]} if who.startswith("s:") else {"user_id": who}
        asked = RecommendIn.model_validate({"k": k, **fields})
        return self.service.lists.recommend(self.tenant, asked)

    def list_for(self, who: str | None = None, k: int = 10, **fields: Any) -> list[str]:
        """Return the ids of a list."""
        return [each.item_id for each in self.ask(who, k, **fields).data]

    def again(self, tenant: str | None = None) -> Shop:
        """Return the same shop as another process sees it: the same database, other caches."""
        return Shop(self.services, self.clock, self.folder, build(self.services), tenant or self.tenant)


def open_storage(folder: Path) -> Storage:
    assert vertical.migrations is not None
    storage = Storage.open(f"sqlite:///{folder / 'colonnade.db'}", migrations=[vertical.migrations])
    storage.migrate()
    return storage


def services_over(storage: Storage, folder: Path, clock: StandingClock) -> Services:
    settings = Settings(data=folder, cache=folder)
    return Services(settings, storage, FixedPredictor(()), FixedEncoder(), Jobs(storage, clock), clock)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    clock = StandingClock()
    with open_storage(tmp_path) as storage:
        tenants = [Tenant(id=name, name=name) for name in ("demo", "other")]
        storage.write(SYSTEM, lambda session: session.add_all(tenants))
        services = services_over(storage, tmp_path, clock)
        yield Shop(services, clock, tmp_path, build(services))


def crowds(shop: Shop, groups: Sequence[Sequence[str]], people: int = 12) -> None:
    """Let people of each group take the items of their group, one after the other over two weeks."""
    for number, group in enumerate(groups):
        for person in range(people):
            for place, item in enumerate(group):
                if (person + place) % 4:  # not all take all, so that something is left to be found
                    shop.did(f"p{number}-{person}", "click", item, days=14 - place - person / people)
