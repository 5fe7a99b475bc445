"""Rules, the alerts they raised, what befell each, and who was told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables import Base, TenantScoped


class FinanceRule(TenantScoped, Base):
    """A rule; what its fields mean stands in `policy.rules.Rule`.

    Attributes:
        judged: False after a change: then all its series are judged, whatever was counted since.
    """

    __tablename__ = "finance_rules"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(16))
    way: Mapped[str] = mapped_column(String(16))
    each: Mapped[str | None] = mapped_column(String(16))
    topic: Mapped[str] = mapped_column(String(60))
    entity: Mapped[str] = mapped_column(String(120))
    source: Mapped[str] = mapped_column(String(120))
    window: Mapped[str] = mapped_column(String(4))
    measure: Mapped[str] = mapped_column(String(16))
    at_least: Mapped[float] = mapped_column(Float)
    min_stories: Mapped[int] = mapped_column(Integer)
    false_alarms_per_year: Mapped[float] = mapped_column(Float)
    severity: Mapped[str] = mapped_column(String(8))
    hold: Mapped[int] = mapped_column(Integer)
    calm: Mapped[int] = mapped_column(Integer)
    enabled: Mapped[bool]
    channels: Mapped[list[Any]] = mapped_column("channel_ids")
    lang: Mapped[str] = mapped_column(String(8), default="en", server_default="en")
    quiet_days: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    zone: Mapped[str] = mapped_column(String(60), default="UTC", server_default="UTC")
    judged: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class FinanceAlert(TenantScoped, Base):
    """One alert of one (rule, series); a series is (topic, entity, source), each empty for any.

    Attributes:
        slot: Empty while it occupies its series, its id afterwards: so of a series there is one at a time.
        group_id: Alerts over the same stories share it; people are told of a group once.
        state: `pending`, `firing`, `acknowledged`, `silenced` or `resolved`.
        entity_name: As documents call the company.
        pending_at: When the rule first held.
        fired_at: When it first fired; None for one that never did.
        calm_at: Since when the rule does not hold.
        silenced_until: End of a silence.
        rounds: How often it fired: once more after each silence that ended while the rule held.
        reason: Why it was resolved: `calm`, `hand`, `rule` (changed, disabled or deleted).
        no_data: Its sources are silent, so that nobody knows whether it is calm.
        since: Where in event time it began.
        observed: What was measured, in the rule's measure; `limit` is what it had to reach.
        statistic: The detector's value.
        counts: `count`, `negative`, `reach` of the window, its `start` and `end`.
        evidence: Stories of the window, at most 50; `total` says how many there are.
        story_ids: All that are evidence, at most 500.
        cancelling: The smallest set of stories without which the rule would not hold.
    """

    __tablename__ = "finance_alerts"
    __table_args__ = (
        UniqueConstraint("tenant_id", "rule_id", "topic", "entity", "source", "slot"),
        Index(None, "tenant_id", "slot"),
        Index(None, "tenant_id", "group_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    rule_id: Mapped[str] = mapped_column(String(40))
    rule_name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(16))
    topic: Mapped[str] = mapped_column(String(60))
    entity: Mapped[str] = mapped_column(String(120))
    source: Mapped[str] = mapped_column(String(120))
    slot: Mapped[str] = mapped_column(String(40))
    group_id: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(16))
    severity: Mapped[str] = mapped_column(String(8))
    entity_name: Mapped[str] = mapped_column(String(200))
    pending_at: Mapped[datetime]
    fired_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    silenced_until: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    calm_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
    rounds: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str | None] = mapped_column(String(16))
    no_data: Mapped[bool]
    since: Mapped[datetime | None]
    measure: Mapped[str] = mapped_column(String(16))
    observed: Mapped[float] = mapped_column(Float)
    limit: Mapped[float] = mapped_column(Float)
    expected: Mapped[float | None] = mapped_column(Float)
    statistic: Mapped[float | None] = mapped_column(Float)
    counts: Mapped[dict[str, Any]]
    evidence: Mapped[dict[str, Any]]
    story_ids: Mapped[list[Any]]
    cancelling: Mapped[dict[str, Any]]


class FinanceAlertChange(TenantScoped, Base):
    """One change of an alert's state, numbered from 1."""

    __tablename__ = "finance_alert_changes"

    alert_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    was: Mapped[str | None] = mapped_column(String(16))
    became: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(40))
    observed: Mapped[float] = mapped_column(Float)


class FinanceSubscriber(TenantScoped, Base):
    """Who is told, of what, where and when.

    Attributes:
        match: `severity_at_least`, and lists `topics`, `entities`, `rules`; an empty list matches all.
        quiet: Hours in which nobody is disturbed, see `policy.quiet`; None for none.
        escalate: `after_minutes` and `channel_id`; None for none.
    """

    __tablename__ = "finance_subscribers"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    channel_id: Mapped[str] = mapped_column(String(40))
    lang: Mapped[str] = mapped_column(String(4))
    enabled: Mapped[bool]
    match: Mapped[dict[str, Any]]
    quiet: Mapped[dict[str, Any] | None]
    escalate: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class FinanceNotice(TenantScoped, Base):
    """What one subscriber is told of one step of one alert.

    Attributes:
        subscriber_id: Or the id of a channel that the rule names itself.
        step: `fired:1`, `fired:2` (after a silence), `resolved`.
        state: `held` until the quiet hours end, `queued` for delivery, `over` with its group, or `dropped`:
            it was over before it was queued.
        due_at: End of the quiet hours.
        delivery_id: Of the delivery it became.
        escalates_at: When it goes to the channel of escalation too; None where it never will, or has been.
    """

    __tablename__ = "finance_notices"
    __table_args__ = (
        Index(None, "tenant_id", "group_id"),
        Index(None, "tenant_id", "state"),
        Index(None, "tenant_id", "escalates_at"),
    )

    alert_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    subscriber_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    step: Mapped[str] = mapped_column(String(16), primary_key=True)
    group_id: Mapped[str] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(8))
    channel_id: Mapped[str] = mapped_column(String(40))
    lang: Mapped[str] = mapped_column(String(4))
    state: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime]
    due_at: Mapped[datetime]
    delivery_id: Mapped[str | None] = mapped_column(String(40))
    escalation: Mapped[dict[str, Any] | None]
    escalates_at: Mapped[datetime | None]


class FinanceWatch(TenantScoped, Base):
    """How far the rules were judged; one row a tenant.

    Attributes:
        sequence: Number of the last row of the ledger that was looked at.
        judged_at: When.
        defaults_at: When the rules that everybody begins with were made.
    """

    __tablename__ = "finance_watch"

    part: Mapped[str] = mapped_column(String(16), primary_key=True, default="alerts")
    sequence: Mapped[int] = mapped_column(BigInteger)
    judged_at: Mapped[datetime | None]
    defaults_at: Mapped[datetime | None]
