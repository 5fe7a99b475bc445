"""One change of an alert's state: the row, its log, the event and the audit, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.storage import audit
from core.storage.outbox import emit
from verticals.finance.policy.alerting import State
from verticals.finance.tables import FinanceAlert, FinanceAlertChange

SYSTEM_ACTOR = "system"
_EVENTS = {
    "firing": "fired",
    "acknowledged": "acknowledged",
    "silenced": "silenced",
    "resolved": "resolved",
}


def change(
    session: Session, row: FinanceAlert, became: State, at: datetime, *, actor: str, reason: str
) -> None:
    """Let an alert become another state; told in the outbox unless it never fired.

    Args:
        session: From storage.write.
        row: The alert, new or not.
        became: Its next state.
        at: When.
        actor: Key id, `cli` or `system`.
        reason: A word for the log.
    """
    was = row.state or None
    _stamp(row, became, at, reason)
    session.add(row)
    session.flush()
    _log(session, row, was, at, actor, reason)
    told = became in _EVENTS and (became != "resolved" or row.fired_at is not None)
    if told:
        emit(session, f"finance.alert.{_EVENTS[became]}", payload(row))
        verb = _EVENTS[became]
        detail = {"rule_id": row.rule_id, "was": was, "reason": reason}
        audit.record(
            session, actor=actor, action=f"finance.alert.{verb}", subject=row.id, detail=detail, at=at
        )


def escalated(session: Session, row: FinanceAlert, at: datetime, subscriber_id: str) -> None:
    """Note that an alert went to the channel of escalation; its state stays."""
    _log(session, row, row.state, at, SYSTEM_ACTOR, "escalated")
    emit(session, "finance.alert.escalated", {**payload(row), "subscriber_id": subscriber_id})
    detail = {"rule_id": row.rule_id, "subscriber_id": subscriber_id}
    audit.record(
        session,
        actor=SYSTEM_ACTOR,
        action="finance.alert.escalated",
        subject=row.id,
        detail=detail,
        at=at,
    )


def payload(row: FinanceAlert) -> dict[str, Any]:
    """Return what programs are told of an alert: ids and numbers, no texts."""
    return {
        "id": row.id,
        "group_id": row.group_id,
        "rule_id": row.rule_id,
        "kind": row.kind,
        "state": row.state,
        "severity": row.severity,
        "topic": row.topic or None,
        "entity": row.entity or None,
        "source": row.source or None,
        "measure": row.measure,
        "observed": row.observed,
        "expected": row.expected,
        "since": row.since.isoformat() if row.since else None,
        "round": row.rounds,
        "reason": row.reason,
        **row.counts,
    }


def _stamp(row: FinanceAlert, became: State, at: datetime, reason: str) -> None:
    row.state, row.updated_at = became, at
    row.silenced_until = row.silenced_until if became == "silenced" else None
    if became == "firing":
        row.fired_at = row.fired_at or at
        row.acknowledged_at = None
        row.rounds += 1
    elif became == "acknowledged":
        row.acknowledged_at = at
    elif became == "resolved":
        row.resolved_at, row.reason = at, reason


def _log(session: Session, row: FinanceAlert, was: str | None, at: datetime, actor: str, reason: str) -> None:
    last = select(func.max(FinanceAlertChange.number)).where(FinanceAlertChange.alert_id == row.id)
    session.add(
        FinanceAlertChange(
            alert_id=row.id,
            number=(session.scalar(last) or 0) + 1,
            at=at,
            was=was,
            became=row.state,
            actor=actor,
            reason=reason,
            observed=row.observed,
        )
    )
    session.flush()
