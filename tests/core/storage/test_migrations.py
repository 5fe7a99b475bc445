"""Migrations: no drift, safe to run twice and by two processes, honest about what they do not know."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from core.errors import ConfigurationError
from core.storage.engine import Storage
from core.storage.migrate import alembic_config
from core.storage.tables import Base
from core.storage.tenancy import SYSTEM, catalogue, scoped

_CHILD = """
import sys
from core.storage.engine import Storage
from core.storage.tables import Tenant
sys.stdin.readline()
with Storage.open(sys.argv[1]) as storage:
    storage.migrate()
    storage.write("_system", lambda s: s.add(Tenant(id=sys.argv[2], name="x")))
"""


def _core_only(thing: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
    """Other test modules map tables of their own; only the core's are compared."""
    core = {m.local_table.name for m in Base.registry.mappers if m.class_.__module__.startswith("core.")}
    return kind != "table" or name in core


def test_the_migrated_schema_is_the_mapped_one(storage: Storage) -> None:
    options = {"compare_type": True, "compare_server_default": True, "include_object": _core_only}
    with storage._writers.connect() as connection, scoped(connection, SYSTEM):
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_every_unique_constraint_of_a_tenant_table_begins_with_the_tenant(sqlite_storage: Storage) -> None:
    from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

    for table in Base.metadata.tables.values():
        if "tenant_id" in table.c:
            keys = [c for c in table.constraints if isinstance(c, UniqueConstraint | PrimaryKeyConstraint)]
            assert keys
            assert all("tenant_id" in key.columns for key in keys), table.name
            assert not [index for index in table.indexes if index.unique], table.name
    assert {"jobs", "documents", "passages"} <= catalogue().tenant
    assert "tenants" in catalogue().system


def test_migrating_again_changes_nothing(storage: Storage) -> None:
    storage.migrate()
    storage.migrate()
    with storage.read(SYSTEM) as session:
        assert session.scalar(text("SELECT count(*) FROM tenants")) == 2


def test_processes_that_start_together_migrate_once(database_url: str, root: Path) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _CHILD, database_url, f"child{number}"],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=root,
        )
        for number in range(4)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    assert [child.communicate(timeout=120)[1] for child in children] == [""] * 4
    assert [child.returncode for child in children] == [0] * 4
    with Storage.open(database_url) as storage, storage.read(SYSTEM) as session:
        assert session.scalar(text("SELECT count(*) FROM tenants")) == 4
        heads = ScriptDirectory.from_config(alembic_config()).get_heads()
        assert len(heads) == 1
        assert session.scalars(text("SELECT version_num FROM alembic_version")).all() == heads


def _versions(folder: Path, body: str) -> Path:
    folder.mkdir()
    head = 'import sqlalchemy as sa\nfrom alembic import op\nrevision, down_revision = "extra_1", None\n'
    head += 'branch_labels, depends_on = ("extra",), "0001_core"\n\ndef upgrade():\n    '
    (folder / "extra_1.py").write_text(head + body, encoding="utf-8")
    return folder


def test_a_newer_database_is_not_touched(database_url: str, tmp_path: Path) -> None:
    folder = _versions(tmp_path / "a folder, 100%", "pass")
    with Storage.open(database_url, migrations=[folder]) as storage:
        storage.migrate()
    with Storage.open(database_url) as storage, pytest.raises(ConfigurationError, match="extra_1"):
        storage.migrate()


@pytest.mark.parametrize(
    "fails",
    [lambda body: body + "\n    raise RuntimeError('stop')", lambda body: body + "\n    op.execute('?')"],
)
def test_a_failed_migration_leaves_nothing(
    database_url: str, tmp_path: Path, fails: Callable[[str], str]
) -> None:
    folder = _versions(tmp_path / "v", fails('op.create_table("extras", sa.Column("id", sa.String(9)))'))
    with (
        Storage.open(database_url, migrations=[folder]) as storage,
        pytest.raises(Exception, match=r"stop|\?"),
    ):
        storage.migrate()
    with Storage.open(database_url) as storage:
        storage.migrate()
        with storage._writers.connect() as connection, scoped(connection, SYSTEM):
            assert not storage._writers.dialect.has_table(connection, "extras")


def test_a_tenant_table_without_row_security_stops_the_start(postgres_url: str, tmp_path: Path) -> None:
    folder = _versions(tmp_path / "v", 'op.execute("ALTER TABLE jobs NO FORCE ROW LEVEL SECURITY")')
    with (
        Storage.open(postgres_url, migrations=[folder]) as storage,
        pytest.raises(ConfigurationError, match="jobs"),
    ):
        storage.migrate()
