"""Channels, deliveries and their receipts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.storage.rls import protect
from core.storage.types import UtcDateTime

revision = "0004_delivery"
down_revision = "0003_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _channels()
    _deliveries()
    _receipts()
    for table in ("channels", "deliveries", "delivery_receipts"):
        protect(op, table)


def _text(name: str, length: int | None = None, *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=optional)


def _integer(name: str, *, optional: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=optional)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _moment(name: str, *, optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=optional)


def _channels() -> None:
    op.create_table(
        "channels",
        _text("tenant_id", 64),
        _text("id", 40),
        _text("kind", 16),
        _text("name", 200),
        _text("config"),
        _json("shown"),
        _json("topics"),
        _text("secret", optional=True),
        _text("previous_secret", optional=True),
        _moment("previous_until", optional=True),
        _integer("rate_per_minute"),
        _text("state", 16),
        _text("reason", 500, optional=True),
        _integer("failures"),
        _moment("paused_until", optional=True),
        _json("sent"),
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_channels"),
        sa.UniqueConstraint("tenant_id", "name", name="uq_channels_tenant_id_name"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        _text("tenant_id", 64),
        _text("id", 40),
        _text("channel_id", 40),
        _text("key", 200),
        _json("message"),
        _text("state", 16),
        _integer("tries"),
        _moment("next_at"),
        _moment("lease_until", optional=True),
        _moment("created_at"),
        _moment("finished_at", optional=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_deliveries"),
        sa.UniqueConstraint("tenant_id", "channel_id", "key", name="uq_deliveries_tenant_id_channel_id_key"),
    )
    op.create_index("ix_deliveries_state_next_at", "deliveries", ["state", "next_at"])
    columns = ["tenant_id", "channel_id", "state"]
    op.create_index("ix_deliveries_tenant_id_channel_id_state", "deliveries", columns)


def _receipts() -> None:
    op.create_table(
        "delivery_receipts",
        _text("tenant_id", 64),
        _text("delivery_id", 40),
        _integer("number"),
        _moment("at"),
        _text("outcome", 16),
        _integer("status", optional=True),
        _text("error", 500),
        _integer("milliseconds"),
        sa.PrimaryKeyConstraint("tenant_id", "delivery_id", "number", name="pk_delivery_receipts"),
    )
