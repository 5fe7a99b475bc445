"""The documents of finance."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.storage.rls import protect
from core.storage.types import UtcDateTime

revision = "0001_finance"
down_revision = None
branch_labels = ("finance",)
depends_on = "0001_core"

_TABLE = "finance_documents"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        _TABLE,
        sa.Column("tenant_id", sa.String(64), nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("external_id", sa.String(400), nullable=False),
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("sentiment", sa.String(16), nullable=True),
        sa.Column("probabilities", sa.JSON(), nullable=True),
        sa.Column("topics", sa.JSON(), nullable=True),
        sa.Column("model", sa.JSON(), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "source", "external_id", name=f"pk_{_TABLE}"),
        sa.UniqueConstraint("tenant_id", "id", name=f"uq_{_TABLE}_tenant_id_id"),
    )
    for column in ("read_at", "published_at"):
        op.create_index(f"ix_{_TABLE}_tenant_id_{column}", _TABLE, ["tenant_id", column])
    protect(op, _TABLE)
