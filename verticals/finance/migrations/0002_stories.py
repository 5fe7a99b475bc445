"""Stories; the three times of a document."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.storage.rls import protect
from core.storage.types import UtcDateTime

revision = "0002_stories"
down_revision = "0001_finance"
branch_labels = None
depends_on = None

_DOCUMENTS = "finance_documents"


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table(_DOCUMENTS) as batch:
        batch.alter_column("received_at", new_column_name="first_seen_at")
        batch.add_column(sa.Column("revised_at", UtcDateTime(), nullable=True))
        batch.add_column(sa.Column("story_id", sa.String(26), nullable=True))
        batch.add_column(sa.Column("story_text", sa.BigInteger(), nullable=True))
    for column in ("story_id", "story_text"):
        op.create_index(f"ix_{_DOCUMENTS}_tenant_id_{column}", _DOCUMENTS, ["tenant_id", column])
    _stories()
    _texts()
    _bands()
    _links()


def _stories() -> None:
    table = "finance_stories"
    op.create_table(
        table,
        sa.Column("tenant_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("lead_id", sa.String(26), nullable=False),
        sa.Column("lead_external_id", sa.String(400), nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("event_at", UtcDateTime(), nullable=False),
        sa.Column("reach", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("retracted_at", UtcDateTime(), nullable=True),
        sa.Column("entangled", sa.Boolean(), nullable=False),
        sa.Column("remarked", sa.Boolean(), nullable=False),
        sa.Column("absorbed_into", sa.String(26), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_tenant_id_event_at", table, ["tenant_id", "event_at"])
    protect(op, table)


def _texts() -> None:
    table = "finance_story_texts"
    op.create_table(
        table,
        sa.Column("tenant_id", sa.String(64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("story_id", sa.String(26), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("headline", sa.String(400), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("denied", sa.JSON(), nullable=False),
        sa.Column("companies", sa.JSON(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("first_source", sa.String(120), nullable=False),
        sa.Column("first_external_id", sa.String(400), nullable=False),
        sa.Column("first_id", sa.String(26), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_tenant_id_story_id", table, ["tenant_id", "story_id"])
    protect(op, table)


def _bands() -> None:
    table = "finance_story_bands"
    op.create_table(
        table,
        sa.Column("tenant_id", sa.String(64), nullable=False),
        sa.Column("week", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("text_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "week", "band", "text_id", name=f"pk_{table}"),
        sqlite_with_rowid=False,
    )
    protect(op, table)


def _links() -> None:
    table = "finance_story_links"
    op.create_table(
        table,
        sa.Column("tenant_id", sa.String(64), nullable=False),
        sa.Column("text_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("other_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "text_id", "other_id", "kind", name=f"pk_{table}"),
    )
    protect(op, table)
