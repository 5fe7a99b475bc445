"""A collector on both databases, with a clock that stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.settings import Settings
from core.storage.engine import Storage
from core.testing.clock import StandingClock
from core.testing.postgres import postgres_server, postgres_url
from core.testing.storage import database_url, sqlite_storage, sqlite_url, storage
from tests.core.collecting.sources import House, house

__all__ = ["database_url", "postgres_server", "postgres_url", "sqlite_storage", "sqlite_url", "storage"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache", threads=1, datasets=None)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def parts(sqlite_storage: Storage, settings: Settings, clock: StandingClock) -> House:
    return house(sqlite_storage, settings, clock)
