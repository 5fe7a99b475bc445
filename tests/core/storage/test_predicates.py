"""The reader behind the cursor guard: what proves a tenant, what does not, what is refused unread."""

from __future__ import annotations

import pytest

from core.errors import TenancyViolation
from core.storage.predicates import demands
from core.storage.sources import Catalogue

TABLES = Catalogue(frozenset({"jobs", "keys"}), frozenset({"tenants", "alembic_version"}))

PROVEN = [
    ("SELECT * FROM jobs WHERE tenant_id = ?", [{0}]),
    ("SELECT * FROM jobs WHERE id = ? AND (jobs.tenant_id = ? AND state = 'x')", [{1}]),
    ("SELECT * FROM jobs AS j WHERE ? = j.tenant_id", [{0}]),
    ("SELECT * FROM jobs WHERE tenant_id = ? AND tenant_id = ?", [{0, 1}]),
    ("SELECT * FROM jobs WHERE jobs.tenant_id = %(t)s::VARCHAR", [{"t"}]),
    ('SELECT * FROM "public"."jobs" WHERE "jobs"."tenant_id" = ?', [{0}]),
    ("SELECT '?' , ? FROM jobs WHERE tenant_id = ?", [{1}]),
    ("SELECT * FROM jobs j JOIN keys k ON j.tenant_id = k.tenant_id AND k.tenant_id = ?", [{0}, {0}]),
    ("SELECT * FROM jobs j LEFT JOIN keys k ON k.tenant_id = ? WHERE j.tenant_id = ?", [{1}, {0}]),
    ("SELECT * FROM jobs j LEFT JOIN (keys k JOIN jobs i ON i.tenant_id = ?) ON k.tenant_id = ? "
     "WHERE j.tenant_id = ?", [{2}, {1}, {0}]),
    ("WITH a AS (SELECT * FROM jobs WHERE tenant_id = ?) SELECT * FROM a, a AS b", [{0}]),
    ("SELECT * FROM jobs, json_each(jobs.log) WHERE jobs.tenant_id = ?", [{0}]),
    ("DELETE FROM jobs WHERE tenant_id = ? RETURNING id", [{0}]),
    ("UPDATE jobs SET tenant_id = ? WHERE tenant_id = ?", [{1}, {0}]),
    ("INSERT INTO jobs (id, tenant_id) VALUES (?, ?), (?, ?)", [{1}, {3}]),
    ("INSERT INTO jobs (id, tenant_id) SELECT id, j.tenant_id FROM jobs j WHERE j.tenant_id = ?", [{0}]),
    ("INSERT INTO jobs (id, tenant_id) VALUES (?, ?) ON CONFLICT (tenant_id, id) DO NOTHING", [{1}]),
    ("SELECT 1", []),
    ("SELECT count(*) FROM (VALUES (1), (2)) AS v(x)", []),
    ("SAVEPOINT sa_savepoint_1", []),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "expected"), PROVEN)
def test_proven(statement: str, expected: list[set[object]]) -> None:
    found = [{token.key for token in demand.values} for demand in demands(statement, TABLES)]
    assert sorted(found, key=str) == sorted(expected, key=str)


REFUSED = [
    "SELECT * FROM jobs",
    "SELECT * FROM jobs WHERE tenant_id = tenant_id",
    "SELECT * FROM jobs WHERE tenant_id = 5",
    "SELECT * FROM jobs WHERE tenant_id = ? OR 1 = 1",
    "SELECT * FROM jobs WHERE NOT tenant_id = ?",
    "SELECT * FROM jobs WHERE NOT (tenant_id = ?)",
    "SELECT * FROM jobs WHERE (tenant_id = ?) IS NOT NULL",
    "SELECT * FROM jobs WHERE tenant_id = ? || ''",
    "SELECT * FROM jobs WHERE tenant_id = ? COLLATE NOCASE",
    "SELECT * FROM jobs WHERE tenant_id = %(t)s::CHAR",
    "SELECT * FROM jobs WHERE tenant_id >= ?",
    "SELECT * FROM jobs WHERE tenant_id = ? = 0",
    "SELECT * FROM jobs WHERE 1 BETWEEN 0 AND tenant_id = ?",
    "SELECT * FROM jobs WHERE CASE WHEN 1 = 1 AND tenant_id = ? AND 1 = 1 THEN 1 ELSE 1 END",
    "SELECT * FROM jobs -- WHERE tenant_id = ?",
    "SELECT * FROM jobs /* WHERE tenant_id = ? */",
    "SELECT * FROM jobs WHERE id = $$ AND tenant_id = ? $$",
    "SELECT * FROM jobs WHERE id = E'\\' AND tenant_id = ? --'",
    "SELECT * FROM jobs WHERE tenant_id = ?1",
    "SELECT * FROM jobs WHERE tenant_id = :t",
    "SELECT * FROM [jobs] WHERE tenant_id = ?",
    "SELECT * FROM `jobs` WHERE tenant_id = ?",
    "SELECT * FROM 'jobs' WHERE tenant_id = ?",
    "SELECT * FROM JOBS",
    'SELECT * FROM "Jobs"',
    "SELECT * FROM main.jobs",
    "SELECT * FROM jobs WHERE tenant_id = ?; SELECT * FROM jobs",
    "SELECT * FROM jobs, keys WHERE tenant_id = ?",
    "SELECT * FROM jobs, keys WHERE jobs.tenant_id = ?",
    "SELECT * FROM jobs a JOIN jobs b ON a.tenant_id = ?",
    "SELECT * FROM jobs j LEFT JOIN keys k ON j.tenant_id = ? AND k.tenant_id = ?",
    "SELECT * FROM jobs j FULL JOIN keys k ON j.tenant_id = ? AND k.tenant_id = ?",
    "SELECT * FROM jobs j RIGHT JOIN keys k ON k.tenant_id = j.tenant_id WHERE j.tenant_id = ?  OR k.id = 1",
    "SELECT * FROM jobs, (SELECT 'x' AS tenant_id) AS j WHERE j.tenant_id = ?",
    "SELECT * FROM jobs AS j(a, tenant_id) WHERE j.tenant_id = ?",
    "SELECT (SELECT id FROM jobs) FROM keys WHERE keys.tenant_id = ?",
    "SELECT * FROM keys WHERE tenant_id = ? AND id IN (SELECT id FROM jobs)",
    "SELECT * FROM keys WHERE tenant_id = ? AND lower((SELECT id FROM jobs)) = 'x'",
    "SELECT * FROM keys WHERE tenant_id = ? UNION SELECT * FROM jobs",
    "SELECT * FROM keys WHERE tenant_id = ? ORDER BY (SELECT id FROM jobs)",
    "(SELECT * FROM keys WHERE tenant_id = ?) EXCEPT (SELECT * FROM jobs)",
    "SELECT jobs FROM keys WHERE keys.tenant_id = ?",
    "TABLE jobs",
    "SELECT * FROM (TABLE jobs) AS x",
    "SELECT * FROM ONLY jobs WHERE tenant_id = ?",
    "SELECT * FROM tenants",
    "SELECT * FROM unknown WHERE tenant_id = ?",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pg_stat_activity",
    "SELECT * FROM pragma_table_info('jobs')",
    "WITH jobs AS (SELECT * FROM jobs) SELECT * FROM jobs",
    "WITH RECURSIVE a AS (SELECT * FROM jobs) SELECT * FROM a",
    "WITH a AS (DELETE FROM jobs RETURNING *) SELECT * FROM a",
    "DELETE FROM jobs",
    "DELETE FROM jobs USING keys WHERE keys.tenant_id = ?",
    "UPDATE jobs SET id = 1",
    "UPDATE jobs SET tenant_id = 'x' || ? WHERE tenant_id = ?",
    "UPDATE jobs SET (tenant_id, id) = (?, ?) WHERE tenant_id = ?",
    "UPDATE jobs SET id = (SELECT id FROM keys) WHERE jobs.tenant_id = ?",
    "INSERT INTO jobs VALUES (?, ?)",
    "INSERT INTO jobs (id) VALUES (?)",
    "INSERT INTO jobs DEFAULT VALUES",
    "INSERT INTO jobs (tenant_id, id) VALUES (lower(?), ?)",
    "INSERT INTO jobs (tenant_id, id) VALUES (?, (SELECT id FROM keys))",
    "INSERT INTO jobs (tenant_id, id) SELECT ?, id FROM keys",
    "INSERT INTO jobs (tenant_id, id) SELECT ?, 'a' UNION SELECT 'x', 'b'",
    "INSERT OR REPLACE INTO jobs (tenant_id, id) VALUES (?, ?)",
    "REPLACE INTO jobs (tenant_id, id) VALUES (?, ?)",
    "INSERT INTO jobs (tenant_id, id) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET id = 1",
    "INSERT INTO jobs (tenant_id, id) VALUES (?, ?) ON CONFLICT DO UPDATE SET id = 1",
    "INSERT INTO jobs (tenant_id, id) VALUES (?, ?) ON CONFLICT (tenant_id) DO NOTHING "
    "ON CONFLICT (id) DO UPDATE SET id = 1",
    "SELECT set_config('colonnade.tenant', 'x', true)",
    "SET colonnade.tenant = 'x'",
    "RESET ALL",
    "PRAGMA writable_schema = 1",
    "ATTACH 'colonnade.db' AS again",
    "COMMIT",
    "DROP TABLE jobs",
    "CREATE VIEW v AS SELECT * FROM jobs",
    "COPY jobs TO STDOUT",
    "EXPLAIN SELECT * FROM jobs",
    "SELECT * FROM jobs WHERE tenant_id = ? )",
    "SELECT * FROM (jobs WHERE tenant_id = ?",
    "",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_refused(statement: str) -> None:
    with pytest.raises(TenancyViolation, match="was stopped"):
        demands(statement, TABLES)
