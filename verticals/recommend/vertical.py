"""The manifest that ties recommend together; importing it loads neither a model nor a web framework."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.vertical import Access, RestExample, Services, Vertical
from verticals.recommend import jobs
from verticals.recommend.service import FIT, Recommend, build

_LIST = ("data", "filled_by", "explanation", "removed", "model")


def _router(service: Recommend, access: Access) -> Any:
    from verticals.recommend.routes import router

    return router(service, access)


def _commands(services: Callable[[], Services]) -> Any:
    from verticals.recommend.commands import commands

    return commands(services)


vertical = Vertical(
    name="recommend",
    summary="Recommendation: items for a person, similar items, and the reasons, in English and Chinese.",
    finished=True,
    scopes=("recommend:read", "recommend:write", "recommend:events"),
    build=build,
    router=_router,
    commands=_commands,
    jobs={FIT: jobs.fit},
    migrations=Path(__file__).parent / "migrations",
    seed=jobs.seed,
    examples=(
        RestExample(
            method="POST",
            path="/v1/recommend/items",
            scope="recommend:write",
            body={
                "items": [
                    {
                        "id": "example-teapot",
                        "title": {"en": "Cast iron teapot", "zh": "铸铁茶壶"},
                        "description": {"zh": "一升容量，带不锈钢滤网。"},
                        "category": "kitchen",
                        "price": 39.5,
                        "currency": "EUR",
                        "stock": 8,
                        "attributes": {"colour": "black"},
                    },
                    {
                        "id": "example-green-tea",
                        "title": "Green tea, 100 g",
                        "category": "kitchen",
                        "price": 9,
                        "repurchase_days": 30,
                    },
                ]
            },
            expect=("created", "updated", "unchanged", "rejected", "data"),
        ),
        RestExample(
            method="POST",
            path="/v1/recommend/events",
            scope="recommend:events",
            body={
                "events": [
                    {
                        "event_id": "example-1",
                        "session_id": "example-session",
                        "item_id": "example-teapot",
                        "type": "view_item",
                        "timestamp": "2026-11-20T09:31:00+08:00",
                    },
                    {
                        "event_id": "example-2",
                        "user_id": "example-user",
                        "session_id": "example-session",
                        "type": "login",
                        "timestamp": "2026-11-20T09:32:00+08:00",
                    },
                ]
            },
            expect=("accepted", "duplicate", "rejected", "data"),
        ),
        RestExample(
            method="POST",
            path="/v1/recommend/recommendations",
            scope="recommend:read",
            body={"session_id": "window-shopper", "k": 5, "context": {"query": "送给咖啡爱好者的礼物"}},
            expect=("recommendation_id", *_LIST),
            shown=True,
        ),
        RestExample(
            method="POST",
            path="/v1/recommend/recommendations",
            scope="recommend:read",
            body={
                "user_id": "u101",
                "k": 3,
                "filters": {
                    "max_price": 200,
                    "category": ["coffee", "kitchen"],
                    "attributes": {"colour": "black"},
                },
                "exclude": ["example-green-tea"],
                "pins": ["example-teapot"],
                "diversity": 0.3,
                "explore": 0.1,
                "context": {"item_ids": ["example-teapot"]},
            },
            expect=("recommendation_id", *_LIST),
        ),
        RestExample(
            method="POST",
            path="/v1/recommend/rerank",
            scope="recommend:read",
            body={"user_id": "example-user", "items": ["example-teapot", "example-green-tea"], "k": 2},
            expect=(*_LIST, "left_out"),
        ),
        RestExample(
            method="GET",
            path="/v1/recommend/items/example-teapot",
            scope="recommend:read",
            expect=("id", "title"),
        ),
        RestExample(
            method="GET",
            path="/v1/recommend/items/example-teapot/similar?k=3",
            scope="recommend:read",
            expect=_LIST,
        ),
        RestExample(method="GET", path="/v1/recommend/trending?k=5", scope="recommend:read", expect=_LIST),
        RestExample(
            method="GET",
            path="/v1/recommend/explain?user_id=example-user&item_id=example-teapot",
            scope="recommend:read",
            expect=("shown", "rank", "removed_by", "sources", "detail"),
        ),
        RestExample(
            method="POST", path="/v1/recommend/fits", scope="recommend:write", body={}, expect=("job_id",)
        ),
    ),
)
