"""Connectors, a sink and the parts of a collector, for the tests of collecting."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from connectors.common.files import FileConnector
from core.collecting.collector import Collector, Limits
from core.collecting.connections import Connections
from core.collecting.due import Due
from core.collecting.factories import Factories
from core.errors import Unavailable
from core.jobs.clock import SystemClock
from core.jobs.lease import Leases
from core.jobs.queue import Jobs
from core.jobs.worker import Worker
from core.ports import Clock
from core.records import Record, Refused
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.outbox import emit
from core.storage.tables import OutboxEvent
from core.vertical import Services, Vertical

SEEN = "toy.record"


@dataclass
class Outside:
    """An outside system that tests put things into."""

    items: list[Record | Refused] = field(default_factory=list)
    error: Exception | None = None
    secrets: list[str | None] = field(default_factory=list)


class OutsideConnector:
    """Reads an Outside; its `client` makes it one that anybody may configure."""

    def __init__(self, *, client: Any, source: str = "x", batch: int = 10, secret: str | None = None) -> None:
        self._outside: Outside = client
        self._outside.secrets.append(secret)

    def read(self, cursor: str | None) -> Iterator[tuple[Record | Refused, str]]:
        for number, item in enumerate(self._outside.items):
            if number >= int(cursor or 0):
                yield item, str(number + 1)
        if self._outside.error is not None:
            raise self._outside.error


class BrokerConnector:
    """Reaches what it likes."""

    def __init__(self, url: str) -> None:
        self._url = url

    def read(self, cursor: str | None) -> Iterator[tuple[Record, str]]:
        raise Unavailable(f"{self._url} does not answer.")
        yield


def record(number: int, **payload: Any) -> Record:
    return Record("x", f"r{number}", {"title": f"row {number}", **payload})


def sink(services: Services, tenant: str, records: Sequence[Record], backfill: bool) -> Sequence[str | None]:
    """Take each (source, external_id) once, as an outbox event; refuse what says so."""

    def write(session):
        known = {
            row["id"]
            for row in session.scalars(
                select(OutboxEvent.payload).where(OutboxEvent.tenant_id == tenant, OutboxEvent.topic == SEEN)
            )
        }
        answers: list[str | None] = []
        for each in records:
            if "refuse" in each.payload:
                answers.append(str(each.payload["refuse"]))
                continue
            if each.external_id not in known:
                emit(session, SEEN, {"id": each.external_id, "backfill": backfill})
            answers.append(None)
        return answers

    return services.storage.write(tenant, write)


CONNECTORS = {"outside": OutsideConnector, "file": FileConnector, "broker": BrokerConnector}
VERTICAL = Vertical("toy", "Takes records.", finished=True, sink=sink)


@dataclass
class House:
    """The parts together."""

    storage: Storage
    settings: Settings
    clock: Clock
    outside: Outside
    connections: Connections
    collector: Collector
    due: Due

    def ids(self, tenant: str = "demo") -> list[tuple[str, bool]]:
        with self.storage.read(tenant) as session:
            topic = select(OutboxEvent.payload).where(OutboxEvent.topic == SEEN).order_by(OutboxEvent.id)
            return [(row["id"], row["backfill"]) for row in session.scalars(topic)]


def house(
    storage: Storage, settings: Settings, clock: Clock, *, limits: Limits | None = None, sink: Any = sink
) -> House:
    outside = Outside()
    none: Any = None
    services = Services(settings, storage, none, none, Jobs(storage, clock), clock)
    factories = Factories(CONNECTORS, settings.data / "inbox", offered={"client": outside})
    return House(
        storage,
        settings,
        clock,
        outside,
        Connections(storage, settings, clock, factories, [VERTICAL]),
        Collector(services, CONNECTORS, {"toy": sink}, offered={"client": outside}, limits=limits),
        Due(storage, clock),
    )


def slow_sink(
    services: Services, tenant: str, records: Sequence[Record], backfill: bool
) -> Sequence[str | None]:
    answers = sink(services, tenant, records, backfill)
    time.sleep(0.02)  # so that a kill falls between the sink and the cursor too
    return answers


def main(data: str) -> None:
    """Run a worker that collects; the process that the tests kill."""
    settings = Settings(data=Path(data), threads=1, datasets=None)
    with Storage.open(settings.resolved_database_url) as storage:
        parts = house(storage, settings, SystemClock(), limits=Limits(batch=7, slice=0.2), sink=slow_sink)
        worker = Worker(
            Leases(storage, SystemClock()),
            settings,
            handlers={},
            services="",
            residents=[{"collect": parts.collector.run}],
            ticks=[parts.due.tick],
            tick=0.05,
        )
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        worker.run()


if __name__ == "__main__":
    main(sys.argv[1])
