"""Marks beside the keys of stories."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_marks"
down_revision = "0005_alerts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; what is stored already may agree with everything."""
    op.add_column(
        "finance_story_bands", sa.Column("marks", sa.BigInteger(), server_default="0", nullable=False)
    )
