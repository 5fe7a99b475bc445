"""A real SQLite database for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import Settings
from core.storage.engine import Storage
from core.testing.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache", threads=1, datasets=None)


@pytest.fixture
def storage(settings: Settings) -> Iterator[Storage]:
    with Storage.open(settings.resolved_database_url) as opened:
        opened.migrate()
        yield opened
