"""Hostile bodies on every POST route of the core: refused as problem+json, or taken; never a 5xx."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from core.testing.corpus import BODIES, mutations
from tests.api.conftest import Served

PROBLEM = "application/problem+json"
VALID: dict[str, dict[str, object]] = {
    "/v1/predict": {
        "task": "toy.mood",
        "items": [{"text": "a", "text_pair": "b", "lang": "en"}],
        "model": "fixed",
    },
    "/v1/training-jobs": {
        "task": "toy.mood",
        "dataset_id": "x",
        "method": "auto",
        "recipe": {"epochs": 1, "learning_rate": 0.1, "class_weights": True},
        "map": {"text": "headline"},
        "label_separator": " ",
    },
    "/v1/keys": {
        "tenant": "demo",
        "scopes": ["predict"],
        "expires_at": "2999-01-01T00:00:00Z",
        "publishable": True,
        "origins": ["https://a.b"],
    },
    "/v1/tenants": {"id": "acme", "name": "Acme"},
    "/v1/models/m-1/promote": {"force": True},
    "/v1/tasks/toy.mood/rollback": {},
    "/v1/connections": {
        "name": "wire",
        "kind": "file",
        "vertical": "toy",
        "config": {"path": "news.csv"},
        "secret": "s",
        "every": 300,
        "live": True,
    },
    "/v1/connections/c-1/collect": {},
    "/v1/webhook-endpoints": {
        "url": "https://hooks.example.com/in",
        "topics": ["job.*"],
        "name": "hook",
        "rate_per_minute": 60,
    },
    "/v1/webhook-endpoints/e-1/rotate": {"secret": "whsec_x"},
    "/v1/channels": {
        "kind": "email",
        "name": "desk",
        "config": {"host": "mail.example.com", "sender": "a@example.com", "recipients": ["b@example.com"]},
        "secret": "s",
    },
}
IDS = {"model_id": "m-1", "task": "toy.mood", "connection_id": "c-1", "endpoint_id": "e-1"}
UPLOAD = "/v1/datasets"


def test_every_post_route_is_attacked_here(served: Served) -> None:
    paths = served.http.get("/openapi.json").json()["paths"]
    posts = {path for path, operations in paths.items() if "post" in operations}

    attacked = {*VALID, UPLOAD}
    assert {path.format_map(IDS) for path in posts} == attacked


def _attacks(path: str) -> Iterator[tuple[str, bytes]]:
    yield from BODIES.items()
    if VALID[path]:
        yield from mutations(VALID[path])


@pytest.mark.parametrize("path", VALID)
def test_no_body_ends_in_a_5xx(served: Served, admin: dict[str, str], path: str) -> None:
    headers = {**admin, "Content-Type": "application/json"}
    for name, body in _attacks(path):
        reply = served.http.post(path, content=body, headers=headers)
        assert reply.status_code < 500, f"{name}: {reply.status_code} {reply.text[:200]}"
        if reply.status_code >= 300:
            assert reply.status_code in (400, 404, 409, 413, 422), f"{name}: {reply.status_code}"
            assert reply.headers["content-type"] == PROBLEM
            reply.content.decode("utf-8")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("depth 100,000", 422),
        ("duplicate keys", 422),
        ("byte order mark", 400),
        ("UTF-16", 400),
        ("no UTF-8", 400),
        ("cut", 400),
        ("12 MB", 413),
    ],
)
def test_whole_bodies_have_the_status_that_was_promised(
    served: Served, admin: dict[str, str], name: str, status: int
) -> None:
    headers = {**admin, "Content-Type": "application/json"}

    assert served.http.post("/v1/predict", content=BODIES[name], headers=headers).status_code == status


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "a", "", 'application/json; x="\\']
)
def test_other_content_types_are_refused(served: Served, admin: dict[str, str], content_type: str) -> None:
    headers = {**admin, "Content-Type": content_type}

    reply = served.http.post("/v1/predict", content=b'{"task": "toy.mood", "texts": ["a"]}', headers=headers)

    assert reply.status_code in (200, 400, 422)
    if reply.status_code == 422:
        assert "Content-Type: application/json" in reply.json()["detail"]


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x", "text/csv"],
)
@pytest.mark.parametrize(
    "body",
    [b"", b"--x", b"--x\r\n\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--", b"\x00" * 999],
)
def test_a_broken_form_is_refused(
    served: Served, admin: dict[str, str], content_type: str, body: bytes
) -> None:
    reply = served.http.post(UPLOAD, content=body, headers={**admin, "Content-Type": content_type})

    assert reply.status_code in (400, 422), reply.text
    assert reply.headers["content-type"] == PROBLEM


def test_a_time_without_a_zone_is_told_how_it_is_written(served: Served, admin: dict[str, str]) -> None:
    body = {"tenant": "demo", "scopes": ["predict"], "expires_at": "2999-01-01T00:00:00"}

    reply = served.http.post("/v1/keys", json=body, headers=admin)

    [fault] = reply.json()["errors"]
    assert (reply.status_code, fault["pointer"]) == (422, "/expires_at")
    assert "such as 2026-11-20T09:31:00+08:00" in fault["detail"]


def test_a_method_that_a_route_has_not_is_told_those_it_has(served: Served, admin: dict[str, str]) -> None:
    reply = served.http.put("/v1/predict", json={}, headers=admin)

    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
    assert reply.json()["type"] == "urn:colonnade:problem:method-not-allowed"
    assert "POST" in reply.json()["detail"]


@pytest.mark.parametrize("header", ["", " ", "a b", "x" * 256, "é"])
def test_an_odd_idempotency_key_is_refused(served: Served, admin: dict[str, str], header: str) -> None:
    headers = {**admin, "Idempotency-Key": header.encode("latin-1")}  # type: ignore[dict-item]

    for send in (
        lambda: served.http.post("/v1/tasks/toy.mood/rollback", json={}, headers=headers),
        lambda: served.http.post(UPLOAD, files={"file": ("a.csv", b"text,label\na,b\n")}, headers=headers),
    ):
        assert send().status_code == 422


@pytest.mark.parametrize(
    "token", ["", "Bearer", "Bearer ", "Basic abc", "Bearer col_live_é", "Bearer " + "x" * 5000]
)
def test_an_odd_authorization_is_unauthenticated(served: Served, token: str) -> None:
    reply = served.http.get("/v1/jobs", headers={"Authorization": token.encode("latin-1")})  # type: ignore[dict-item]

    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith("Bearer")
    assert reply.headers["content-type"] == PROBLEM


def test_an_unexpected_error_tells_nothing_of_the_inside(
    served: Served, admin: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise ValueError("/secret/path: the inside")

    monkeypatch.setattr(type(served.container.predictor), "predict", broken)
    with caplog.at_level(logging.CRITICAL):
        reply = served.http.post("/v1/predict", json={"task": "toy.mood", "texts": ["a"]}, headers=admin)

    assert reply.status_code == 500
    assert reply.headers["content-type"] == PROBLEM
    assert reply.json()["request_id"] == reply.headers["x-request-id"]
    assert "secret" not in reply.text
    assert "ValueError" not in reply.text


def test_a_full_disk_is_507(served: Served, admin: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device", "/secret/path")

    monkeypatch.setattr("os.fsync", full)
    reply = served.http.post(UPLOAD, files={"file": ("a.csv", b"text,label\na,b\n")}, headers=admin)

    assert reply.status_code == 507
    assert "secret" not in reply.text
    monkeypatch.undo()
    assert served.http.get(UPLOAD, headers=admin).json()["data"] == []
