"""Joins documents in a real database, and tells what stories they made without the ids that chance gave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.storage.engine import Storage
from core.storage.ids import new_id
from verticals.finance.service.stories import Joined, Stories
from verticals.finance.tables import FinanceDocument, FinanceStory

NINE = datetime(2026, 11, 17, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Item:
    """A document: its source, its text, the hour it appeared at, and the companies it names."""

    source: str
    text: str
    hour: float = 0.0
    companies: tuple[str, ...] = ()
    external_id: str = "1"

    @property
    def at(self) -> datetime:
        return NINE + timedelta(hours=self.hour)


@dataclass(frozen=True)
class Told:
    """What is to be the same in any order of arrival."""

    lead: str
    event_at: datetime
    reach: int
    counted: bool
    retracted_at: datetime | None
    kind: str


def put(
    storage: Storage, items: Iterable[Item], tenant: str = "demo", *, at_once: bool = False
) -> list[Joined]:
    """Store and join documents; a known identity is a revised text.

    Args:
        storage: Where.
        items: In the order of their arrival.
        tenant: Whose.
        at_once: In one write and as one batch; else each has its own.
    """
    if at_once:
        return storage.write(tenant, partial(_put_all, tenant=tenant, items=list(items)))
    steps = [partial(_put, tenant=tenant, item=item) for item in items]
    return [storage.write(tenant, step) for step in steps]


def _put_all(session: Session, tenant: str, items: list[Item]) -> list[Joined]:
    return Stories.join_all(session, tenant, rows_of(session, tenant, items))


def rows_of(
    session: Session, tenant: str, items: Iterable[Item]
) -> list[tuple[FinanceDocument, tuple[str, ...]]]:
    """Return the documents of items, new or revised, with the companies they name."""
    return [(_row(session, tenant, item), item.companies) for item in items]


def _put(session: Session, tenant: str, item: Item) -> Joined:
    return Stories.join(session, tenant, _row(session, tenant, item), item.companies)


def _row(session: Session, tenant: str, item: Item) -> FinanceDocument:
    row = session.get(FinanceDocument, (tenant, item.source, item.external_id))
    if row is None:
        row = FinanceDocument(
            id=new_id(), source=item.source, external_id=item.external_id, sha256="", lang="en"
        )
        session.add(row)
    row.text, row.published_at, row.first_seen_at, row.counted_at = item.text, item.at, item.at, item.at
    return row


def told(storage: Storage, tenant: str = "demo") -> dict[frozenset[str], Told]:
    """Return the stories by the documents they hold (`source/external_id`)."""
    with storage.read(tenant) as session:
        held: dict[str, set[str]] = {}
        for row in session.scalars(select(FinanceDocument)):
            assert row.story_id is not None
            held.setdefault(row.story_id, set()).add(f"{row.source}/{row.external_id}")
        stories = session.scalars(select(FinanceStory).where(FinanceStory.absorbed_into.is_(None))).all()
        assert {story.id for story in stories} == held.keys(), "a story without documents, or without a row"
        return {frozenset(held[story.id]): _told(story) for story in stories}


def _told(story: FinanceStory) -> Told:
    return Told(
        lead=f"{story.source}/{story.lead_external_id}",
        event_at=story.event_at,
        reach=story.reach,
        counted=story.counted,
        retracted_at=story.retracted_at,
        kind=story.kind,
    )


def groups(storage: Storage, tenant: str = "demo") -> list[list[str]]:
    """Return the sources of each story."""
    return sorted(sorted(name.partition("/")[0] for name in held) for held in told(storage, tenant))
