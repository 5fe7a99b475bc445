"""The ledger of what counts, its sums, and what of a document they are made from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.storage.rls import protect
from core.storage.types import UtcDateTime

revision = "0004_trends"
down_revision = "0003_companies"
branch_labels = None
depends_on = None

_DOCUMENTS = "finance_documents"


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table(_DOCUMENTS) as batch:
        batch.add_column(sa.Column("counted_at", UtcDateTime(), nullable=True))
        batch.add_column(sa.Column("dated", sa.String(12), nullable=False, server_default="moment"))
        batch.add_column(sa.Column("live", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch.add_column(sa.Column("entities", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("risk", sa.String(16), nullable=True))
    # What an earlier version took in waits to be read anew, and of it nobody is told.
    op.execute(
        f"UPDATE {_DOCUMENTS} SET live = (1 = 0), read_at = NULL, counted_at = "
        "CASE WHEN published_at < first_seen_at THEN published_at ELSE first_seen_at END"
    )
    _ledger()
    _cells()
    _sources()


def _amounts() -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in ("count", "negative", "reach")]


def _ledger() -> None:
    table = "finance_ledger"
    op.create_table(
        table,
        sa.Column("tenant_id", sa.String(64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("known_at", UtcDateTime(), nullable=False),
        sa.Column("event_at", UtcDateTime(), nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("topic", sa.String(60), nullable=False),
        sa.Column("entity", sa.String(120), nullable=False),
        sa.Column("whole_day", sa.Boolean(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        *_amounts(),
        sa.Column("story_id", sa.String(26), nullable=False),
        sa.Column("document_id", sa.String(26), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "sequence", name=f"pk_{table}"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        f"ix_{table}_tenant_id_topic_entity_event_at", table, ["tenant_id", "topic", "entity", "event_at"]
    )
    op.create_index(f"ix_{table}_tenant_id_document_id", table, ["tenant_id", "document_id"])
    told = sa.text("count <> 0")
    op.create_index(
        f"ix_{table}_stories",
        table,
        ["tenant_id", "story_id"],
        sqlite_where=told,
        postgresql_where=told,
    )
    protect(op, table)


def _cells() -> None:
    table, key = "finance_cells", ("tenant_id", "topic", "entity", "start", "source", "whole_day", "live")
    op.create_table(
        table,
        sa.Column("tenant_id", sa.String(64), nullable=False),
        sa.Column("topic", sa.String(60), nullable=False),
        sa.Column("entity", sa.String(120), nullable=False),
        sa.Column("start", UtcDateTime(), nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("whole_day", sa.Boolean(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        *_amounts(),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"),
        sqlite_with_rowid=False,
    )
    protect(op, table)


def _sources() -> None:
    table = "finance_sources"
    op.create_table(
        table,
        sa.Column("tenant_id", sa.String(64), nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        *(sa.Column(name, UtcDateTime(), nullable=False) for name in ("first_at", "latest_at", "heard_at")),
        sa.PrimaryKeyConstraint("tenant_id", "source", name=f"pk_{table}"),
    )
    protect(op, table)
