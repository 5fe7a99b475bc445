"""Items, events, sessions and impressions of recommend."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.storage.rls import protect
from core.storage.types import UtcDateTime

revision = "0001_recommend"
down_revision = None
branch_labels = ("recommend",)
depends_on = "0001_core"


def _create(name: str, key: tuple[str, ...], *columns: sa.Column[Any]) -> None:
    tenant = sa.Column("tenant_id", sa.String(64), nullable=False)
    op.create_table(name, tenant, *columns, sa.PrimaryKeyConstraint("tenant_id", *key, name=f"pk_{name}"))


def _index(name: str, *columns: str) -> None:
    op.create_index(f"ix_{name}_tenant_id_{'_'.join(columns)}", name, ["tenant_id", *columns])


def _events() -> None:
    name = "recommend_events"
    _create(
        name,
        ("event_id",),
        sa.Column("event_id", sa.String(200), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(200), nullable=True),
        sa.Column("session_id", sa.String(200), nullable=True),
        sa.Column("item_id", sa.String(200), nullable=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("recommendation_id", sa.String(200), nullable=True),
        sa.Column("impression", sa.JSON(), nullable=True),
    )
    for columns in (("user_id", "at"), ("session_id", "at"), ("sequence",), ("at",)):
        _index(name, *columns)


def _items() -> None:
    _create(
        "recommend_items",
        ("id",),
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("reading", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.Column("encoder", sa.String(64), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
    )
    _index("recommend_items", "generation")


def _impressions() -> None:
    _create(
        "recommend_impressions",
        ("id",),
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("user_id", sa.String(200), nullable=True),
        sa.Column("session_id", sa.String(200), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("policy", sa.String(200), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("diversity", sa.Float(), nullable=False),
        sa.Column("explore", sa.Float(), nullable=False),
    )
    _index("recommend_impressions", "at")


def upgrade() -> None:
    """Apply."""
    _create(
        "recommend_states",
        (),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
    )
    _items()
    _events()
    _create(
        "recommend_sessions",
        ("session_id",),
        sa.Column("session_id", sa.String(200), nullable=False),
        sa.Column("user_id", sa.String(200), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
    )
    _index("recommend_sessions", "sequence")
    _impressions()
    for table in ("states", "items", "events", "sessions", "impressions"):
        protect(op, f"recommend_{table}")
