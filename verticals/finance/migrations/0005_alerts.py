"""Rules, alerts and what befell them, subscribers and what they were told."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.storage.rls import protect
from core.storage.types import UtcDateTime

revision = "0005_alerts"
down_revision = "0004_trends"
branch_labels = None
depends_on = None


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _number(name: str, kind: Any = sa.Integer, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def _json(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=nullable)


def _table(name: str, *parts: sa.Column[Any] | sa.Constraint, key: tuple[str, ...]) -> None:
    op.create_table(
        name, _text("tenant_id", 64), *parts, sa.PrimaryKeyConstraint("tenant_id", *key, name=f"pk_{name}")
    )


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_tenant_id_{column}", table, ["tenant_id", column])


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint("tenant_id", *columns, name=f"uq_{table}_tenant_id_{'_'.join(columns)}")


def upgrade() -> None:
    """Apply."""
    _rules()
    _alerts()
    _changes()
    _subscribers()
    _notices()
    _watch()


def _rules() -> None:
    table = "finance_rules"
    _table(
        table,
        _text("id", 40),
        _text("name", 120),
        _text("kind", 16),
        _text("way", 16),
        _text("each", 16, nullable=True),
        _text("topic", 60),
        _text("entity", 120),
        _text("source", 120),
        _text("window", 4),
        _text("measure", 16),
        _number("at_least", sa.Float),
        _number("min_stories"),
        _number("false_alarms_per_year", sa.Float),
        _text("severity", 8),
        _number("hold"),
        _number("calm"),
        _number("enabled", sa.Boolean),
        _json("channel_ids"),
        _number("judged", sa.Boolean),
        _moment("created_at"),
        _moment("updated_at"),
        _unique(table, "name"),
        key=("id",),
    )
    protect(op, table)


def _alerts() -> None:
    table = "finance_alerts"
    moments = ("fired_at", "acknowledged_at", "silenced_until", "resolved_at", "calm_at")
    _table(
        table,
        _text("id", 40),
        _text("rule_id", 40),
        _text("rule_name", 120),
        _text("kind", 16),
        _text("topic", 60),
        _text("entity", 120),
        _text("source", 120),
        _text("slot", 40),
        _text("group_id", 40),
        _text("state", 16),
        _text("severity", 8),
        _text("entity_name", 200),
        _moment("pending_at"),
        *(_moment(name, nullable=True) for name in moments),
        _moment("updated_at"),
        _number("rounds"),
        _text("reason", 16, nullable=True),
        _number("no_data", sa.Boolean),
        _moment("since", nullable=True),
        _text("measure", 16),
        _number("observed", sa.Float),
        _number("limit", sa.Float),
        _number("expected", sa.Float, nullable=True),
        _number("statistic", sa.Float, nullable=True),
        *(_json(name) for name in ("counts", "evidence", "story_ids", "cancelling")),
        _unique(table, "rule_id", "topic", "entity", "source", "slot"),
        key=("id",),
    )
    _index(table, "slot")
    _index(table, "group_id")
    protect(op, table)


def _changes() -> None:
    table = "finance_alert_changes"
    _table(
        table,
        _text("alert_id", 40),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        _moment("at"),
        _text("was", 16, nullable=True),
        _text("became", 16),
        _text("actor", 200),
        _text("reason", 40),
        _number("observed", sa.Float),
        key=("alert_id", "number"),
    )
    protect(op, table)


def _subscribers() -> None:
    table = "finance_subscribers"
    _table(
        table,
        _text("id", 40),
        _text("name", 120),
        _text("channel_id", 40),
        _text("lang", 4),
        _number("enabled", sa.Boolean),
        _json("match"),
        _json("quiet", nullable=True),
        _json("escalate", nullable=True),
        _moment("created_at"),
        _moment("updated_at"),
        _unique(table, "name"),
        key=("id",),
    )
    protect(op, table)


def _notices() -> None:
    table = "finance_notices"
    _table(
        table,
        _text("alert_id", 40),
        _text("subscriber_id", 40),
        _text("step", 16),
        _text("group_id", 40),
        _text("severity", 8),
        _text("channel_id", 40),
        _text("lang", 4),
        _text("state", 8),
        _moment("at"),
        _moment("due_at"),
        _text("delivery_id", 40, nullable=True),
        _json("escalation", nullable=True),
        _moment("escalates_at", nullable=True),
        key=("alert_id", "subscriber_id", "step"),
    )
    for column in ("group_id", "state", "escalates_at"):
        _index(table, column)
    protect(op, table)


def _watch() -> None:
    table = "finance_watch"
    _table(
        table,
        _text("part", 16),
        _number("sequence", sa.BigInteger),
        _moment("judged_at", nullable=True),
        _moment("defaults_at", nullable=True),
        key=("part",),
    )
    protect(op, table)
