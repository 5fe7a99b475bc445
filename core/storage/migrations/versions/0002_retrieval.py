"""Documents and passages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from core.storage.rls import protect
from core.storage.types import UtcDateTime

revision = "0002_retrieval"
down_revision = "0001_core"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _tenant_table("collections", (), _integer("generation"), _integer("next_passage"))
    _documents()
    _passages()
    _tenant_table(
        "passage_removals",
        ("passage_id",),
        _integer("passage_id"),
        _integer("generation"),
        _text("document_id", 200),
        _integer("version"),
    )
    for table in ("passages", "passage_removals"):
        for column in ("document_id", "generation"):
            name = f"ix_{table}_tenant_id_collection_{column}"
            op.create_index(name, table, ["tenant_id", "collection", column])


def _text(name: str, length: int | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=False)


def _integer(name: str, *, optional: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=optional)


def _tenant_table(name: str, key: tuple[str, ...], *columns: SchemaItem) -> None:
    op.create_table(
        name,
        _text("tenant_id", 64),
        _text("collection", 64),
        *columns,
        sa.PrimaryKeyConstraint("tenant_id", "collection", *key, name=f"pk_{name}"),
    )
    protect(op, name)


def _documents() -> None:
    _tenant_table(
        "documents",
        ("id",),
        _text("id", 200),
        _integer("version"),
        _text("title", 500),
        _text("media_type", 100),
        _text("lang", 8),
        _text("sha256", 64),
        _text("request", 64),
        _text("text"),
        sa.Column("meta", sa.JSON(), nullable=False),
        sa.Column("suspicious", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
    )


def _passages() -> None:
    _tenant_table(
        "passages",
        ("id",),
        _integer("id"),
        _text("document_id", 200),
        _integer("version"),
        _integer("ordinal"),
        _integer("start"),
        _integer("end"),
        _integer("page", optional=True),
        _text("heading"),
        _text("text"),
        _text("lang", 8),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        _text("encoder", 64),
        _integer("generation"),
    )
