"""Who is told of an alert: queued in the transaction that changed it, held in quiet hours, escalated.

People are told of a group once: of alerts over the same stories the first is told, and another only where it
is more severe than what was told. What is held is told once when the quiet hours end, if it fires then.
Notices of a group are one thread on a channel: the latest takes the place of those that have not arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.delivery.message import Message
from core.delivery.queue import enqueue, withdraw
from core.delivery.tables import Channel
from core.storage.tenancy import tenant_of
from verticals.finance.policy import wording
from verticals.finance.policy.alerting import TOLD
from verticals.finance.policy.quiet import quiet_until
from verticals.finance.policy.rules import SEVERITIES
from verticals.finance.service.alert_steps import escalated, payload
from verticals.finance.service.subscribers import quiet_hours
from verticals.finance.tables import (
    FinanceAlert,
    FinanceAlertChange,
    FinanceNotice,
    FinanceRule,
    FinanceSubscriber,
)


@dataclass(frozen=True, slots=True)
class _Target:
    """Somebody who is told: a subscriber, or a channel that a rule names."""

    id: str
    channel_id: str
    lang: str
    held_until: datetime | None = None
    escalate: dict[str, Any] | None = None


def tell_fired(session: Session, row: FinanceAlert, now: datetime) -> None:
    """Tell of an alert that fires, in the transaction in which it fired (again)."""
    step = f"fired:{row.rounds}"
    for target in _targets(session, row, now):
        if row.rounds > 1 or not _knows(session, target.id, row):
            _notice(session, row, target, step, now)


def tell_resolved(session: Session, row: FinanceAlert, now: datetime, *, silenced: bool = False) -> None:
    """Tell that a group is over, to those who are told that it fired; drop what was held or has not arrived.

    Args:
        session: From storage.write.
        row: The alert that is resolved.
        now: The moment.
        silenced: Whether it ended under a silence, so that nobody is told.
    """
    if _others(session, row):
        return
    withdraw(session, _thread(row), now=now)
    told = set()
    for notice in session.scalars(_of_group(row.group_id)):
        if notice.state == "held":
            notice.state, notice.escalates_at = "dropped", None
        elif notice.state == "queued" and notice.step != "resolved":
            notice.state, notice.escalates_at = "over", None
            told.add(notice.subscriber_id)
    session.flush()
    if silenced:
        return
    targets = {each.id: each for each in _targets(session, row, now, everybody=True)}
    for subscriber_id in sorted(told):
        target = targets.get(subscriber_id)
        if target is not None and row.reason is not None:
            _notice(session, row, target, "resolved", now)


def owed(session: Session, row: FinanceAlert) -> bool:
    """Tell whether another of the group ended that was not silenced: its end waits for this one's."""
    same = (FinanceAlertChange.tenant_id == FinanceAlert.tenant_id) & (
        FinanceAlertChange.alert_id == FinanceAlert.id
    )
    ended = (
        select(FinanceAlert.id)
        .join(FinanceAlertChange, same)
        .where(
            FinanceAlert.group_id == row.group_id,
            FinanceAlert.id != row.id,
            FinanceAlertChange.became == "resolved",
            FinanceAlertChange.was.in_(("firing", "acknowledged")),
        )
    )
    return session.scalar(ended.limit(1)) is not None


def tell_due(session: Session, now: datetime) -> int:
    """Tell what was held and is due, and escalate what nobody answered; return how many were touched."""
    held = select(FinanceNotice).where(FinanceNotice.state == "held", FinanceNotice.due_at <= now)
    waiting = select(FinanceNotice).where(
        FinanceNotice.escalates_at.is_not(None), FinanceNotice.escalates_at <= now
    )
    touched = 0
    for notice in session.scalars(held.order_by(FinanceNotice.due_at, FinanceNotice.alert_id)).all():
        _release(session, notice, now)
        touched += 1
    for notice in session.scalars(waiting.order_by(FinanceNotice.alert_id)).all():
        _escalate(session, notice, now)
        touched += 1
    session.flush()
    return touched


def is_due(session: Session, now: datetime) -> bool:
    """Tell whether `tell_due` has anything to do."""
    due = select(FinanceNotice.alert_id).where(
        ((FinanceNotice.state == "held") & (FinanceNotice.due_at <= now))
        | (FinanceNotice.escalates_at.is_not(None) & (FinanceNotice.escalates_at <= now))
    )
    return session.scalar(due.limit(1)) is not None


def matches(match: dict[str, Any], row: FinanceAlert) -> bool:
    """Tell whether a subscriber wants to know of an alert; what is not said matches everything."""
    least = match.get("severity_at_least")
    if least is not None and SEVERITIES[row.severity] < SEVERITIES[least]:
        return False
    wanted = ((match.get("topics"), row.topic), (match.get("entities"), row.entity))
    return all(not of or is_ in of for of, is_ in (*wanted, (match.get("rules"), row.rule_id)))


def _targets(session: Session, row: FinanceAlert, now: datetime, *, everybody: bool = False) -> list[_Target]:
    found = []
    for each in session.scalars(select(FinanceSubscriber).order_by(FinanceSubscriber.id)):
        if each.enabled and (everybody or matches(each.match, row)):
            until = _held_until(each, row, now)
            found.append(_Target(each.id, each.channel_id, each.lang, until, each.escalate))
    rule = session.get(FinanceRule, (tenant_of(session), row.rule_id))
    if rule is not None:
        found += [_Target(str(channel), str(channel), rule.lang) for channel in rule.channels]
    return found


def _held_until(each: FinanceSubscriber, row: FinanceAlert, now: datetime) -> datetime | None:
    if each.quiet is None:
        return None
    hours = quiet_hours(each.quiet)
    spared = hours.except_severity
    if spared is not None and SEVERITIES[row.severity] >= SEVERITIES[spared]:
        return None
    return quiet_until(hours, now)


def _knows(session: Session, target_id: str, row: FinanceAlert) -> bool:
    """Tell whether somebody was told of the group while it goes on, as severe as this or more."""
    query = _of_group(row.group_id).where(
        FinanceNotice.subscriber_id == target_id, FinanceNotice.state.in_(("held", "queued"))
    )
    known = [notice for notice in session.scalars(query) if notice.step != "resolved"]
    return any(SEVERITIES[notice.severity] >= SEVERITIES[row.severity] for notice in known)


def _of_group(group_id: str) -> Any:
    query = select(FinanceNotice).where(FinanceNotice.group_id == group_id)
    return query.order_by(FinanceNotice.at, FinanceNotice.alert_id, FinanceNotice.step)


def _others(session: Session, row: FinanceAlert) -> Sequence[FinanceAlert]:
    """Return the other alerts of a group that go on."""
    query = select(FinanceAlert).where(
        FinanceAlert.group_id == row.group_id, FinanceAlert.id != row.id, FinanceAlert.state.in_(TOLD)
    )
    return session.scalars(query.order_by(FinanceAlert.id)).all()


def _notice(session: Session, row: FinanceAlert, target: _Target, step: str, now: datetime) -> None:
    known = session.get(FinanceNotice, (tenant_of(session), row.id, target.id, step))
    if known is not None:
        return
    notice = FinanceNotice(
        alert_id=row.id,
        subscriber_id=target.id,
        step=step,
        group_id=row.group_id,
        severity=row.severity,
        channel_id=target.channel_id,
        lang=target.lang,
        state="held",
        at=now,
        due_at=target.held_until or now,
        escalation=target.escalate if step != "resolved" else None,
    )
    session.add(notice)
    session.flush()
    if target.held_until is None:
        _queue(session, notice, row, now)


def _release(session: Session, notice: FinanceNotice, now: datetime) -> None:
    """Tell what was held, if it is still so."""
    row = session.get(FinanceAlert, (tenant_of(session), notice.alert_id))
    if row is None:
        notice.state = "dropped"
        return
    group = [row, *_others(session, row)]
    firing = [one for one in group if one.state == "firing"]
    if notice.step == "resolved":
        _queue(session, notice, row, now)
    elif firing:
        _queue(session, notice, firing[0] if row.state != "firing" else row, now)
    else:
        notice.state = "dropped"


def _queue(session: Session, notice: FinanceNotice, row: FinanceAlert, now: datetime) -> None:
    kind = notice.step.partition(":")[0]
    step = "again" if kind == "fired" and row.rounds > 1 else kind
    key = f"{notice.alert_id}:{notice.step}"
    notice.delivery_id = _send(session, notice.channel_id, row, step, notice.lang, key, now)
    notice.state = "queued" if notice.delivery_id is not None else "dropped"
    if notice.escalation is not None and notice.delivery_id is not None:
        notice.escalates_at = now + timedelta(minutes=notice.escalation["after_minutes"])
    session.flush()


def _escalate(session: Session, notice: FinanceNotice, now: datetime) -> None:
    """Tell the next channel, once, unless somebody has answered."""
    notice.escalates_at = None
    waiting = _unanswered(session, notice)
    if not waiting or notice.escalation is None:
        return
    key = f"{notice.alert_id}:escalated:{notice.step.rpartition(':')[2]}"
    channel = str(notice.escalation["channel_id"])
    if _send(session, channel, waiting[0], "escalated", notice.lang, key, now) is not None:
        escalated(session, waiting[0], now, notice.subscriber_id)


def _unanswered(session: Session, notice: FinanceNotice) -> list[FinanceAlert]:
    """Return what fires of what a notice spoke for and nobody has answered, its own alert first.

    What is worse has a notice of its own, and a later moment at which it is escalated.
    """
    query = select(FinanceAlert).where(FinanceAlert.group_id == notice.group_id).order_by(FinanceAlert.id)
    group = session.scalars(query).all()
    waiting = [
        one
        for one in group
        if one.state == "firing"
        and SEVERITIES[one.severity] <= SEVERITIES[notice.severity]
        and not any(_answers(other, one) for other in group)
    ]
    return sorted(waiting, key=lambda one: one.id != notice.alert_id)


def _answers(one: FinanceAlert, other: FinanceAlert) -> bool:
    """Tell whether who acknowledged one alert has answered another: it was there, or is no worse."""
    if one.acknowledged_at is None or other.fired_at is None:
        return False
    no_worse = one.state in TOLD and SEVERITIES[other.severity] <= SEVERITIES[one.severity]
    return no_worse or other.fired_at <= one.acknowledged_at


def _send(
    session: Session, channel_id: str, row: FinanceAlert, step: str, lang: str, key: str, now: datetime
) -> str | None:
    if session.get(Channel, (tenant_of(session), channel_id)) is None:
        return None
    told = _told(session, row, step)
    message = Message(
        wording.title(told, lang),
        wording.body(told, lang),
        severity=wording.severity(row.severity, lang),
        data={**payload(row), "step": step, "story_ids": row.story_ids[:20]},
        topic=f"finance.alert.{'fired' if step == 'again' else step}",
    )
    return enqueue(session, channel_id, message, key=key, thread=_thread(row), replaces=True, now=now)


def _thread(row: FinanceAlert) -> str:
    return f"finance.alert.group:{row.group_id}"


def _told(session: Session, row: FinanceAlert, step: str) -> wording.Told:
    rule = session.get(FinanceRule, (tenant_of(session), row.rule_id))
    return wording.Told(
        step=step,
        kind=row.kind,
        subject=row.entity_name or row.entity or row.topic or row.source,
        rule=row.rule_name,
        window=rule.window if rule else "1d",
        measure=row.measure,
        observed=row.observed,
        limit=row.limit,
        expected=row.expected,
        since=row.since,
        counts=row.counts,
        cancelling=int(row.cancelling.get("size", 0)),
        others=len(_others(session, row)),
        reason=row.reason or "calm",
        fired_at=row.fired_at,
        resolved_at=row.resolved_at,
    )
