"""The use case: count, bad news and reach by topic, company and source, in windows of event time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from core.errors import FieldError, InvalidInput
from core.ports import Clock
from core.storage.engine import Storage
from core.streams.baseline import Bin, Series
from core.streams.watermark import Watermark
from core.streams.windows import WIDTHS, Width, spans, start_of
from verticals.finance.policy.counting import LATENESS, NOTHING, Amount
from verticals.finance.schemas.closed import EARLIEST, LATEST
from verticals.finance.service.ledger import last_known
from verticals.finance.tables import FinanceCell, FinanceDocument, FinanceLedger, FinanceSource

MAX_WINDOWS = 2_000
"""More windows are not answered at once."""
IDLE = timedelta(days=7)
"""A source that has been silent for so long before the newest document holds no window open."""
_SHORT: tuple[Width, ...] = ("15m", "1h")


@dataclass(frozen=True, slots=True)
class Window:
    """What is counted in [start, end).

    Attributes:
        count: Stories.
        negative: Bad news among them.
        negative_share: In [0, 1]; None where there is no story.
        reach: Documents.
        final: Whether every source has come past its end; a late document corrects it all the same.
        complete: Whether it is over, and no document that counts in it waits to be read; as of a moment, to
            be read for the first time.
    """

    start: datetime
    end: datetime
    count: int
    negative: int
    negative_share: float | None
    reach: int
    final: bool
    complete: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """Windows without a gap, oldest first.

    Attributes:
        as_of: When the newest of what is counted became known; asked for again, it gives the same counts
            whatever has become known since. None where nothing was known.
    """

    windows: tuple[Window, ...]
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a trend is asked for.

    Attributes:
        topic: One topic; empty for all.
        entity: Id of one company; empty for all.
        source: One source; None for all.
        from_: The first window holds this moment.
        to: The last window begins before this moment.
        width: Of a window; weeks begin on Mondays, UTC.
        as_of: Only what was known then; None for all that is known.
    """

    from_: datetime
    to: datetime
    width: Width = "1d"
    topic: str = ""
    entity: str = ""
    source: str | None = None
    as_of: datetime | None = None


class Trends:
    """A tenant's trends.

    Args:
        storage: Where the books are.
        clock: Tells which windows are over.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def now(self) -> datetime:
        """Return the moment it is, by the clock that the windows are told by."""
        return self._clock.now()

    def windows(
        self,
        tenant: str,
        *,
        topic: str = "",
        entity: str = "",
        source: str | None = None,
        from_: datetime,
        to: datetime,
        width: Width = "1d",
        as_of: datetime | None = None,
    ) -> list[Window]:
        """Return the windows of a trend; see `ask`."""
        return list(self.ask(tenant, Asked(from_, to, width, topic, entity, source, as_of)).windows)

    def ask(self, tenant: str, asked: Asked) -> Trend:
        """Return a trend; windows without anything are there, with zeros.

        Raises:
            InvalidInput: the span is empty, or has more than MAX_WINDOWS.
        """
        check(asked)
        with self._storage.read(tenant) as session:
            known = _known(session, asked.as_of)
            if asked.as_of is None or (known is not None and known == _known(session, None)):
                rows, mark = _from_cells(session, asked), _watermark(session, asked)
            else:
                rows, mark = _from_ledger(session, asked), _watermark_as_of(session, asked)
            waiting = _waiting(session, asked)
        sums: dict[datetime, Amount] = {}
        for at, amount in rows:
            start = start_of(at, asked.width)
            sums[start] = sums.get(start, NOTHING).plus(amount)
        now = self._clock.now() if asked.as_of is None else asked.as_of
        edges = spans(asked.from_, asked.to, asked.width)
        windows = [_window(edge, sums.get(edge[0], NOTHING), mark, waiting, now) for edge in edges]
        return Trend(tuple(windows), known)

    def bins(
        self,
        tenant: str,
        *,
        topic: str = "",
        entity: str = "",
        from_: datetime,
        to: datetime,
        width: Width = "1h",
        live_from: datetime | None = None,
    ) -> Mapping[str, list[Bin]]:
        """Return what each source brought, by source; a bin in which nothing came is left out.

        Args:
            tenant: Whose.
            topic: One topic; empty for all.
            entity: Id of one company; empty for all.
            from_: The first bin holds this moment.
            to: The last bin begins before this moment.
            width: Of a bin.
            live_from: From here on a backfill is left out, so that it raises nothing; before, it is history
                as any other.
        """
        asked = Asked(from_, to, width, topic, entity)
        sums: dict[tuple[str, datetime], Amount] = {}
        with self._storage.read(tenant) as session:
            for source, at, live, amount in _cells(session, asked):
                if live or live_from is None or at < live_from:
                    key = source, start_of(at, width)
                    sums[key] = sums.get(key, NOTHING).plus(amount)
        found: dict[str, list[Bin]] = {}
        for (source, start), amount in sorted(sums.items()):
            if amount.stories:
                found.setdefault(source, []).append(Bin(start, amount.stories, amount.negative))
        return found

    def sources(self, tenant: str) -> Mapping[str, tuple[datetime, datetime]]:
        """Return of each source the first event time, and when it was last heard."""
        with self._storage.read(tenant) as session:
            rows = session.scalars(select(FinanceSource).order_by(FinanceSource.source))
            return {row.source: (row.first_at, row.heard_at) for row in rows}

    def series(self, tenant: str, **asked: Any) -> list[Series]:
        """Return what `bins` returns as the detector takes it: with when each source was first heard."""
        bins = self.bins(tenant, **asked)
        heard = self.sources(tenant)
        return [Series(name, heard[name][0], bins.get(name, [])) for name in heard]


def check(asked: Asked) -> None:
    """Refuse a span that cannot be answered.

    Raises:
        InvalidInput: it is empty, outside the calendar, or has more than MAX_WINDOWS.
    """
    in_calendar("to", asked.to)
    in_calendar("from", asked.from_)
    if asked.from_ >= asked.to:
        raise _refused("from", "is not before `to`")
    width = WIDTHS[asked.width]
    windows = -((start_of(asked.from_, asked.width) - asked.to) // width)
    if windows > MAX_WINDOWS:
        raise _refused("window", f"makes {windows} windows of the span; the most are {MAX_WINDOWS}")


def in_calendar(name: str, at: datetime) -> datetime:
    """Return a moment that can be reckoned with.

    Raises:
        InvalidInput: it lies outside the years 1900 to 2199.
    """
    if not EARLIEST <= at <= LATEST:
        raise _refused(name, "lies outside the years 1900 to 2199")
    return at


def _refused(name: str, fault: str) -> InvalidInput:
    return InvalidInput(
        f"The trend cannot be given: `{name}` {fault}.",
        remedy="Choose a shorter span or wider windows.",
        errors=[FieldError(f"query:{name}", fault)],
    )


def _window(
    edge: tuple[datetime, datetime],
    sums: Amount,
    mark: Watermark,
    waiting: tuple[datetime, datetime] | None,
    now: datetime,
) -> Window:
    start, end = edge
    held = waiting is not None and waiting[0] < end and waiting[1] >= start
    return Window(
        start=start,
        end=end,
        count=sums.stories,
        negative=sums.negative,
        negative_share=sums.negative / sums.stories if sums.stories else None,
        reach=sums.reach,
        final=mark.final(end),
        complete=end <= now and not held,
    )


def _edges(asked: Asked) -> tuple[datetime, datetime]:
    last = start_of(asked.to - timedelta(microseconds=1), asked.width)
    return start_of(asked.from_, asked.width), last + WIDTHS[asked.width]


def _where(table: Any, at: Any, asked: Asked) -> list[ColumnElement[bool]]:
    low, high = _edges(asked)
    conditions = [table.topic == asked.topic, table.entity == asked.entity, at >= low, at < high]
    if asked.source is not None:
        conditions.append(table.source == asked.source)
    if asked.width in _SHORT:
        conditions.append(table.whole_day.is_(False))
    return conditions


def _cells(session: Session, asked: Asked) -> Iterator[tuple[str, datetime, bool, Amount]]:
    query = select(FinanceCell).where(*_where(FinanceCell, FinanceCell.start, asked))
    columns = (FinanceCell.source, FinanceCell.start, FinanceCell.live)
    sums = (FinanceCell.count, FinanceCell.negative, FinanceCell.reach)
    for source, at, live, *amounts in session.execute(query.with_only_columns(*columns, *sums)):
        yield source, at, live, Amount(*amounts)


def _from_cells(session: Session, asked: Asked) -> list[tuple[datetime, Amount]]:
    sums = (func.sum(FinanceCell.count), func.sum(FinanceCell.negative), func.sum(FinanceCell.reach))
    query = select(FinanceCell.start, *sums).where(*_where(FinanceCell, FinanceCell.start, asked))
    return [(at, Amount(*map(int, row))) for at, *row in session.execute(query.group_by(FinanceCell.start))]


def _from_ledger(session: Session, asked: Asked) -> list[tuple[datetime, Amount]]:
    amounts = (FinanceLedger.count, FinanceLedger.negative, FinanceLedger.reach)
    query = select(FinanceLedger.event_at, *amounts).where(
        *_where(FinanceLedger, FinanceLedger.event_at, asked), FinanceLedger.known_at <= asked.as_of
    )
    return [(at, Amount(*row)) for at, *row in session.execute(query)]


def _known(session: Session, as_of: datetime | None) -> datetime | None:
    """Return when the newest row of the ledger, of those known at a moment, became known."""
    if as_of is None:
        last = last_known(session)
        return None if last is None else last[1]
    # By number, not by time: the numbers are the key, and the times grow with them.
    query = select(FinanceLedger.known_at).where(FinanceLedger.known_at <= as_of)
    return session.scalar(query.order_by(FinanceLedger.sequence.desc()).limit(1))


def _watermark(session: Session, asked: Asked) -> Watermark:
    query = select(FinanceSource.source, FinanceSource.latest_at)
    return _mark({row.source: row.latest_at for row in session.execute(query)}, asked)


def _watermark_as_of(session: Session, asked: Asked) -> Watermark:
    query = select(FinanceLedger.source, func.max(FinanceLedger.event_at).label("latest")).where(
        FinanceLedger.topic == "", FinanceLedger.entity == "", FinanceLedger.known_at <= asked.as_of
    )
    rows = session.execute(query.group_by(FinanceLedger.source))
    return _mark({row.source: row.latest for row in rows}, asked)


def _mark(latest: Mapping[str, datetime], asked: Asked) -> Watermark:
    if asked.source is not None:
        return Watermark({name: at for name, at in latest.items() if name == asked.source}, LATENESS)
    newest = max(latest.values(), default=None)
    return Watermark(
        {name: at for name, at in latest.items() if newest is not None and at >= newest - IDLE}, LATENESS
    )


def _waiting(session: Session, asked: Asked) -> tuple[datetime, datetime] | None:
    """Return between which moments the documents count that were not read (then).

    As of a moment that is told by the ledger, where every document that was read stands: a revision that came
    since, or waited then, takes nothing back of what was known.
    """
    low, high = _edges(asked)
    query = select(func.min(FinanceDocument.counted_at), func.max(FinanceDocument.counted_at)).where(
        FinanceDocument.counted_at >= low, FinanceDocument.counted_at < high
    )
    if asked.source is not None:
        query = query.where(FinanceDocument.source == asked.source)
    if asked.as_of is None:
        query = query.where(FinanceDocument.read_at.is_(None))
    else:
        known = exists().where(
            FinanceLedger.tenant_id == FinanceDocument.tenant_id,
            FinanceLedger.document_id == FinanceDocument.id,
            FinanceLedger.known_at <= asked.as_of,
        )
        query = query.where(FinanceDocument.first_seen_at <= asked.as_of, ~known)
    first, last = session.execute(query).one()
    return None if first is None or last is None else (first, last)
