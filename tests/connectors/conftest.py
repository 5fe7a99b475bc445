from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.net.client import SafeClient
from core.testing.postgres import postgres_server, postgres_url
from tests.connectors.web import Site, serving

__all__ = ["client", "postgres_server", "postgres_url", "site"]


@pytest.fixture
def site() -> Iterator[Site]:
    """A web server on the loopback."""
    with serving() as served:
        yield served


@pytest.fixture
def client() -> SafeClient:
    """A client that may go to the loopback, and takes a megabyte."""
    return SafeClient(["127.0.0.0/8"], timeout=10, max_bytes=2**20)
