"""SQLite looks rows up by their index, however many a tenant has and whatever was analysed."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from core.storage.engine import Storage
from core.storage.tables import Base
from core.storage.tenancy import SYSTEM

MANY = ", ".join(f"'{number}'" for number in range(60))


def _indexes(storage: Storage) -> list[tuple[str, str]]:
    """Return the core's tables and the columns that come second in an index after the tenant."""
    core = {m.local_table for m in Base.registry.mappers if m.class_.__module__.startswith("core.")}
    found = set()
    for table in core:
        for index in (table.primary_key, *table.indexes):  # type: ignore[attr-defined]
            columns = [column.name for column in index.columns]
            if columns[0] == "tenant_id" and len(columns) > 1:
                found.add((table.name, columns[1]))  # type: ignore[attr-defined]
    return sorted(found)


def _plan(storage: Storage, table: str, column: str) -> str:
    with storage.read(SYSTEM) as session:
        asked = f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE tenant_id = 'a' AND {column} IN ({MANY})"
        return "\n".join(row.detail for row in session.execute(text(asked)))


def test_every_value_of_many_is_looked_up(sqlite_storage: Storage) -> None:
    indexes = _indexes(sqlite_storage)
    assert len(indexes) > 10
    for table, column in indexes:
        assert f"tenant_id=? AND {column}=?" in _plan(sqlite_storage, table, column), f"{table}.{column}"


def test_the_same_is_known_after_another_start(sqlite_url: str) -> None:
    with Storage.open(sqlite_url) as storage:
        storage.migrate()
        first = _known(storage)
    with Storage.open(sqlite_url) as storage:
        storage.migrate()
        assert _known(storage) == first != []


@pytest.mark.parametrize("stale", ["DELETE FROM sqlite_stat1", "UPDATE sqlite_stat1 SET stat = '1 1 1'"])
def test_what_somebody_else_analysed_is_replaced(sqlite_url: str, stale: str) -> None:
    with Storage.open(sqlite_url) as storage:
        storage.migrate()
        first = _known(storage)
        storage.write(SYSTEM, lambda session: session.execute(text(stale)).close())
        storage.migrate()
        assert _known(storage) == first


def _known(storage: Storage) -> list[tuple[str, ...]]:
    with storage.read(SYSTEM) as session:
        return [tuple(row) for row in session.execute(text("SELECT * FROM sqlite_stat1 ORDER BY tbl, idx"))]
