"""What a rule says of a series at a moment; reads, never writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select

from core.storage.engine import Storage
from core.streams.baseline import Bin, Series
from core.streams.surge import Verdict, judge
from core.streams.windows import WIDTHS, start_of
from verticals.finance.policy.cancelling import Told, measured
from verticals.finance.policy.rules import TICK, Rule, Watched
from verticals.finance.policy.silence import listen
from verticals.finance.service.trends import Trends
from verticals.finance.tables import FinanceCell

_MEMORY = timedelta(days=30)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Amounts:
    """Stories, bad news among them, and documents of a window."""

    count: int
    negative: int
    reach: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says.

    Attributes:
        holds: Whether it raises something.
        observed: In the rule's measure; of a silence how many documents are missing.
        limit: Of a threshold and a silence what `observed` has to reach, of a surge what `statistic` has to.
        start: Of the window; of a silence when the source was last heard.
        sources: Whose news were judged; empty for any.
        usual_until: Of a surge of a count: from before when what is usual was learnt.
    """

    rule: Rule
    watched: Watched
    holds: bool
    observed: float
    limit: float
    amounts: Amounts
    start: datetime
    end: datetime
    statistic: float | None = None
    expected: float | None = None
    since: datetime | None = None
    sources: tuple[str, ...] = ()
    usual_until: datetime | None = None


class Judging:
    """Judges rules.

    Args:
        storage: Where the cells are.
        trends: Gives the bins that surges are told by.
    """

    def __init__(self, storage: Storage, trends: Trends) -> None:
        self._storage = storage
        self._trends = trends

    def find(self, tenant: str, rule: Rule, watched: Watched, now: datetime) -> Finding:
        """Judge a series by a threshold or for a surge.

        Only live news in the window counts; a backfill is history, and raises nothing.
        """
        start, end = rule.span(now)
        amounts = self._amounts(tenant, rule, watched, start, now)
        observed = measured(rule, amounts.count, amounts.negative, amounts.reach)
        blank = Finding(rule, watched, False, observed, rule.at_least, amounts, start, end)
        if amounts.count < rule.min_stories or observed < rule.at_least:
            return blank
        if rule.kind == "threshold":
            return replace(blank, holds=True, since=start)
        return _told(
            blank, judge(self._series(tenant, rule, watched, now), now=now + TICK, rule=rule.surge())
        )

    def without(self, tenant: str, finding: Finding, now: datetime) -> _Without:
        """Return what tells whether a surge holds with some stories only; reads the bins once."""
        return _Without(finding, self._series(tenant, finding.rule, finding.watched, now), now)

    def silent(self, tenant: str, rule: Rule, now: datetime) -> list[Finding]:
        """Judge every source, or the rule's own, for silence."""
        found = []
        for source, (since, heard_at) in self._trends.sources(tenant).items():
            if rule.source in ("", source) and now - heard_at < timedelta(days=400):
                found.append(self._listen(tenant, rule, source, since, min(heard_at, now), now))
        return found

    def busy(self, tenant: str, rule: Rule, now: datetime) -> list[Watched]:
        """Return the series of a rule that have live news in its window."""
        if rule.only is not None:
            return [rule.only]
        start, _ = rule.span(now)
        query = select(FinanceCell.topic, FinanceCell.entity).where(
            FinanceCell.start >= start_of(start, "15m"), FinanceCell.live
        )
        with self._storage.read(tenant) as session:
            pairs = session.execute(query.distinct()).all()
        return watched_by(rule, ((row.topic, row.entity) for row in pairs))

    def _amounts(self, tenant: str, rule: Rule, watched: Watched, start: datetime, now: datetime) -> Amounts:
        sums = (func.sum(FinanceCell.count), func.sum(FinanceCell.negative), func.sum(FinanceCell.reach))
        query = select(*sums).where(
            FinanceCell.topic == watched.topic,
            FinanceCell.entity == watched.entity,
            FinanceCell.start >= start,
            FinanceCell.start <= now,
            FinanceCell.live,
        )
        if watched.source:
            query = query.where(FinanceCell.source == watched.source)
        if rule.window == "1h":
            query = query.where(FinanceCell.whole_day.is_(False))
        with self._storage.read(tenant) as session:
            return Amounts(*(int(number or 0) for number in session.execute(query).one()))

    def _series(self, tenant: str, rule: Rule, watched: Watched, now: datetime) -> list[Series]:
        surge = rule.surge()
        start, _ = rule.span(now)
        width = next(name for name, length in WIDTHS.items() if length == rule.step)
        series = self._trends.series(
            tenant,
            topic=watched.topic,
            entity=watched.entity,
            from_=now - surge.back - 2 * surge.step,
            to=now + TICK,
            width=width,
            live_from=start,
        )
        return [one for one in series if watched.source in ("", one.source)]

    def _listen(
        self, tenant: str, rule: Rule, source: str, since: datetime, heard_at: datetime, now: datetime
    ) -> Finding:
        watched = Watched(source=source)
        # Only who has been quiet for an hour is looked at closely.
        near = now - heard_at < _HOUR
        documents = {} if near else self._documents(tenant, source, heard_at)
        quiet = listen(
            documents,
            since=since,
            heard_at=heard_at,
            now=now,
            at_least=rule.at_least,
            spared=rule.spared,
        )
        return Finding(
            rule,
            watched,
            quiet.silent,
            round(quiet.missing, 1),
            rule.at_least,
            Amounts(0, 0, 0),
            quiet.heard_at,
            now,
            since=quiet.heard_at,
        )

    def _documents(self, tenant: str, source: str, until: datetime) -> Mapping[datetime, int]:
        """Return the documents of each hour; none of a source that only ever came by backfills."""
        query = select(FinanceCell.start, FinanceCell.live, FinanceCell.reach).where(
            FinanceCell.topic == "",
            FinanceCell.entity == "",
            FinanceCell.source == source,
            FinanceCell.start >= until - _MEMORY,
        )
        hours: dict[datetime, int] = defaultdict(int)
        live = False
        with self._storage.read(tenant) as session:
            for row in session.execute(query):
                hours[start_of(row.start, "1h")] += row.reach
                live = live or row.live
        return hours if live else {}


class _Without:
    """A surge, judged again without some stories, by what was usual when it began."""

    def __init__(self, finding: Finding, series: Sequence[Series], now: datetime) -> None:
        self._finding = finding
        self._series = series
        self._now = now

    def holds(self, all_: Sequence[Told], rest: Sequence[Told]) -> bool:
        """Tell whether it would hold if of all stories of the window only `rest` had come."""
        rule = self._finding.rule
        if sum(one.count for one in rest) < rule.min_stories:
            return False
        kept = {one.id for one in rest}
        gone = [one for one in all_ if one.id not in kept]
        series = [
            _less(one, [told for told in gone if told.source == one.source])
            for one in self._series
            if one.source in self._finding.sources
        ]
        usual_until = self._finding.usual_until
        return judge(series, now=self._now + TICK, rule=rule.surge(), usual_until=usual_until).fired


def _less(series: Series, gone: Collection[Told]) -> Series:
    if not gone:
        return series
    # A bin of its own with negative numbers: bins that begin in one window are added up.
    return Series(
        series.source, series.since, [*series.bins, *(Bin(t.at, -t.count, -t.negative) for t in gone)]
    )


def _told(blank: Finding, verdict: Verdict) -> Finding:
    return replace(
        blank,
        holds=verdict.fired,
        observed=float(verdict.observed),
        limit=verdict.limit,
        statistic=min(verdict.statistic, 1e12),
        expected=round(verdict.expected, 2),
        since=verdict.since,
        sources=verdict.sources,
        usual_until=verdict.usual_until,
    )


def watched_by(rule: Rule, pairs: Iterable[tuple[str, str]]) -> list[Watched]:
    """Return the series of a rule that these topics and companies belong to, in order."""
    found = {rule.watches(topic, entity) for topic, entity in pairs}
    return sorted(one for one in found if one is not None)
