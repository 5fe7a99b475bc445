"""Every route with another tenant's ids: nothing is found, nothing is changed."""

from __future__ import annotations

from typing import Any

import pytest

from core.testing.web_contract import assert_problem
from tests.verticals.service.conftest import RETURNS, Ask
from verticals.service import vertical

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/v1/service/conversations/{conversation_id}/messages"): {"text": "hello"},
    ("PATCH", "/v1/service/conversations/{conversation_id}"): {"state": "closed"},
    ("POST", "/v1/service/messages/{message_id}/feedback"): {"rating": "down"},
    ("POST", "/v1/chat/completions"): {"messages": [{"role": "user", "content": "hello"}]},
}
OWN = {
    ("PUT", "/v1/service/documents/{document_id}"),
    ("PUT", "/v1/service/templates/{intent}"),
}
"""Putting something under an id that another tenant uses makes one's own."""


@pytest.fixture
def theirs(ask: Ask) -> dict[str, str]:
    """What the tenant `demo` has."""
    ask("POST", "/v1/service/documents", {"id": "returns", "text": RETURNS})
    ask("PUT", "/v1/service/templates/shop_coupon", {"en": "Enter it in the basket."})
    said = ask(
        "POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": "my voucher fails"}]}
    ).json()
    ids = {"document_id": "returns", "intent": "shop_coupon"}
    return ids | {name: said[name] for name in ("conversation_id", "message_id")}


def _routes(ask: Ask) -> list[tuple[str, str]]:
    paths = ask("GET", "/openapi.json").json()["paths"]
    ours = {path: methods for path, methods in paths.items() if path.startswith("/v1/service/")}
    ours |= {path: paths[path] for path in vertical.paths}
    return [(method.upper(), path) for path, methods in ours.items() for method in methods]


def test_no_route_knows_another_tenants_ids(ask: Ask, theirs: dict[str, str]) -> None:
    seen = 0
    for method, path in _routes(ask):
        if "{" not in path or (method, path) in OWN:
            continue
        body = BODIES.get((method, path))
        assert (body is None) is (method in ("GET", "DELETE")), f"{method} {path} is not tried"
        assert_problem(ask(method, path.format(**theirs), body, tenant="other"), 404)
        seen += 1
    assert seen == 8
    completion = BODIES["POST", "/v1/chat/completions"] | {"conversation_id": theirs["conversation_id"]}
    for stream in (False, True):
        reply = ask("POST", "/v1/chat/completions", completion | {"stream": stream}, tenant="other")
        assert_problem(reply, 404)


def test_what_a_tenant_puts_under_the_same_id_is_its_own(ask: Ask, theirs: dict[str, str]) -> None:
    ask("PUT", "/v1/service/documents/returns", {"text": "No returns at all."}, tenant="other")
    ask("PUT", "/v1/service/templates/shop_coupon", {"en": "No vouchers."}, tenant="other")
    assert "30 days" in ask("GET", "/v1/service/documents/returns").json()["text"]
    [template] = ask("GET", "/v1/service/templates").json()["data"]
    assert template["en"] == "Enter it in the basket."


def test_neither_search_nor_answers_cross_over(ask: Ask, theirs: dict[str, str]) -> None:
    body: dict[str, Any] = {"query": "send a parcel back within 30 days"}
    assert ask("POST", "/v1/service/search", body).json()["data"]
    for filters in ({}, {"documents": ["returns"]}):
        found = ask("POST", "/v1/service/search", body | {"filters": filters}, tenant="other").json()
        assert found["data"] == []
    question = {"messages": [{"role": "user", "content": body["query"]}]}
    said = ask("POST", "/v1/chat/completions", question, tenant="other").json()
    assert (said["action"], said["citations"]) == ("abstain", [])
