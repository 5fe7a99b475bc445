"""The time by which wordings of a document are put in order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.storage.types import UtcDateTime

revision = "0008_told"
down_revision = "0007_rule_language"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; so far, every time of a revision is one that its source gave."""
    op.add_column("finance_documents", sa.Column("told_at", UtcDateTime(), nullable=True))
    op.execute("UPDATE finance_documents SET told_at = COALESCE(revised_at, published_at)")
