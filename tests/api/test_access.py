"""Every route × no key, an expired one, one without the scope, the id of another tenant (item 32)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from core.jobs.clock import SystemClock
from core.models.artefacts import publish
from core.models.manifest import Manifest
from core.security.keys import Keys
from tests.api.conftest import Served

PROBLEM = "application/problem+json"
OPEN = {"/healthz", "/readyz", "/metrics"}
NO_OPERATION = {"/docs", "/docs/assets", "/openapi.json"}
ADMINISTRATION = "/v1/tenants"
CSV = b"text,label\nprofit rose,good\nloss widened,bad\n"
BODIES = {
    "/v1/predict": {"task": "toy.mood", "texts": ["a"]},
    "/v1/training-jobs": {"task": "toy.mood", "dataset_id": "x"},
    "/v1/keys": {"scopes": ["predict"]},
    "/v1/connections": {"name": "n", "kind": "file", "vertical": "toy", "config": {"path": "news.csv"}},
    "/v1/webhook-endpoints": {"url": "https://hooks.example.com/in", "topics": ["job.*"]},
    "/v1/webhook-endpoints/{endpoint_id}/rotate": {},
    "/v1/channels": {"kind": "webhook", "name": "desk", "config": {"url": "https://hooks.example.com/desk"}},
    "/v1/tenants": {"id": "acme"},
    "/v1/tenants/{tenant_id}": {"state": "suspended"},
}


def _operations(served: Served) -> Iterator[tuple[str, str]]:
    for path, operations in served.http.get("/openapi.json").json()["paths"].items():
        for method in operations:
            yield method.upper(), path


def _send(served: Served, method: str, path: str, ids: dict[str, str], headers: dict[str, str]):
    target = path.format_map({"task": "toy.mood", **ids})
    if (method, path) == ("POST", "/v1/datasets"):
        return served.http.post(target, files={"file": ("a.csv", CSV)}, headers=headers)
    body = BODIES.get(path) if method in ("POST", "PATCH") else None
    return served.http.request(method, target, json=body, headers=headers)


NOBODY = {
    name: "01m0000000000000000000000z"
    for name in (
        "job_id",
        "dataset_id",
        "model_id",
        "key_id",
        "tenant_id",
        "connection_id",
        "endpoint_id",
        "channel_id",
    )
}


def _scopes(dependant: Dependant) -> Iterator[str]:
    for inner in dependant.dependencies:
        if hasattr(inner.call, "scope"):
            yield inner.call.scope
        yield from _scopes(inner)


def test_every_route_but_health_asks_for_exactly_one_scope(served: Served) -> None:
    routes = [route for route in _routes(served) if isinstance(route, APIRoute)]

    asked = {
        (route.path, method): list(_scopes(route.dependant)) for route in routes for method in route.methods
    }
    assert len(asked) >= 20
    for (path, _), scopes in asked.items():
        assert len(scopes) == (0 if path in OPEN else 1), (path, scopes)


def test_what_is_no_operation_is_the_documentation(served: Served) -> None:
    others = [route for route in _routes(served) if not isinstance(route, APIRoute)]

    assert {getattr(route, "path", None) for route in others} == NO_OPERATION


def _all_scopes(served: Served) -> set[str]:
    """Every scope that a route asks for, but `admin`."""
    asked = [_scopes(route.dependant) for route in _routes(served) if isinstance(route, APIRoute)]
    return {scope for scopes in asked for scope in scopes} - {"admin"}


def _routes(served: Served) -> Iterator[object]:
    """Yield all routes, those inside of included routers too."""
    pending = list(served.http.app.routes)  # type: ignore[attr-defined]
    while pending:
        route = pending.pop()
        included = getattr(route, "original_router", None)
        if included is not None:
            pending.extend(included.routes)
        else:
            yield route


def _expired(served: Served) -> dict[str, str]:
    served.container.tenants.ensure("demo")
    ends = SystemClock().now() + timedelta(days=1)
    later = Keys(
        served.container.storage, b"\x00" * 32
    )  # a key of another secret is as unknown as an old one
    foreign = later.create("demo", ["admin"])[0]
    return {"foreign": foreign, "expired": served.token("demo", "admin", expires_at=ends - timedelta(days=2))}


def test_no_key_a_wrong_one_and_an_expired_one_are_401(served: Served) -> None:
    tokens = {"none": None, "noise": "col_live_nobody_" + "0" * 52, **_expired(served)}
    for method, path in _operations(served):
        if path in OPEN:
            continue
        for name, token in tokens.items():
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            reply = _send(served, method, path, NOBODY, headers)
            assert reply.status_code == 401, (name, method, path, reply.text)
            assert reply.headers["www-authenticate"].startswith("Bearer")
            assert reply.headers["content-type"] == PROBLEM


def test_a_key_without_the_scope_is_403(served: Served) -> None:
    stranger = served.headers("demo", "elsewhere:read")
    for method, path in _operations(served):
        if path not in OPEN:
            reply = _send(served, method, path, NOBODY, stranger)
            assert reply.status_code == 403, (method, path, reply.text)
            assert reply.headers["content-type"] == PROBLEM


def test_a_publishable_key_opens_none_of_these_routes(served: Served) -> None:
    served.container.tenants.ensure("demo")
    token, _ = served.container.keys.create(
        "demo", _all_scopes(served), publishable=True, origins=["https://shop.example"]
    )
    headers = {"Authorization": f"Bearer {token}", "Origin": "https://shop.example"}
    for method, path in _operations(served):
        if path not in OPEN:
            assert _send(served, method, path, NOBODY, headers).status_code == 401, (method, path)


@pytest.fixture
def ids(served: Served) -> dict[str, str]:
    """Give the tenant `demo` one of everything."""
    owner = served.headers("demo", "admin")
    dataset = served.http.post("/v1/datasets", files={"file": ("a.csv", CSV)}, headers=owner).json()["id"]
    job = served.http.post(
        "/v1/training-jobs", json={"task": "t.t", "dataset_id": dataset}, headers=owner
    ).json()["id"]
    key = served.http.post("/v1/keys", json={"scopes": ["predict"]}, headers=owner).json()["id"]
    connection = served.http.post("/v1/connections", json=BODIES["/v1/connections"], headers=owner).json()[
        "id"
    ]
    endpoint = served.http.post(
        "/v1/webhook-endpoints", json=BODIES["/v1/webhook-endpoints"], headers=owner
    ).json()["id"]
    channel = served.http.post("/v1/channels", json=BODIES["/v1/channels"], headers=owner).json()["id"]
    root = served.container.settings.data / "artefacts"
    root.mkdir()
    manifest = Manifest(task="toy.mood", kind="single", method="head")
    folder = publish(lambda place: (place / "weights.safetensors").write_bytes(b"w") and None, manifest, root)  # type: ignore[func-returns-value]
    from core.models.artefacts import load_manifest

    model = served.container.versions.add("demo", "toy.mood", folder, load_manifest(folder))
    return {
        "dataset_id": dataset,
        "job_id": job,
        "key_id": key,
        "model_id": model,
        "tenant_id": "demo",
        "connection_id": connection,
        "endpoint_id": endpoint,
        "channel_id": channel,
    }


def _theirs(path: str) -> bool:
    return "_id}" in path and not path.startswith(ADMINISTRATION)


def test_another_tenants_ids_are_as_absent_as_ids_that_never_were(
    served: Served, ids: dict[str, str]
) -> None:
    stranger = served.headers("other", *_all_scopes(served))
    seen = 0
    for method, path in _operations(served):
        if not _theirs(path):
            continue
        theirs, nobodys = (_send(served, method, path, given, stranger) for given in (ids, NOBODY))
        assert theirs.status_code == nobodys.status_code == 404, (method, path, theirs.text)
        assert _neutral(theirs.json(), ids) == _neutral(nobodys.json(), NOBODY)
        seen += 1
    assert seen >= 7


def test_tenants_are_for_the_administrator_alone(served: Served, ids: dict[str, str]) -> None:
    stranger = served.headers("other", *_all_scopes(served))
    seen = 0
    for method, path in _operations(served):
        if path.startswith(ADMINISTRATION):
            theirs, nobodys = (_send(served, method, path, given, stranger) for given in (ids, NOBODY))
            assert theirs.status_code == nobodys.status_code == 403, (method, path)
            assert _neutral(theirs.json(), ids) == _neutral(nobodys.json(), NOBODY)
            seen += 1
    assert seen == 4


def _neutral(problem: dict[str, object], ids: dict[str, str]) -> str:
    text = repr({name: value for name, value in problem.items() if name != "request_id"})
    for value in ids.values():
        text = text.replace(value, "ID")
    return text


def test_lists_show_nothing_of_another_tenant(served: Served, ids: dict[str, str]) -> None:
    stranger = served.headers("other", *_all_scopes(served))
    lists = ("datasets", "jobs", "models", "keys", "connections", "webhook-endpoints", "channels")
    for path in (f"/v1/{name}" for name in lists):
        reply = served.http.get(path, headers=stranger)
        assert reply.status_code == 200
        text = reply.text
        assert not [value for value in ids.values() if value in text], path


def test_the_owner_reaches_all_of_them(served: Served, ids: dict[str, str]) -> None:
    owner = served.headers("demo", *_all_scopes(served))
    for path in (
        "/v1/datasets/{dataset_id}",
        "/v1/jobs/{job_id}",
        "/v1/models/{model_id}",
        "/v1/keys/{key_id}",
        "/v1/connections/{connection_id}",
        "/v1/webhook-endpoints/{endpoint_id}",
        "/v1/channels/{channel_id}",
    ):
        assert served.http.get(path.format_map(ids), headers=owner).status_code == 200

    promoted = served.http.post(f"/v1/models/{ids['model_id']}/promote", headers=owner)
    assert (promoted.status_code, promoted.json()["stage"]) == (200, "production")
    card = served.http.get(f"/v1/models/{ids['model_id']}", headers=owner).json()
    assert card["files"].keys() == {"weights.safetensors"}
    assert str(served.container.settings.data) not in str(card)
    assert served.http.post("/v1/tasks/toy.mood/rollback", headers=owner).status_code == 409
    listed = served.http.get("/v1/models?limit=1", headers=owner).json()
    assert [row["id"] for row in listed["data"]] == [ids["model_id"]]
