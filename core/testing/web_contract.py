"""What a vertical's routes answer: to those who may, to those who may not, and to hostile input."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from core.testing.corpus import BODIES, mutations
from core.testing.manifest_contract import RecordingAccess
from core.testing.served import AppClient, Reply
from core.vertical import RestExample, Vertical

PROBLEM = "application/problem+json"
PROBLEM_KEYS = {"type", "title", "status", "detail", "request_id"}
_NOBODY = "no-such-id"
_PARAMETER = re.compile(r"\{[^}]+\}")


def assert_problem(reply: Reply, *statuses: int) -> None:
    """Check that an answer is problem+json (RFC 9457) with one of these statuses."""
    assert reply.status_code in statuses, f"{reply.status_code}: {reply.text[:300]}"
    assert reply.headers["content-type"].split(";")[0] == PROBLEM
    problem = reply.json()
    assert problem.keys() >= PROBLEM_KEYS, f"missing: {PROBLEM_KEYS - problem.keys()}"
    assert problem["status"] == reply.status_code


def _matches(template: str, path: str) -> bool:
    pattern = "[^/]+".join(map(re.escape, _PARAMETER.split(template)))
    return re.fullmatch(pattern, path.partition("?")[0]) is not None


class WebContract:
    """Checks of a served vertical; `app_client` comes from `api.testing`."""

    @pytest.fixture
    def routes(self, vertical: Vertical, app_client: AppClient) -> list[tuple[str, str]]:
        """Return (method, path) of every route of the vertical."""
        if vertical.router is None or vertical.build is None:
            return []
        router = vertical.router(vertical.build(app_client.services), RecordingAccess())
        return [(m, route.path) for route in router.routes for m in sorted(route.methods - {"HEAD"})]

    @pytest.fixture
    def key(self, vertical: Vertical, app_client: AppClient) -> str:
        """Return a key with every scope of the vertical; one for something else where it has none."""
        return app_client.key("contract-a", *(vertical.scopes or ("elsewhere:read",)))

    def test_routes_stay_below_its_name(self, vertical: Vertical, routes: list[tuple[str, str]]) -> None:
        """All routes are under /v1/<name> or named in `paths`; an unfinished vertical has none."""
        assert bool(routes) is vertical.finished
        for method, path in routes:
            assert path.startswith(f"/v1/{vertical.name}/") or path in vertical.paths, (
                f"{method} {path} is outside /v1/{vertical.name}/"
            )
        unserved = set(vertical.paths) - {path for _, path in routes}
        assert not unserved, f"named in paths and not served: {unserved}"

    def test_unfinished_is_not_served(self, vertical: Vertical, app_client: AppClient) -> None:
        """OpenAPI lists routes of finished verticals only."""
        paths = app_client.request("GET", "/openapi.json").json()["paths"]
        served = [path for path in paths if path.startswith(f"/v1/{vertical.name}/")]
        assert bool(served) is vertical.finished

    def test_openapi_documents_each_route(self, app_client: AppClient, routes: list[tuple[str, str]]) -> None:
        """Each route has a summary, a description and a schema of its answer."""
        paths = app_client.request("GET", "/openapi.json").json()["paths"]
        for method, path in routes:
            operation = paths[path][method.lower()]
            assert operation.get("summary"), f"{method} {path} has no summary"
            assert operation.get("description"), f"{method} {path} has no description"
            answers = {status: a for status, a in operation["responses"].items() if status.startswith("2")}
            assert answers, f"{method} {path} documents no success"
            assert "204" in answers or any(_schema(a) for a in answers.values()), (
                f"{method} {path} has no schema"
            )

    def test_scopes_are_declared(self, vertical: Vertical, app_client: AppClient) -> None:
        """Routes ask for the scopes of the manifest, for all of them and for no other."""
        if vertical.router is None or vertical.build is None:
            return
        access = RecordingAccess()
        vertical.router(vertical.build(app_client.services), access)
        odd = set(access.scopes) ^ set(vertical.scopes)
        assert not odd, f"asked for and not declared, or declared and not asked for: {sorted(odd)}"

    def test_every_route_demands_a_key(self, app_client: AppClient, routes: list[tuple[str, str]]) -> None:
        """No key and an invented key: 401."""
        for method, path in routes:
            for key in (None, "col_live_nobody_" + "0" * 52):
                assert_problem(app_client.request(method, _filled(path), key=key, body={}), 401)

    def test_every_route_demands_its_scope(
        self, app_client: AppClient, routes: list[tuple[str, str]]
    ) -> None:
        """A key for something else: 403."""
        stranger = app_client.key("contract-a", "elsewhere:read")
        for method, path in routes:
            assert_problem(app_client.request(method, _filled(path), key=stranger, body={}), 403)

    def test_examples_work(self, vertical: Vertical, app_client: AppClient) -> None:
        """Each example, sent in its order and with its own scope only, keeps its promise."""
        for example in vertical.examples:
            assert example.scope in vertical.scopes
            reply = _send(app_client, example, app_client.key("contract-a", example.scope))
            if example.refused is not None:
                assert_problem(reply, example.refused)
                continue
            assert 200 <= reply.status_code < 300, f"{example.path}: {reply.text[:300]}"
            missing = set(example.expect) - reply.json().keys()
            assert not missing, f"{example.path} lacks {missing}"

    def test_every_post_has_an_example(self, vertical: Vertical, routes: list[tuple[str, str]]) -> None:
        """Hostile input is bred from the examples, so each POST route without parameters has one."""
        for method, path in routes:
            if method == "POST" and not _PARAMETER.search(path):
                shown = [e for e in vertical.examples if e.method == method and _matches(path, e.path)]
                assert shown, f"POST {path} has no example in the manifest"

    def test_bad_input_is_never_a_5xx(self, vertical: Vertical, app_client: AppClient, key: str) -> None:
        """Whole hostile bodies and mutations of each example: taken, or refused as problem+json."""
        for example in vertical.examples:
            if example.body is None:
                continue
            for name, body in (*BODIES.items(), *mutations(example.body)):
                reply = app_client.request(example.method, example.path, key=key, content=body)
                assert reply.status_code < 500, f"{name}: {reply.status_code}"
                if reply.status_code >= 300:
                    assert_problem(reply, 400, 409, 413, 415, 422)

    def test_unknown_ids_are_not_found(
        self, app_client: AppClient, routes: list[tuple[str, str]], key: str
    ) -> None:
        """A well-formed id that never was: 404 to a GET or DELETE."""
        for method, path in routes:
            if _PARAMETER.search(path) and method in {"GET", "DELETE"}:
                assert_problem(app_client.request(method, _filled(path), key=key), 404)

    def test_another_tenant_sees_nothing(
        self, vertical: Vertical, app_client: AppClient, routes: list[tuple[str, str]], key: str
    ) -> None:
        """What one tenant made is in no list of another's, and its id is unknown there."""
        made = {i for e in vertical.examples for i in _ids(_answer(_send(app_client, e, key)))}
        stranger = app_client.key("contract-b", *(vertical.scopes or ("elsewhere:read",)))
        paths = app_client.request("GET", "/openapi.json").json()["paths"]
        for method, path in routes:
            if method not in {"GET", "DELETE"} or _endless(paths[path][method.lower()]):
                continue
            for one in made if _PARAMETER.search(path) else [""]:
                asked = _PARAMETER.sub(lambda _, one=one: quote(one, safe=""), path)  # type: ignore[misc]
                reply = app_client.request(method, asked, key=stranger)
                if _PARAMETER.search(path):
                    assert_problem(reply, 404)
                assert not {i for i in made if i in reply.text} - {one}, (
                    f"{method} {path} shows another's rows"
                )


def _schema(answer: dict[str, Any]) -> bool:
    return any(content.get("schema") for content in answer.get("content", {}).values())


def _endless(operation: dict[str, Any]) -> bool:
    """Tell whether an answer is a stream of events: it has no end that a test could wait for."""
    return "text/event-stream" in operation["responses"].get("200", {}).get("content", {})


def _filled(path: str) -> str:
    return _PARAMETER.sub(_NOBODY, path)


def _send(client: AppClient, example: RestExample, key: str) -> Reply:
    return client.request(example.method, example.path, key=key, body=example.body)


def _answer(reply: Reply) -> Any:
    return reply.json() if reply.status_code < 300 and reply.text else {}


def _ids(value: Any) -> Iterator[str]:
    """Yield the strings under the keys `id` and `…_id` of an answer."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str) and (name == "id" or name.endswith("_id")):
                yield inner
            yield from _ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ids(inner)
