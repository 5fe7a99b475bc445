"""Row level security on PostgreSQL: switched on by migrations for each tenant table, and checked."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection, text

_POLICY = "colonnade_tenant"
_CURRENT = "current_setting('colonnade.tenant', true)"


class _Operations(Protocol):
    """The part of `alembic.op` (a module that stands for alembic's Operations) that is used here."""

    def get_bind(self) -> Connection: ...

    def execute(self, sqltext: str) -> None: ...


def protect(op: _Operations, table: str, column: str | None = "tenant_id") -> None:
    """Force row level security on a table; does nothing on SQLite.

    Args:
        op: Alembic's operations, `from alembic import op`.
        table: A table that the migration has just made.
        column: The column that holds the tenant; None for tables that only SYSTEM may see.
    """
    if op.get_bind().dialect.name != "postgresql":
        return
    own = f"{column} = {_CURRENT} OR " if column else ""
    rule = f"({own}{_CURRENT} = '_system')"
    op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
    op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
    op.execute(f'CREATE POLICY {_POLICY} ON "{table}" USING {rule} WITH CHECK {rule}')


def unprotected(connection: Connection, tables: frozenset[str]) -> list[str]:
    """Return those of the tables that exist without forced row level security and a policy."""
    query = text(
        "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relname = ANY(:tables) "
        "AND c.relnamespace = current_schema()::regnamespace "
        "AND NOT (c.relrowsecurity AND c.relforcerowsecurity "
        "AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid))"
    )
    return sorted(connection.execute(query, {"tables": sorted(tables)}).scalars())
