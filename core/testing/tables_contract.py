"""What a vertical keeps: its migrations make the tables it maps, and every key begins with the tenant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Table, UniqueConstraint, create_engine

from core.storage.engine import Storage
from core.storage.tables import Base, TenantScoped
from core.testing.layout import folder_of
from core.vertical import Vertical


def _tables(vertical: Vertical) -> dict[str, Table]:
    """Return what the vertical's own module or folder `tables` maps, by name."""
    package = folder_of(vertical.name).name
    own = re.compile(rf"(^|\.){re.escape(package)}\.tables(\.|$)")
    mapped = (m for m in Base.registry.mappers if own.search(m.class_.__module__))
    return {m.local_table.name: m.local_table for m in mapped if isinstance(m.local_table, Table)}


class TablesContract:
    """Checks of a vertical with tables of its own."""

    def test_migrations_make_the_tables_that_are_mapped(self, vertical: Vertical, tmp_path: Path) -> None:
        """A migrated database and the mapped classes agree, types and indexes included."""
        own = _tables(vertical)
        assert bool(own) is (vertical.migrations is not None), "tables and migrations belong together"
        if vertical.migrations is None:
            return

        def ours(thing: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
            del thing, reflected, other
            return kind != "table" or name in own

        url = f"sqlite:///{tmp_path / 'mapped.db'}"
        with Storage.open(url, migrations=[vertical.migrations]) as storage:
            storage.migrate()
        with create_engine(url).connect() as connection:
            context = MigrationContext.configure(connection, opts={"include_object": ours})
            assert compare_metadata(context, Base.metadata) == []

    def test_every_key_begins_with_the_tenant(self, vertical: Vertical) -> None:
        """Primary keys and unique constraints; a unique index would hide from this and from the guards."""
        for name, table in _tables(vertical).items():
            keys = [c for c in table.constraints if isinstance(c, UniqueConstraint)]
            for columns in ([*table.primary_key.columns], *([*key.columns] for key in keys)):
                assert columns[0].name == "tenant_id", f"{name}: {columns}"
            assert not [index for index in table.indexes if index.unique], f"{name}: say UniqueConstraint"

    def test_every_row_belongs_to_a_tenant(self, vertical: Vertical) -> None:
        """Every mapped class is TenantScoped, so that the guards watch over it."""
        own = list(_tables(vertical).values())
        for mapper in Base.registry.mappers:
            if mapper.local_table in own:
                assert issubclass(mapper.class_, TenantScoped), mapper.class_
