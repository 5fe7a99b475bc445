"""Service served alone, on a new database, with a predictor that goes by words and no model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.bootstrap import Container, build
from api.testing import LocalClient
from core.retrieval.gate import WORDS, Gate, GateModel
from core.settings import Settings
from core.testing.encoder import FixedEncoder
from core.testing.served import Reply
from tests.verticals.service.keyword_predictor import KeywordPredictor
from verticals.service import vertical
from verticals.service.service import build as build_desk

SCOPES = ("service:read", "service:write", "service:chat", "jobs:read")
RETURNS = (
    "# Returns\n\nYou can send a parcel back within 30 days of delivery.\n\n可以在收货后30天内退回包裹。\n"
)

# The encoder of these tests knows no meaning, so the gate that ships would have them abstain.
GATE = Gate({WORDS: GateModel(rank={"shared": 1.0}, answer={"shared": 10.0}, bias=-2.0, threshold=0.5)})
VERTICAL = replace(vertical, build=lambda services: build_desk(services, gate=GATE))

Ask = Callable[..., Reply]


@pytest.fixture
def predictor() -> KeywordPredictor:
    return KeywordPredictor()


@pytest.fixture
def container(tmp_path: Path, predictor: KeywordPredictor) -> Iterator[Container]:
    settings = Settings(data=tmp_path / "data", cache=tmp_path / "cache", database_url=None)
    made = build(settings, verticals=[VERTICAL], predictor=predictor, encoder=FixedEncoder())
    yield made
    made.close()


@pytest.fixture
def client(container: Container) -> Iterator[LocalClient]:
    with TestClient(create_app(container=container), raise_server_exceptions=False) as http:
        yield LocalClient(container, http)


@pytest.fixture
def ask(client: LocalClient) -> Ask:
    """Send a request as the tenant `demo`, or as another one."""
    keys: dict[str, str] = {}

    def send(method: str, path: str, body: Any = None, *, tenant: str = "demo") -> Reply:
        if tenant not in keys:
            keys[tenant] = client.key(tenant, *SCOPES)
        return client.request(method, path, key=keys[tenant], body=body)

    return send


@pytest.fixture
def say(ask: Ask) -> Callable[..., dict[str, Any]]:
    """Say something in a conversation, a new one each test, and return the reply."""
    opened: list[str] = []

    def message(text: str, conversation: str | None = None) -> dict[str, Any]:
        if conversation is None:
            if not opened:
                opened.append(ask("POST", "/v1/service/conversations", {}).json()["id"])
            conversation = opened[0]
        reply = ask("POST", f"/v1/service/conversations/{conversation}/messages", {"text": text})
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        return found

    return message
