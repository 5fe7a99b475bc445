"""Jobs with keys and waits, schedules, connections, dead letters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from core.storage.rls import protect
from core.storage.types import UtcDateTime

revision = "0003_jobs"
down_revision = "0002_retrieval"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for column in (
        _text("key", 200, optional=True),
        _time("not_before", optional=True),
        _text("actor", 200, optional=True),
        sa.Column("effects", sa.JSON(), nullable=True),
    ):
        op.add_column("jobs", column)
    op.create_index("ix_jobs_tenant_id_kind_key", "jobs", ["tenant_id", "kind", "key"])
    _schedules()
    _connections()
    _dead_letters()


def _text(name: str, length: int | None = None, *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=optional)


def _time(name: str, *, optional: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, UtcDateTime(), nullable=optional)


def _tenant_table(name: str, key: str, *columns: SchemaItem) -> None:
    primary = sa.PrimaryKeyConstraint("tenant_id", key, name=f"pk_{name}")
    op.create_table(name, _text("tenant_id", 64), *columns, primary)
    protect(op, name)


def _schedules() -> None:
    _tenant_table(
        "schedules",
        "name",
        _text("name", 200),
        _text("kind", 200),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("every", sa.Float(), nullable=False),
        _time("next_at"),
        _time("last_at", optional=True),
    )
    op.create_index("ix_schedules_next_at", "schedules", ["next_at"])


def _connections() -> None:
    _tenant_table(
        "connections",
        "id",
        _text("id", 80),
        _text("name", 200),
        _text("kind", 200),
        _text("vertical", 64),
        sa.Column("config", sa.JSON(), nullable=False),
        _text("secret", optional=True),
        sa.Column("every", sa.Float(), nullable=False),
        _text("cursor", optional=True),
        _text("state", 16),
        sa.Column("caught_up", sa.Boolean(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.JSON(), nullable=True),
        _time("created_at"),
        _time("next_at"),
        _time("last_read_at", optional=True),
        _time("last_record_at", optional=True),
        sa.UniqueConstraint("tenant_id", "name", name="uq_connections_tenant_id_name"),
    )
    op.create_index("ix_connections_next_at", "connections", ["next_at"])


def _dead_letters() -> None:
    _tenant_table(
        "dead_letters",
        "id",
        _text("id", 80),
        _text("connection_id", 80),
        _text("place", 400),
        _text("reason", 1000),
        _text("raw"),
        _time("at"),
        sa.UniqueConstraint(
            "tenant_id",
            "connection_id",
            "place",
            name="uq_dead_letters_tenant_id_connection_id_place",
        ),
    )
