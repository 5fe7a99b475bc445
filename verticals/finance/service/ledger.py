"""The books: what documents and stories add to the trends, as signed changes and as running sums.

Whatever happened to a story (another document, a merge, an earlier lead, a retraction, a revised text), the
same thing is done: what its documents should add now is compared with what is booked of them, and the
difference is appended. So a step done twice adds nothing, and the books add up to what a recount finds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, insert, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from verticals.finance.policy.counting import (
    NEGATIVE,
    NOTHING,
    Amount,
    Cell,
    Facts,
    Place,
    cell_of,
    contributions,
    difference,
)
from verticals.finance.policy.remarks import voids
from verticals.finance.tables import FinanceCell, FinanceDocument, FinanceLedger, FinanceSource, FinanceStory

_TICK = timedelta(microseconds=1)
_MANY = 500
"""So many ids stand in one statement."""
_AMOUNTS = ("count", "negative", "reach")
"""The columns of an Amount."""
_PLACE = (
    FinanceLedger.event_at,
    FinanceLedger.source,
    FinanceLedger.topic,
    FinanceLedger.entity,
    FinanceLedger.whole_day,
    FinanceLedger.live,
)

Booked = dict[str, dict[Place, Amount]]
"""By document id."""


def last_known(session: Session) -> tuple[int, datetime] | None:
    """Return number and time of the newest row of the ledger; None where it is empty."""
    query = select(FinanceLedger.sequence, FinanceLedger.known_at)
    row = session.execute(query.order_by(FinanceLedger.sequence.desc()).limit(1)).first()
    return None if row is None else (row.sequence, row.known_at)


def next_known(session: Session, now: datetime) -> tuple[int, datetime]:
    """Return number and time for the next rows.

    The time is later than that of every row before, whatever the clock does: what was answered as of a moment
    is never changed by what comes after.
    """
    last = last_known(session)
    return (1, now) if last is None else (last[0] + 1, max(now, last[1] + _TICK))


def book(
    session: Session, documents: Sequence[FinanceDocument], stories: Collection[str], now: datetime
) -> datetime:
    """Bring the books up to date; in the transaction that changed the documents and stories.

    Args:
        session: Of `storage.write`; it has flushed the changes.
        documents: Those that were read now, each with its `story_id`.
        stories: Every story that changed in any way: joined, absorbed, corrected, left.
        now: By the clock.

    Returns:
        The moment under which it became known.
    """
    sequence, known_at = next_known(session, now)
    standing = _standing(session, stories)
    fresh = {each.id: each for each in documents}
    others = (set(standing) | _counted(session, stories)) - fresh.keys()
    touched = {**fresh, **_documents(session, others)}
    seen = [id_ for id_, each in touched.items() if id_ not in fresh or each.revised_at is not None]
    booked = _booked(session, seen)
    changes = list(_changes(touched.values(), standing, booked))
    _append(session, changes, sequence, known_at)
    _add_up(session, (change[1:] for change in changes))
    _hear(session, documents, known_at)
    return known_at


def facts_of(document: FinanceDocument, kind: str | None) -> Facts:
    """Return what of a document counts.

    Args:
        document: One that was read.
        kind: Of its story, if that counts and the document stands for it; else None. That something bad was
            denied is no bad news.
    """
    bad = () if kind is not None and voids(kind) else (NEGATIVE,)
    known = [each for each in document.entities or () if each["id"]]
    entities = {each["id"]: each["sentiment"] in bad for each in known}
    return Facts(
        at=document.counted_at,
        source=document.source,
        whole_day=document.dated == "day",
        live=document.live,
        negative=document.sentiment in bad,
        topics=tuple(document.topics or ()),
        entities=entities,
        story=kind is not None,
    )


def _changes(
    documents: Iterable[FinanceDocument], standing: Mapping[str, str], booked: Booked
) -> Iterator[tuple[FinanceDocument, Place, Amount]]:
    for document in documents:
        wanted = contributions(facts_of(document, standing.get(document.id)))
        for place, amount in difference(wanted, booked.get(document.id, {})):
            yield document, place, amount


def _standing(session: Session, stories: Collection[str]) -> dict[str, str]:
    """Return the document that stands for each story that counts, and the kind of the story."""
    found: dict[str, str] = {}
    for part in _parts(stories):
        query = select(FinanceStory.lead_id, FinanceStory.kind).where(
            FinanceStory.id.in_(part), FinanceStory.counted, FinanceStory.absorbed_into.is_(None)
        )
        found.update((row.lead_id, row.kind) for row in session.execute(query))
    return found


def _counted(session: Session, stories: Collection[str]) -> set[str]:
    """Return the documents that stand or once stood for these stories in the books."""
    found: set[str] = set()
    # Spelled out, not bound, so that the partial index can be used.
    told: ColumnElement[bool] = literal_column("finance_ledger.count <> 0")
    for part in _parts(stories):
        query = select(FinanceLedger.document_id).where(FinanceLedger.story_id.in_(part), told)
        found.update(session.scalars(query.distinct()))
    return found


def _documents(session: Session, ids: Collection[str]) -> dict[str, FinanceDocument]:
    found: dict[str, FinanceDocument] = {}
    for part in _parts(ids):
        query = select(FinanceDocument).where(
            FinanceDocument.id.in_(part), FinanceDocument.read_at.is_not(None)
        )
        found.update((row.id, row) for row in session.scalars(query))
    return found


def _booked(session: Session, ids: Collection[str]) -> Booked:
    found: Booked = defaultdict(dict)
    sums = (func.sum(FinanceLedger.count), func.sum(FinanceLedger.negative), func.sum(FinanceLedger.reach))
    for part in _parts(ids):
        query = select(FinanceLedger.document_id, *_PLACE, *sums).where(FinanceLedger.document_id.in_(part))
        for id_, *row in session.execute(query.group_by(FinanceLedger.document_id, *_PLACE)):
            found[id_][Place(*row[:6])] = Amount(*(int(number) for number in row[6:]))
    return found


def _append(
    session: Session,
    changes: Iterable[tuple[FinanceDocument, Place, Amount]],
    sequence: int,
    known_at: datetime,
) -> None:
    rows = [
        {
            "sequence": number,
            "known_at": known_at,
            "story_id": document.story_id or "",
            "document_id": document.id,
            **place._asdict(),
            **dict(zip(_AMOUNTS, amount, strict=True)),
        }
        for number, (document, place, amount) in enumerate(changes, sequence)
    ]
    if rows:
        table: Any = FinanceLedger.__table__
        session.connection().execute(insert(table), rows)


def _add_up(session: Session, changes: Iterable[tuple[Place, Amount]]) -> None:
    sums: dict[Cell, Amount] = {}
    for place, amount in changes:
        cell = cell_of(place)
        sums[cell] = sums.get(cell, NOTHING).plus(amount)
    rows = [
        {**cell._asdict(), **dict(zip(_AMOUNTS, amount, strict=True))}
        for cell, amount in sorted(sums.items())
        if any(amount)
    ]
    table: Any = FinanceCell.__table__
    added = {name: lambda new, name=name: table.c[name] + new[name] for name in _AMOUNTS}
    _upsert(session, FinanceCell, rows, added)


def _hear(session: Session, documents: Iterable[FinanceDocument], known_at: datetime) -> None:
    """Note how far each source has come; the order in which documents come makes no difference.

    A backfill moves the span of events, but whoever brings one tells nothing of whether news arrive.
    """
    counted = [(each.source, each.counted_at, each.live) for each in documents if each.counted_at is not None]
    dialect = session.connection().dialect.name
    least, greatest = (func.min, func.max) if dialect == "sqlite" else (func.least, func.greatest)
    table: Any = FinanceSource.__table__
    kept = {
        "first_at": lambda new: least(table.c.first_at, new["first_at"]),
        "latest_at": lambda new: greatest(table.c.latest_at, new["latest_at"]),
    }
    heard = {"heard_at": lambda new: new["heard_at"]}
    for live, changed in ((False, kept), (True, kept | heard)):
        spans: dict[str, list[datetime]] = defaultdict(list)
        for source, at, is_live in counted:
            if is_live is live:
                spans[source].append(at)
        rows = [
            {
                "source": source,
                "first_at": min(moments),
                "latest_at": max(moments),
                "heard_at": known_at if live else max(moments),
            }
            for source, moments in sorted(spans.items())
        ]
        _upsert(session, FinanceSource, rows, changed)


def _upsert(
    session: Session, mapped: type[Any], rows: list[dict[str, Any]], change: Mapping[str, Any]
) -> None:
    if not rows:
        return
    connection = session.connection()
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(mapped.__table__)
    key = [column.name for column in mapped.__table__.primary_key.columns]
    changed = {name: make(statement.excluded) for name, make in change.items()}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=changed), rows)


def _parts(ids: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _MANY):
        yield ordered[start : start + _MANY]
