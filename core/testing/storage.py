"""Migrated storages for tests, on both databases.

In a conftest: `pytest_plugins = ["core.testing.postgres", "core.testing.storage"]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.storage.engine import Storage
from core.storage.tables import Tenant
from core.storage.tenancy import SYSTEM


def open_storage(url: str, *tenants: str) -> Storage:
    """Open and migrate a database and give it these tenants."""
    storage = Storage.open(url)
    storage.migrate()
    storage.write(SYSTEM, lambda session: session.add_all(Tenant(id=name, name=name) for name in tenants))
    return storage


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'colonnade.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of an empty database, on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def storage(database_url: str) -> Iterator[Storage]:
    """A migrated storage with the tenants `demo` and `other`, on SQLite and on PostgreSQL."""
    with open_storage(database_url, "demo", "other") as opened:
        yield opened


@pytest.fixture
def sqlite_storage(sqlite_url: str) -> Iterator[Storage]:
    """A migrated storage with the tenants `demo` and `other`, on SQLite only."""
    with open_storage(sqlite_url, "demo", "other") as opened:
        yield opened
