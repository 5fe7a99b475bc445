"""The index that finds the job of a key that waits, among all that are done."""

from __future__ import annotations

from alembic import op

revision = "0005_waiting"
down_revision = "0004_delivery"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_jobs_tenant_id_kind_key", "jobs")
    op.create_index("ix_jobs_tenant_id_kind_key_state", "jobs", ["tenant_id", "kind", "key", "state"])
