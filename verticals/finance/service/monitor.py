"""The use case: judge the rules, and let alerts begin, go on and end.

What was counted is read first, without a lock; then all changes are written in one transaction, with how far
the ledger was looked at. Whoever is overtaken by another evaluation that looked further changes nothing.
Evaluated twice at one moment, the second changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.storage.engine import Storage
from core.storage.ids import new_id
from verticals.finance.policy.alerting import TOLD, Standing, State, begin, proceed
from verticals.finance.policy.rules import Rule, Watched
from verticals.finance.service.alert_steps import SYSTEM_ACTOR, change
from verticals.finance.service.evidence import NOTHING, Evidence, Gathering
from verticals.finance.service.judging import Finding, Judging, watched_by
from verticals.finance.service.routing import is_due, owed, tell_due, tell_fired, tell_resolved
from verticals.finance.service.rules import Rules, rule_of, watch_row
from verticals.finance.service.trends import Trends
from verticals.finance.tables import FinanceAlert, FinanceLedger, FinanceRule, FinanceWatch

Place = tuple[str, Watched]
"""A rule's id, and one of its series."""
_GAP = timedelta(hours=1)
"""After so long without a look, or where the clock went back, nobody knows what windows slid over."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an alert's state."""

    alert_id: str
    rule_id: str
    watched: Watched
    was: str | None
    became: str


@dataclass(frozen=True, slots=True)
class _Look:
    """What an evaluation begins with.

    Attributes:
        top: Number of the last row of the ledger.
        rules: Those that are enabled.
        fresh: Ids of rules of which all series are looked at: those that were made or changed since, and all
            after a gap.
        open: Places that are occupied, with whether the alert there is resolved by hand.
        pairs: Topics and companies that something live was counted for since.
    """

    top: int
    rules: tuple[Rule, ...]
    fresh: frozenset[str]
    open: Mapping[Place, str]
    pairs: tuple[tuple[str, str], ...]
    moved: bool


class Monitor:
    """Judges a tenant's rules.

    Args:
        storage: Where everything is.
        rules: Makes the first ones.
        judging: Judges.
        gathering: Gathers evidence.
    """

    def __init__(self, storage: Storage, rules: Rules, judging: Judging, gathering: Gathering) -> None:
        self._storage = storage
        self._rules = rules
        self._judging = judging
        self._gathering = gathering

    def evaluate(self, tenant: str, now: datetime) -> list[Change]:
        """Judge what may have changed: series with new live news, those with an alert, and shares.

        Args:
            tenant: Whose.
            now: The moment; what counts later is not looked at.

        Returns:
            The changes of state, in a fixed order.
        """
        self._rules.ensure(tenant)
        look = self._look(tenant, now)
        findings = self._findings(tenant, look, now)
        evidence = {place(one): self._gathering.gather(tenant, one, now) for one in findings if one.holds}
        with self._storage.read(tenant) as session:
            due = is_due(session, now)
        if not (findings or due or look.moved or look.fresh):
            return []
        return self._storage.write(
            tenant, lambda session: _Writing(session, now).all(look, findings, evidence)
        )

    def judged_at(self, tenant: str) -> datetime | None:
        """Return the moment of the last look at which something was to be written down, if any."""
        with self._storage.read(tenant) as session:
            watch = session.get(FinanceWatch, (tenant, "alerts"))
            return None if watch is None else watch.judged_at

    def _look(self, tenant: str, now: datetime) -> _Look:
        with self._storage.read(tenant) as session:
            watch = session.get(FinanceWatch, (tenant, "alerts"))
            seen = watch.sequence if watch is not None else 0
            gap = watch is not None and _is_gap(watch.judged_at, now)
            top = session.scalar(select(func.max(FinanceLedger.sequence))) or 0
            rows = session.scalars(
                select(FinanceRule).where(FinanceRule.enabled).order_by(FinanceRule.id)
            ).all()
            slots = select(FinanceAlert).where(FinanceAlert.slot == "")
            touched = select(FinanceLedger.topic, FinanceLedger.entity).where(
                FinanceLedger.sequence > seen, FinanceLedger.sequence <= top, FinanceLedger.live
            )
            return _Look(
                top=top,
                rules=tuple(rule_of(row) for row in rows),
                fresh=frozenset(row.id for row in rows if gap or not row.judged),
                open={_occupied(row): row.state for row in session.scalars(slots)},
                pairs=tuple((row.topic, row.entity) for row in session.execute(touched.distinct())),
                moved=top > seen,
            )

    def _findings(self, tenant: str, look: _Look, now: datetime) -> list[Finding]:
        found: list[Finding] = []
        for rule in look.rules:
            if rule.kind == "silence":
                silent = self._judging.silent(tenant, rule, now)
                found += [one for one in silent if one.holds or place(one) in look.open]
                continue
            all_ = rule.id in look.fresh or rule.rises_alone
            fresh = self._judging.busy(tenant, rule, now) if all_ else []
            opened = [watched for id_, watched in look.open if id_ == rule.id]
            for watched in sorted({*watched_by(rule, look.pairs), *fresh, *opened}):
                finding = self._judging.find(tenant, rule, watched, now)
                if finding.holds or place(finding) in look.open:
                    found.append(finding)
        return found


class _Writing:
    """The transaction of one evaluation."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session = session
        self._now = now
        self._changes: list[Change] = []

    def all(
        self, look: _Look, findings: Sequence[Finding], evidence: Mapping[Place, Evidence]
    ) -> list[Change]:
        """Apply what was found; nothing, where another evaluation has looked further meanwhile."""
        watch = watch_row(self._session)
        if watch.sequence > look.top:
            return []
        watch.sequence, watch.judged_at = look.top, self._now
        silent = {one.watched.source for one in findings if one.rule.kind == "silence" and one.holds}
        for finding in findings:
            self._apply(finding, evidence.get(place(finding), NOTHING), silent)
        unjudged = select(FinanceRule).where(FinanceRule.id.in_(sorted(look.fresh)))
        versions = {rule.id: rule for rule in look.rules}
        for row in self._session.scalars(unjudged):
            row.judged = rule_of(row) == versions[row.id]
        tell_due(self._session, self._now)
        return self._changes

    def _apply(self, finding: Finding, evidence: Evidence, silent: set[str]) -> None:
        row = self._session.scalar(_at(place(finding)))
        stored = self._session.get(FinanceRule, (watch_row(self._session).tenant_id, finding.rule.id))
        if stored is None or rule_of(stored) != finding.rule:
            return  # changed or deleted while it was judged: the next evaluation sees to it
        if row is None:
            if finding.holds:
                self._begin(finding, evidence)
            return
        if not finding.holds and _deaf(row, silent):
            # Nothing came because nothing was heard: that is not calm.
            row.no_data = True
            finding = replace(finding, holds=True)
        elif finding.holds and row.state != "resolved":
            _refresh(row, finding, evidence)
        self._proceed(row, finding)
        self._session.flush()

    def _begin(self, finding: Finding, evidence: Evidence) -> None:
        row = _new(finding, self._now)
        _refresh(row, finding, evidence)
        row.group_id = self._group(row)
        self._become(row, begin(finding.rule.hold), "holds")

    def _proceed(self, row: FinanceAlert, finding: Finding) -> None:
        state: Any = row.state
        standing = Standing(state, row.pending_at, row.calm_at, row.silenced_until)
        rule = finding.rule
        next_ = proceed(standing, finding.holds, self._now, hold=rule.hold, calm=rule.calm)
        if row.state != "resolved":
            row.calm_at = next_.calm_at
        if next_.free:
            row.slot = row.id
        if next_.state is not None:
            reason = {"resolved": "calm", "firing": "again" if row.rounds else "holds"}
            self._become(row, next_.state, reason[next_.state])

    def _become(self, row: FinanceAlert, became: State, reason: str) -> None:
        was = row.state
        change(self._session, row, became, self._now, actor=SYSTEM_ACTOR, reason=reason)
        watched = Watched(row.topic, row.entity, row.source)
        self._changes.append(Change(row.id, row.rule_id, watched, was, became))
        if became == "firing":
            tell_fired(self._session, row, self._now)
        elif became == "resolved" and was in TOLD:
            # Under a silence nobody is told, but for those whom another of the group kept waiting.
            silenced = was == "silenced" and not owed(self._session, row)
            tell_resolved(self._session, row, self._now, silenced=silenced)

    def _group(self, row: FinanceAlert) -> str:
        """Return the group of an alert that goes on over half the same stories, or one of its own."""
        mine = set(row.story_ids)
        query = select(FinanceAlert).where(FinanceAlert.state.in_((*TOLD, "pending")))
        for other in self._session.scalars(query.order_by(FinanceAlert.id)):
            theirs = set(other.story_ids)
            if mine and theirs and 2 * len(mine & theirs) >= min(len(mine), len(theirs)):
                return other.group_id
        return row.id


def _is_gap(judged_at: datetime | None, now: datetime) -> bool:
    return judged_at is not None and not judged_at <= now <= judged_at + _GAP


def place(finding: Finding) -> Place:
    """Return the place of the alert that a finding is about."""
    return finding.rule.id, finding.watched


def _occupied(row: FinanceAlert) -> Place:
    return row.rule_id, Watched(row.topic, row.entity, row.source)


def _at(where: Place) -> Any:
    rule_id, watched = where
    return select(FinanceAlert).where(
        FinanceAlert.rule_id == rule_id,
        FinanceAlert.topic == watched.topic,
        FinanceAlert.entity == watched.entity,
        FinanceAlert.source == watched.source,
        FinanceAlert.slot == "",
    )


def _deaf(row: FinanceAlert, silent: set[str]) -> bool:
    """Tell whether all sources that an alert stands on have fallen silent."""
    sources = {story["source"] for story in row.evidence.get("stories", ())}
    return row.state in TOLD and bool(sources) and sources <= silent


def _new(finding: Finding, now: datetime) -> FinanceAlert:
    rule, watched = finding.rule, finding.watched
    id_ = f"alert_{new_id()}"
    return FinanceAlert(
        id=id_,
        rule_id=rule.id,
        kind=rule.kind,
        topic=watched.topic,
        entity=watched.entity,
        source=watched.source,
        slot="",
        group_id=id_,
        pending_at=now,
        rounds=0,
        measure=rule.measure,
    )


def _refresh(row: FinanceAlert, finding: Finding, evidence: Evidence) -> None:
    """Write down what is measured now; unchanged values leave the row as it is."""
    amounts = finding.amounts
    row.rule_name, row.severity = finding.rule.name, finding.rule.severity
    row.no_data = finding.rule.kind == "silence"
    row.observed, row.limit = finding.observed, finding.limit
    row.expected, row.statistic = finding.expected, finding.statistic
    row.since = min(filter(None, (row.since, finding.since)), default=None)
    row.counts = {
        "count": amounts.count,
        "negative": amounts.negative,
        "reach": amounts.reach,
        "start": finding.start.isoformat(),
        "end": finding.end.isoformat(),
    }
    row.evidence, row.story_ids = dict(evidence.shown), list(evidence.story_ids)
    row.cancelling, row.entity_name = dict(evidence.cancelling), evidence.entity_name


def build_monitor(storage: Storage, rules: Rules, trends: Trends) -> Monitor:
    """Make the monitor out of its parts."""
    judging = Judging(storage, trends)
    return Monitor(storage, rules, judging, Gathering(storage, judging))
