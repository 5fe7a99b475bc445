"""What SQLite's planner is told about the tables: many rows, few tenants.

Without statistics SQLite takes ten rows for what one tenant has of a table, however many there are, and reads
all of them rather than look up each value of an `IN` in an index. ANALYZE would tell it what is there at one
moment, which for a new system is nothing. So the figures are given by hand (https://sqlite.org/lang_analyze.html,
"Manual Control Of Query Plans Using SQLITE_STAT Tables"), the same for every installation: a plan seen in a
test is the plan that runs.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

_ROWS, _OF_A_TENANT, _ALIKE = 1_000_000, 100_000, 10
"""Rows of a table, those of one tenant, and those with the same values in an index that is not unique."""
_KNOWN = text("SELECT tbl, idx, stat FROM sqlite_stat1")
_INDEXES = text(
    'SELECT t.name AS tbl, i.name AS idx, i."unique" AS one, c.name AS col FROM sqlite_schema t'
    " JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c"
    " WHERE t.type = 'table' ORDER BY t.name, i.name, c.seqno"
)


def assume(connection: Connection) -> None:
    """Write the figures of every index that begins with the tenant; connections see them when they open."""
    connection.execute(text("ANALYZE sqlite_schema"))  # makes the table
    found: dict[tuple[str, str, bool], list[str]] = {}
    for table, index, unique, column in connection.execute(_INDEXES):
        found.setdefault((table, index, bool(unique)), []).append(column)
    wanted = {
        (table, index, _stat(len(columns), unique))
        for (table, index, unique), columns in found.items()
        if columns[0] == "tenant_id"
    }
    if wanted == {tuple(row) for row in connection.execute(_KNOWN)}:
        return
    connection.execute(text("DELETE FROM sqlite_stat1"))
    insert = text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)")
    rows = [{"tbl": table, "idx": index, "stat": stat} for table, index, stat in sorted(wanted)]
    if rows:
        connection.execute(insert, rows)
    connection.execute(text("ANALYZE sqlite_schema"))  # reads it


def _stat(columns: int, unique: bool) -> str:
    """Return the rows of the index, and for 1, 2, … of its columns how many have the same values there."""
    last = 1 if unique else _ALIKE
    share = (last / _OF_A_TENANT) ** (1 / max(1, columns - 1))
    alike = [max(1, round(_OF_A_TENANT * share**place)) for place in range(columns)]
    return " ".join(map(str, (_ROWS, *alike)))
