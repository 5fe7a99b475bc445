"""The core's first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from core.storage.rls import protect
from core.storage.types import UtcDateTime

revision = "0001_core"
down_revision = None
branch_labels = ("core",)
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "tenants",
        _text("id", 64),
        _text("name", 200),
        _text("state", 16),
        _time("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_tenants"),
    )
    protect(op, "tenants", None)
    _security()
    _trail()
    _work()


def _text(name: str, length: int, *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=optional)


def _time(name: str, *, optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=optional)


def _json(name: str, *, optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=optional)


def _tenant_table(name: str, key: tuple[str, ...], *columns: SchemaItem) -> None:
    op.create_table(
        name,
        _text("tenant_id", 64),
        *columns,
        sa.PrimaryKeyConstraint("tenant_id", *key, name=f"pk_{name}"),
    )
    protect(op, name)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _security() -> None:
    _tenant_table(
        "api_keys",
        ("id",),
        _text("id", 32),
        _text("digest", 64),
        _json("scopes"),
        sa.Column("publishable", sa.Boolean(), nullable=False),
        _json("origins"),
        _time("created_at"),
        _time("expires_at", optional=True),
        _time("revoked_at", optional=True),
    )
    _index("api_keys", "id")
    _tenant_table(
        "idempotency_records",
        ("route", "key"),
        _text("route", 200),
        _text("key", 255),
        _text("request_hash", 128),
        sa.Column("status", sa.Integer(), nullable=True),
        _text("media_type", 100, optional=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        _time("lease_until"),
        _time("expires_at"),
    )
    _index("idempotency_records", "expires_at")


def _trail() -> None:
    _tenant_table(
        "outbox_events",
        ("id",),
        _text("id", 26),
        _text("topic", 200),
        _json("payload"),
        _time("created_at"),
        _time("delivered_at", optional=True),
    )
    _index("outbox_events", "delivered_at", "id")
    _tenant_table(
        "audit_entries",
        ("sequence",),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        _time("at"),
        _text("actor", 200),
        _text("action", 200),
        _text("subject", 400),
        _json("detail"),
        _text("previous", 64),
        _text("digest", 64),
    )
    _tenant_table("audit_heads", (), sa.Column("sequence", sa.Integer(), nullable=False), _text("digest", 64))


def _work() -> None:
    _tenant_table(
        "model_versions",
        ("id",),
        _text("id", 80),
        _text("task", 200),
        _text("stage", 16),
        _text("path", 1000),
        _json("manifest"),
        _text("parent", 80, optional=True),
        _time("created_at"),
        _time("promoted_at", optional=True),
    )
    _index("model_versions", "tenant_id", "task", "stage")
    _tenant_table(
        "datasets",
        ("id",),
        _text("id", 80),
        _text("name", 200),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("sha256", 64),
        sa.Column("rows", sa.Integer(), nullable=False),
        _text("path", 1000),
        _json("columns"),
        _time("created_at"),
        sa.UniqueConstraint("tenant_id", "name", "version", name="uq_datasets_tenant_id_name_version"),
    )
    _jobs()


def _jobs() -> None:
    _tenant_table(
        "jobs",
        ("id",),
        _text("id", 80),
        _text("kind", 200),
        _json("payload"),
        _text("state", 16),
        sa.Column("percent", sa.Float(), nullable=False),
        _json("log"),
        _json("result", optional=True),
        _json("error", optional=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        _time("lease_until", optional=True),
        _time("created_at"),
        _time("started_at", optional=True),
        _time("finished_at", optional=True),
    )
    _index("jobs", "state", "created_at")
