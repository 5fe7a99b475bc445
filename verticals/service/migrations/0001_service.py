"""Conversations, messages, feedback, approved answers and waiting documents of service."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.storage.rls import protect
from core.storage.types import UtcDateTime

revision = "0001_service"
down_revision = None
branch_labels = ("service",)
depends_on = "0001_core"


def _text(name: str, length: int | None = None, *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=optional)


def _time(name: str) -> sa.Column[Any]:
    return sa.Column(name, UtcDateTime(), nullable=False)


def _table(name: str, keys: list[str], *columns: sa.Column[Any], indexes: tuple[list[str], ...] = ()) -> None:
    primary = sa.PrimaryKeyConstraint("tenant_id", *keys, name=f"pk_{name}")
    op.create_table(name, _text("tenant_id", 64), *columns, primary)
    for index in indexes:
        op.create_index(f"ix_{name}_tenant_id_{'_'.join(index)}", name, ["tenant_id", *index])
    protect(op, name)


def _make_talk() -> None:
    _table(
        "service_conversations",
        ["id"],
        _text("id", 26),
        _text("state", 16),
        _text("channel", 32),
        _text("user_key", 64, optional=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        _time("created_at"),
        _time("updated_at"),
        indexes=(["user_key"],),
    )
    _table(
        "service_messages",
        ["id"],
        _text("id", 26),
        _text("conversation_id", 26),
        _text("role", 16),
        _text("text"),
        _text("lang", 8),
        _text("action", 16, optional=True),
        _text("source", 16, optional=True),
        _text("intent", 200, optional=True),
        sa.Column("out_of_scope", sa.Boolean(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("citations", sa.JSON(), nullable=False),
        _text("collection", 64, optional=True),
        _text("model", 120, optional=True),
        _time("created_at"),
        indexes=(["conversation_id", "id"],),
    )
    _table(
        "service_feedback",
        ["message_id"],
        _text("message_id", 26),
        _text("rating", 8),
        _text("comment", optional=True),
        _time("created_at"),
    )


def _make_knowledge() -> None:
    _table(
        "service_templates",
        ["intent"],
        _text("intent", 100),
        _text("en", optional=True),
        _text("zh", optional=True),
        _time("updated_at"),
    )
    _table(
        "service_waiting",
        ["id"],
        _text("id", 26),
        _text("collection", 64),
        _text("document_id", 120),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        _text("filename", 200),
        _text("media_type", 200, optional=True),
        _text("title", 200, optional=True),
        sa.Column("meta", sa.JSON(), nullable=False),
        _time("created_at"),
        indexes=(["collection", "document_id"],),
    )


def upgrade() -> None:
    """Apply."""
    _make_talk()
    _make_knowledge()
