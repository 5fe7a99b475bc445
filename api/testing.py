"""The fixture `app_client` for the contract suites of `core.testing`: `pytest_plugins = ["api.testing"]`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.bootstrap import Container, build
from core.security.tenants import Tenants
from core.settings import Settings
from core.testing.encoder import FixedEncoder
from core.testing.predictor import FixedPredictor
from core.testing.served import Reply
from core.vertical import Services, Vertical


class LocalClient:
    """An application in this process, called without a socket; implements `core.testing.served.AppClient`.

    Args:
        container: The parts the application is made of.
        http: Calls it.
    """

    def __init__(self, container: Container, http: TestClient) -> None:
        self._container = container
        self._http = http

    @property
    def services(self) -> Services:
        """What the application gave to the vertical."""
        return self._container.services

    def key(self, tenant: str, *scopes: str) -> str:
        """Return a new API key; makes the tenant where there is none of that name."""
        Tenants(self._container.storage).ensure(tenant)
        token, _ = self._container.keys.create(tenant, scopes)
        return token

    def request(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: Any = None,
        content: bytes | None = None,
    ) -> Reply:
        """Send one request with a JSON body, or with raw bytes as `application/json`."""
        headers = {"Content-Type": "application/json"} if content is not None else {}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        return self._http.request(method, path, headers=headers, json=body, content=content)


@pytest.fixture(scope="class")
def app_client(vertical: Vertical, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalClient]:
    """Serve `vertical` alone, on a new SQLite database, with a predictor that needs no model."""
    folder = tmp_path_factory.mktemp(vertical.name)
    settings = Settings(data=folder / "data", cache=folder / "cache", database_url=None)
    container = build(
        settings,
        verticals=[vertical],
        predictor=FixedPredictor(vertical.tasks),
        encoder=FixedEncoder(),
    )
    app = create_app(container=container)
    with TestClient(app, raise_server_exceptions=False) as http:
        yield LocalClient(container, http)
