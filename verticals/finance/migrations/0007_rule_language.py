"""The language in which a rule tells its own channels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_rule_language"
down_revision = "0006_marks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("finance_rules", sa.Column("lang", sa.String(8), server_default="en", nullable=False))
