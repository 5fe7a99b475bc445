"""The order of deliveries about one thing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_delivery_order"
down_revision = "0005_waiting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; what is queued already has no order."""
    op.add_column("deliveries", sa.Column("thread", sa.String(200), nullable=True))
    op.add_column("deliveries", sa.Column("place", sa.Integer(), server_default="0", nullable=False))
    op.add_column(
        "deliveries", sa.Column("recalled", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    columns = ["tenant_id", "thread", "channel_id", "place"]
    op.create_index("ix_deliveries_tenant_id_thread_channel_id_place", "deliveries", columns)
