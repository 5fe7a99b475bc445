"""A real application on a real database, with a predictor that needs no model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.testclient import TestClient as _Client

from api.app import create_app
from api.bootstrap import Container, build
from core.records import Record
from core.settings import Settings
from core.testing.predictor import FixedPredictor
from core.training.recipe import Task
from core.vertical import Services, Vertical
from tests.api.running import running

__all__ = ["running"]

SINGLE = Task("toy.mood", labels=("bad", "good"))
MULTI = Task("toy.topics", kind="multi", labels=("a", "b", "c"))


def take(services: Services, tenant: str, records: Sequence[Record], backfill: bool) -> list[None]:
    """A sink that takes everything and keeps nothing."""
    return [None] * len(records)


TOY = Vertical(
    "toy", "A vertical for the tests of the core's routes.", finished=True, tasks=(SINGLE, MULTI), sink=take
)


@dataclass
class Served:
    """The application as tests call it."""

    container: Container
    http: _Client

    def token(self, tenant: str, *scopes: str, **options: Any) -> str:
        self.container.tenants.ensure(tenant)
        return self.container.keys.create(tenant, scopes, **options)[0]

    def headers(self, tenant: str, *scopes: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(tenant, *scopes)}"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data=tmp_path / "data",
        cache=tmp_path / "cache",
        threads=1,
        datasets=None,
        max_body_bytes=2**20,
        max_upload_bytes=2**20,
        max_batch=8,
        max_text_chars=1000,
    )


def serve(settings: Settings, **options: Any) -> Iterator[Served]:
    container = build(settings, verticals=[TOY], predictor=FixedPredictor(TOY.tasks), **options)
    with TestClient(create_app(container=container), raise_server_exceptions=True) as http:
        yield Served(container, http)


@pytest.fixture
def served(settings: Settings) -> Iterator[Served]:
    yield from serve(settings)


@pytest.fixture
def admin(served: Served) -> dict[str, str]:
    return served.headers("demo", "admin")
