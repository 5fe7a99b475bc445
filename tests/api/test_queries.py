"""What a query cannot say is refused on every route of /v1, and nothing else is."""

from __future__ import annotations

from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, Query, Request
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, Field

from api import errors
from api.auth import BearerAccess
from api.queries import declared_only
from tests.api.conftest import Served


class Model(BaseModel):
    topic: Annotated[list[str], Field(max_length=3)] = Field(default_factory=list)
    from_: Annotated[str | None, Field(alias="from")] = None


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")


@pytest.mark.parametrize(
    ("path", "pointers"),
    [
        ("/v1/jobs?colour=red", ["query:colour"]),
        ("/v1/jobs?limit=5&limit=6", ["query:limit"]),
        ("/v1/jobs?Limit=5", ["query:Limit"]),
        ("/v1/jobs?colour=red&taste=sour&limit=5", ["query:colour", "query:taste"]),
        ("/v1/jobs?=", ["query:"]),
        ("/v1/tenants?limit=5&x", ["query:x"]),
    ],
)
def test_what_a_route_does_not_take(
    served: Served, admin: dict[str, str], path: str, pointers: list[str]
) -> None:
    reply = served.http.get(path, headers=admin)

    assert reply.status_code == 422
    assert [fault["pointer"] for fault in reply.json()["errors"]] == pointers
    assert "limit" in reply.json()["detail"]


def test_a_post_takes_no_query(served: Served, admin: dict[str, str]) -> None:
    body = {"task": "toy.mood", "texts": ["a"]}

    assert served.http.post("/v1/predict?model=m-1", json=body, headers=admin).status_code == 422
    assert served.http.post("/v1/predict", json=body, headers=admin).status_code == 200


def test_who_has_no_key_is_told_that_first(served: Served) -> None:
    assert served.http.get("/v1/jobs?colour=red").status_code == 401


@pytest.mark.parametrize(
    "path", ["/v1/jobs", "/v1/jobs?", "/v1/jobs?limit=5", "/v1/keys?tenant=demo", "/docs?x=1", "/healthz?x=1"]
)
def test_what_is_declared_passes_and_pages_take_anything(
    served: Served, admin: dict[str, str], path: str
) -> None:
    assert served.http.get(path, headers=admin).status_code == 200


def test_lists_may_repeat_and_a_route_may_take_any_name(served: Served) -> None:
    app = FastAPI(dependencies=[Depends(declared_only(BearerAccess(served.container.keys)))])
    errors.install(app)
    free = {"parameters": [{"name": "any", "in": "query", "schema": {"type": "object"}}]}

    @app.get("/v1/many")
    def many(topic: Annotated[list[str] | None, Query()] = None) -> list[str]:
        return topic or []

    @app.get("/v1/free", openapi_extra=free)
    def any_name(request: Request) -> list[str]:
        return list(request.query_params)

    @app.get("/v1/model")
    def by_model(query: Annotated[Model, Query()]) -> Model:
        return query

    @app.get("/v1/open")
    def by_open_model(query: Annotated[Open, Query()]) -> dict[str, str]:
        return query.model_extra or {}

    http = TestClient(app)
    asked = http.get("/v1/model?topic=a&topic=b&from=c").json()
    assert asked == {"topic": ["a", "b"], "from": "c"}
    assert http.get("/v1/open?a=1").json() == {"a": "1"}
    assert http.get("/v1/many?topic=a&topic=b").json() == ["a", "b"]
    assert http.get("/v1/free?a=1&b=2").json() == ["a", "b"]
