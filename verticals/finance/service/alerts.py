"""The use case: look at alerts, acknowledge, silence and resolve them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Conflict, FieldError, InvalidInput, NotFound
from core.ports import Clock
from core.storage.engine import Storage
from core.storage.tenancy import tenant_of
from verticals.finance.service.alert_steps import change
from verticals.finance.service.routing import tell_resolved
from verticals.finance.tables import FinanceAlert, FinanceAlertChange

LONGEST_SILENCE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class AlertChange:
    """One change of state."""

    at: datetime
    was: str | None
    became: str
    actor: str
    reason: str
    observed: float


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert; its fields mean what they mean in tables.alerts.

    Attributes:
        log: What befell it, oldest first; empty in lists.
    """

    id: str
    group_id: str
    rule_id: str
    rule: str
    kind: str
    state: str
    severity: str
    topic: str
    entity: str
    entity_name: str
    source: str
    measure: str
    observed: float
    limit: float
    expected: float | None
    statistic: float | None
    since: datetime | None
    no_data: bool
    pending_at: datetime
    fired_at: datetime | None
    acknowledged_at: datetime | None
    silenced_until: datetime | None
    resolved_at: datetime | None
    reason: str | None
    updated_at: datetime
    counts: Mapping[str, Any]
    evidence: Mapping[str, Any]
    cancelling: Mapping[str, Any]
    log: tuple[AlertChange, ...] = ()


class Alerts:
    """A tenant's alerts.

    Args:
        storage: Where they are kept.
        clock: Tells when something was done with them.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def list(
        self,
        tenant: str,
        *,
        state: str | None = None,
        severity: str | None = None,
        rule: str | None = None,
        entity: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[AlertView]:
        """Return alerts, the newest first.

        Args:
            tenant: Whose.
            state: Only of this state; `open` for all that go on.
            severity: Only of this severity.
            rule: Only of the rule with this id.
            entity: Only of the company with this id.
            before: Id of the last one of the page before.
            limit: At most so many.
        """
        alert = FinanceAlert
        query = select(alert).order_by(alert.id.desc()).limit(limit)
        if state == "open":
            query = query.where(alert.state != "resolved")
        given = {
            alert.state: state if state != "open" else None,
            alert.severity: severity,
            alert.rule_id: rule,
            alert.entity: entity,
        }
        for column, value in given.items():
            if value is not None:
                query = query.where(column == value)
        if before is not None:
            query = query.where(alert.id < before)
        with self._storage.read(tenant) as session:
            return [_view(row) for row in session.scalars(query)]

    def get(self, tenant: str, alert_id: str) -> AlertView:
        """Return one alert with its log.

        Raises:
            NotFound: the tenant has no such alert.
        """
        with self._storage.read(tenant) as session:
            return _whole(session, _find(session, alert_id))

    def acknowledge(self, tenant: str, alert_id: str, *, actor: str) -> AlertView:
        """Note that somebody has seen it; it stays so until it is over.

        Of its group nothing is escalated that was there or is no worse; what is worse and comes later is.

        Raises:
            NotFound: the tenant has no such alert.
            Conflict: it does not fire.
        """

        def write(session: Session) -> AlertView:
            row = _find(session, alert_id)
            if row.state != "acknowledged":
                _require(row, ("firing", "silenced"), "acknowledged")
                change(session, row, "acknowledged", self._clock.now(), actor=actor, reason="hand")
            return _whole(session, row)

        return self._storage.write(tenant, write)

    def silence(self, tenant: str, alert_id: str, until: datetime, *, actor: str) -> AlertView:
        """Be quiet about it until then; if it still fires, people are told again.

        Raises:
            NotFound: the tenant has no such alert.
            InvalidInput: the end lies in the past, or too far ahead.
            Conflict: it does not fire.
        """

        def write(session: Session) -> AlertView:
            now = self._clock.now()
            if not now < until <= now + LONGEST_SILENCE:
                raise InvalidInput(
                    "A silence ends in the future, within 90 days.",
                    remedy="Send another `until`, or `minutes`.",
                    errors=[FieldError("/until", "not within the next 90 days")],
                )
            row = _find(session, alert_id)
            if row.state != "silenced" or row.silenced_until != until:
                _require(row, ("firing", "acknowledged", "silenced"), "silenced")
                row.silenced_until = until
                change(session, row, "silenced", now, actor=actor, reason="hand")
            return _whole(session, row)

        return self._storage.write(tenant, write)

    def silence_for(self, tenant: str, alert_id: str, minutes: int, *, actor: str) -> AlertView:
        """Be quiet about it for some minutes; see `silence`."""
        until = self._clock.now() + timedelta(minutes=minutes)
        return self.silence(tenant, alert_id, until, actor=actor)

    def resolve(self, tenant: str, alert_id: str, *, actor: str) -> AlertView:
        """End it by hand; it is not raised anew before its rule did not hold once.

        Raises:
            NotFound: the tenant has no such alert.
            Conflict: it has not fired.
        """

        def write(session: Session) -> AlertView:
            row, now = _find(session, alert_id), self._clock.now()
            if row.state != "resolved":
                _require(row, ("firing", "acknowledged", "silenced"), "resolved")
                change(session, row, "resolved", now, actor=actor, reason="hand")
                tell_resolved(session, row, now)
            return _whole(session, row)

        return self._storage.write(tenant, write)


def _require(row: FinanceAlert, states: tuple[str, ...], became: str) -> None:
    if row.state not in states:
        raise Conflict(
            f"The alert is {row.state}; it cannot be {became}.",
            remedy="Only an alert that fired and is not resolved can be changed.",
        )


def _find(session: Session, alert_id: str) -> FinanceAlert:
    row = session.get(FinanceAlert, (tenant_of(session), alert_id))
    if row is None:
        raise NotFound(f"There is no alert {alert_id!r}.", remedy="List those there are.")
    return row


def _whole(session: Session, row: FinanceAlert) -> AlertView:
    query = select(FinanceAlertChange).where(FinanceAlertChange.alert_id == row.id)
    log = tuple(
        AlertChange(one.at, one.was, one.became, one.actor, one.reason, one.observed)
        for one in session.scalars(query.order_by(FinanceAlertChange.number))
    )
    return _view(row, log)


def _view(row: FinanceAlert, log: tuple[AlertChange, ...] = ()) -> AlertView:
    same = (name for name in AlertView.__dataclass_fields__ if name not in ("rule", "log"))
    return AlertView(rule=row.rule_name, log=log, **{name: getattr(row, name) for name in same})
