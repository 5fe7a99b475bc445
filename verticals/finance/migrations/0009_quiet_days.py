"""The days on which a rule misses nothing, and the zone in which they are days."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_quiet_days"
down_revision = "0008_told"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("finance_rules", sa.Column("quiet_days", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("finance_rules", sa.Column("zone", sa.String(60), server_default="UTC", nullable=False))
