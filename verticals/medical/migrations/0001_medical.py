"""The reviews of medical, and apart from them what they are about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.storage.rls import protect
from core.storage.types import UtcDateTime

revision = "0001_medical"
down_revision = None
branch_labels = ("medical",)
depends_on = "0001_core"

_REVIEWS, _CONTENTS = "medical_reviews", "medical_review_contents"


def _text(name: str, length: int, *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=optional)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        _REVIEWS,
        _text("tenant_id", 64),
        _text("id", 26),
        _text("state", 16),
        sa.Column("needed", sa.Boolean(), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        _text("department", 60),
        _text("lang", 16),
        *map(_json, ("reasons", "red_flags", "level_set")),
        sa.Column("abstained", sa.Boolean(), nullable=False),
        _json("faults"),
        _text("pack", 80),
        _text("pack_version", 40),
        _text("pack_sha256", 64),
        _json("models"),
        _text("content_hash", 64),
        _text("encounter", 64, optional=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("decided_urgency", sa.Integer(), nullable=True),
        _text("decided_department", 60, optional=True),
        _text("decided_by", 200, optional=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{_REVIEWS}"),
    )
    for columns in (("state", "urgency", "id"), ("urgency", "id"), ("encounter",), ("created_at",)):
        name = f"ix_{_REVIEWS}_tenant_id_{'_'.join(columns)}"
        op.create_index(name, _REVIEWS, ["tenant_id", *columns])
    protect(op, _REVIEWS)
    _contents()


def _contents() -> None:
    op.create_table(
        _CONTENTS,
        _text("tenant_id", 64),
        _text("review_id", 26),
        *map(_json, ("input", "decision")),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "review_id", name=f"pk_{_CONTENTS}"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "review_id"],
            [f"{_REVIEWS}.tenant_id", f"{_REVIEWS}.id"],
            name=f"fk_{_CONTENTS}_review",
            ondelete="CASCADE",
        ),
    )
    protect(op, _CONTENTS)
