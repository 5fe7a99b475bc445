from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.testing.postgres import postgres_server, postgres_url
from core.testing.storage import database_url, sqlite_url
from tests.verticals.finance.desk import Desk, open_desk

__all__ = ["database_url", "postgres_server", "postgres_url", "sqlite_url"]


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def any_desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A desk on SQLite, and one on PostgreSQL."""
    with open_desk(database_url, tmp_path) as opened:
        yield opened
