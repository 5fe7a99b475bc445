"""The companies of a tenant's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.storage.rls import protect

revision = "0003_companies"
down_revision = "0002_stories"
branch_labels = None
depends_on = None

_TABLE = "finance_companies"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        _TABLE,
        sa.Column("tenant_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("revision", sa.String(26), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{_TABLE}"),
        sa.UniqueConstraint("tenant_id", "revision", "id", name=f"uq_{_TABLE}_tenant_id_revision_id"),
    )
    protect(op, _TABLE)
