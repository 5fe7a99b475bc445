"""The use case: a tenant's rules, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import Conflict, FieldError, InvalidInput, NotFound
from core.ports import Clock
from core.storage import audit
from core.storage.engine import Storage
from core.storage.ids import new_id
from core.storage.outbox import emit
from core.storage.tenancy import tenant_of
from verticals.finance.policy.alerting import OPEN
from verticals.finance.policy.rules import DEFAULTS, Rule, faults
from verticals.finance.service.alert_steps import change
from verticals.finance.service.routing import tell_resolved
from verticals.finance.service.subscribers import check_channel
from verticals.finance.tables import FinanceAlert, FinanceRule, FinanceWatch

MOST = 200
"""Rules of one tenant."""
_SERIES = ("kind", "each", "topic", "entity", "source")
"""What tells which series a rule watches; with another of these its alerts have no ground."""


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule, and when it was made and changed."""

    rule: Rule
    created_at: datetime
    updated_at: datetime


class Rules:
    """A tenant's rules.

    Args:
        storage: Where they are kept.
        clock: Tells when they were changed.
        entity: Returns the id of a company that is named by id or ticker: `entity(tenant, text)`.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def ensure(self, tenant: str) -> None:
        """Make the rules that everybody begins with, once; deleted ones do not come back."""
        with self._storage.read(tenant) as session:
            watch = session.get(FinanceWatch, (tenant, "alerts"))
            if watch is not None and watch.defaults_at is not None:
                return
        now = self._clock.now()
        self._storage.write(tenant, lambda session: _make_defaults(session, now))

    def create(self, tenant: str, values: Mapping[str, Any], *, actor: str) -> RuleView:
        """Add a rule.

        Args:
            tenant: Whose.
            values: Fields of Rule without the id; what is left out is as Rule has it. `*` for topic or entity
                is each by itself.
            actor: Who, for the audit.

        Raises:
            InvalidInput: fields do not fit together, or name what there is not.
            Conflict: the name is taken, or there are too many.
        """
        self.ensure(tenant)
        rule = _checked(replace(Rule(f"rule_{new_id()}", values["name"]), **_given(values)))
        now = self._clock.now()

        def insert(session: Session) -> RuleView:
            if (session.scalar(select(func.count()).select_from(FinanceRule)) or 0) >= MOST:
                raise Conflict(f"There are {MOST} rules already.", remedy="Delete one first.")
            return _store(session, FinanceRule(id=rule.id, created_at=now), rule, now, "created", actor)

        return self._storage.write(tenant, insert)

    def change(self, tenant: str, rule_id: str, values: Mapping[str, Any], *, actor: str) -> RuleView:
        """Change the fields that are given; alerts of a rule that is disabled, or watches else, are resolved.

        Raises:
            NotFound: the tenant has no such rule.
            InvalidInput, Conflict: see `create`.
        """
        given, now = _given(values), self._clock.now()

        def update(session: Session) -> RuleView:
            row = find_rule(session, rule_id)
            was = rule_of(row)
            rule = _checked(replace(was, **given))
            view = _store(session, row, rule, now, "changed", actor)
            if not rule.enabled or any(getattr(was, name) != getattr(rule, name) for name in _SERIES):
                _close(session, rule_id, now, actor)
            return view

        return self._storage.write(tenant, update)

    def delete(self, tenant: str, rule_id: str, *, actor: str) -> None:
        """Remove a rule and resolve its alerts; they stay to be looked at.

        Raises:
            NotFound: the tenant has no such rule.
        """
        now = self._clock.now()

        def remove(session: Session) -> None:
            row = find_rule(session, rule_id)
            _close(session, rule_id, now, actor)
            session.delete(row)
            session.flush()
            _record(session, rule_id, "deleted", actor, now)

        self._storage.write(tenant, remove)

    def get(self, tenant: str, rule_id: str) -> RuleView:
        """Return one rule.

        Raises:
            NotFound: the tenant has no such rule.
        """
        self.ensure(tenant)
        with self._storage.read(tenant) as session:
            return _view(find_rule(session, rule_id))

    def check(self, tenant: str, rule_id: str, pointer: str = "query:rule") -> str:
        """Return the id of a rule that there is, or that left alerts.

        Args:
            tenant: Whose.
            rule_id: The id.
            pointer: Where it stands in the request.

        Raises:
            InvalidInput: there is neither such a rule nor an alert of it.
        """
        left = select(FinanceAlert.id).where(FinanceAlert.rule_id == rule_id).limit(1)
        with self._storage.read(tenant) as session:
            if session.get(FinanceRule, (tenant, rule_id)) is None and session.scalar(left) is None:
                raise InvalidInput(
                    f"There is no rule {rule_id[:60]!r}.",
                    remedy="Give the id of a rule, not its name; list those there are.",
                    errors=[FieldError(pointer, "no such rule")],
                )
        return rule_id

    def list(self, tenant: str, *, behind: str | None = None, limit: int = MOST) -> Sequence[RuleView]:
        """Return rules, oldest first, from behind an id."""
        self.ensure(tenant)
        query = select(FinanceRule).order_by(FinanceRule.id).limit(limit)
        if behind is not None:
            query = query.where(FinanceRule.id > behind)
        with self._storage.read(tenant) as session:
            return [_view(row) for row in session.scalars(query)]


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(values)
    for name in ("entity", "topic"):
        if given.get(name) == "*":  # a way to say: each by itself
            given[name], given["each"] = "", name
    return given


def rule_of(row: FinanceRule) -> Rule:
    """Return a stored rule."""
    values = {each.name: getattr(row, each.name) for each in fields(Rule)}
    values.update(
        hold=timedelta(seconds=row.hold),
        calm=timedelta(seconds=row.calm),
        channels=tuple(row.channels),
        quiet_days=tuple(map(date.fromisoformat, row.quiet_days)),
    )
    return Rule(**values)


def find_rule(session: Session, rule_id: str) -> FinanceRule:
    """Return a rule's row.

    Raises:
        NotFound: the tenant has no such rule.
    """
    row = session.get(FinanceRule, (tenant_of(session), rule_id))
    if row is None:
        raise NotFound(f"There is no rule {rule_id!r}.", remedy="List those there are.")
    return row


def watch_row(session: Session) -> FinanceWatch:
    """Return the row that says how far the rules were judged; in a write."""
    row = session.get(FinanceWatch, (tenant_of(session), "alerts"))
    if row is None:
        row = FinanceWatch(part="alerts", sequence=0)
        session.add(row)
        session.flush()
    return row


def _make_defaults(session: Session, now: datetime) -> None:
    watch = watch_row(session)
    if watch.defaults_at is not None:
        return
    names = set(session.scalars(select(FinanceRule.name)))
    for rule in DEFAULTS:
        if rule.name not in names:
            row = FinanceRule(id=f"rule_{new_id()}", created_at=now)
            _store(session, row, rule, now, "created", "system")
    watch.defaults_at = now
    session.flush()


def _checked(rule: Rule) -> Rule:
    found = faults(rule)
    if found:
        raise InvalidInput(
            f"The rule does not fit together: {'; '.join(f'{name}: {fault}' for name, fault in found)}.",
            remedy="Change one of the fields.",
            errors=[FieldError(f"/{name}", fault) for name, fault in found],
        )
    return rule


def _store(session: Session, row: FinanceRule, rule: Rule, now: datetime, step: str, actor: str) -> RuleView:
    taken = select(FinanceRule.id).where(FinanceRule.name == rule.name, FinanceRule.id != row.id)
    if session.scalar(taken) is not None:
        raise Conflict(f"There is a rule {rule.name!r} already.", remedy="Take another name.")
    for place, channel in enumerate(rule.channels):
        check_channel(session, channel, f"/channels/{place}")
    for each in fields(Rule):
        if each.name != "id":
            setattr(row, each.name, getattr(rule, each.name))
    row.hold, row.calm = int(rule.hold.total_seconds()), int(rule.calm.total_seconds())
    row.channels, row.judged, row.updated_at = list(rule.channels), False, now
    row.quiet_days = [day.isoformat() for day in rule.quiet_days]
    session.add(row)
    session.flush()
    _record(session, row.id, step, actor, now)
    return _view(row)


def _close(session: Session, rule_id: str, now: datetime, actor: str) -> None:
    """Resolve the alerts of a rule, and free their places."""
    query = select(FinanceAlert).where(FinanceAlert.rule_id == rule_id, FinanceAlert.slot == "")
    for row in session.scalars(query.order_by(FinanceAlert.id)).all():
        row.slot = row.id
        if row.state in OPEN:
            was = row.state
            change(session, row, "resolved", now, actor=actor, reason="rule")
            if was != "pending":
                tell_resolved(session, row, now)
    session.flush()


def _record(session: Session, rule_id: str, step: str, actor: str, now: datetime) -> None:
    emit(session, f"finance.rule.{step}", {"id": rule_id})
    audit.record(session, actor=actor, action=f"finance.rule.{step}", subject=rule_id, at=now)


def _view(row: FinanceRule) -> RuleView:
    return RuleView(rule_of(row), row.created_at, row.updated_at)
