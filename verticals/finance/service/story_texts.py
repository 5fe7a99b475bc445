"""The texts of stories in the database: looked up by their keys, added, removed, linked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from verticals.finance.policy.joining import Link, Text
from verticals.finance.policy.remarks import Kind
from verticals.finance.service.story_keys import WEEK, stored
from verticals.finance.tables import (
    FinanceDocument,
    FinanceStoryBand,
    FinanceStoryLink,
    FinanceStoryText,
)

NEAR, CORRECTS, CORRECTED = "near", "corrects", "corrected"
MOMENT = func.coalesce(
    FinanceDocument.counted_at, FinanceDocument.published_at, FinanceDocument.first_seen_at
)
"""`FinanceDocument.event_at` in SQL."""
_MANY = 512
"""So many ids stand in one statement."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What was found around a text.

    Attributes:
        alike: Texts that tell the same, or only say less or more, with the kind of link.
        speaks_of: Reports that it takes back.
        spoken_of_by: Corrections and denials that take it back.
        compared: How many texts it was compared with.
    """

    alike: tuple[tuple[FinanceStoryText, Link], ...]
    speaks_of: tuple[FinanceStoryText, ...]
    spoken_of_by: tuple[FinanceStoryText, ...]
    compared: int


def plain(row: FinanceStoryText) -> Text:
    """Return a row as what joining looks at."""
    return Text(
        id=row.id,
        day=row.day,
        kind=cast(Kind, row.kind),
        headline=row.headline,
        signature=row.signature,
        facts=frozenset(row.facts),
        denied=frozenset(row.denied),
        companies=frozenset(row.companies),
    )


def order(row: FinanceStoryText) -> tuple[datetime, str, str]:
    """Return what orders texts: event time, source and external id of the earliest document."""
    return row.first_at, row.first_source, row.first_external_id


def by_id(session: Session, ids: Collection[int]) -> list[FinanceStoryText]:
    """Return texts by their ids."""
    return [
        row
        for part in parts(sorted(ids))
        for row in session.scalars(select(FinanceStoryText).where(FinanceStoryText.id.in_(part)))
    ]


def of_stories(session: Session, stories: Collection[str]) -> list[FinanceStoryText]:
    """Return the texts of stories, the earliest first."""
    found = [
        row
        for part in parts(sorted(stories))
        for row in session.scalars(select(FinanceStoryText).where(FinanceStoryText.story_id.in_(part)))
    ]
    return sorted(found, key=order)


def remove(session: Session, row: FinanceStoryText) -> None:
    """Delete a text that no document has any more, with its keys and links."""
    gone = delete(FinanceStoryBand).where(
        FinanceStoryBand.week == row.day // WEEK,
        FinanceStoryBand.band.in_(stored(plain(row))),
        FinanceStoryBand.text_id == row.id,
    )
    session.execute(gone)
    for column in (FinanceStoryLink.text_id, FinanceStoryLink.other_id):
        session.execute(delete(FinanceStoryLink).where(column == row.id))
    session.delete(row)
    session.flush()


def connect(session: Session, tenant: str, text: int, others: Iterable[int], kind: str) -> None:
    """Store links of one kind in both directions."""
    back = {NEAR: NEAR, CORRECTS: CORRECTED, CORRECTED: CORRECTS}[kind]
    rows = [
        {"tenant_id": tenant, "text_id": one, "other_id": other, "kind": name}
        for found in others
        for one, other, name in ((text, found, kind), (found, text, back))
    ]
    if rows:
        session.connection().execute(insert(FinanceStoryLink), rows)


def linked(session: Session, texts: Collection[int], *kinds: str) -> list[tuple[int, int, str]]:
    """Return the links of texts as (text, other, kind)."""
    found: list[tuple[int, int, str]] = []
    for part in parts(sorted(texts)):
        query = select(FinanceStoryLink.text_id, FinanceStoryLink.other_id, FinanceStoryLink.kind).where(
            FinanceStoryLink.text_id.in_(part), FinanceStoryLink.kind.in_(kinds)
        )
        found.extend((row.text_id, row.other_id, row.kind) for row in session.execute(query))
    return found


def earliest(session: Session, text: int) -> FinanceDocument | None:
    """Return the earliest document of a text."""
    query = select(FinanceDocument).where(FinanceDocument.story_text == text)
    return session.scalar(
        query.order_by(MOMENT, FinanceDocument.source, FinanceDocument.external_id).limit(1)
    )


def parts(ids: Sequence[Any], many: int = _MANY) -> Iterator[Sequence[Any]]:
    """Cut ids into portions for IN: the last ones are repeated, so that few different statements arise."""
    for start in range(0, len(ids), many):
        part = ids[start : start + many]
        size = next(size for size in (1, 4, 16, 64, 256, many) if len(part) <= size)
        yield [*part, *[part[-1]] * (size - len(part))]
