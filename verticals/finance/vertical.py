"""The manifest that ties finance together; importing it loads neither a model nor a web framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.vertical import Access, RestExample, Services, Vertical
from verticals.finance.recipe import SENTIMENT, TOPIC
from verticals.finance.service import Finance, build


def _router(service: Finance, access: Access) -> Any:
    from verticals.finance.routes import router

    return router(service, access)


def _commands(services: Callable[[], Services]) -> Any:
    from verticals.finance.commands import commands

    return commands(services)


vertical = Vertical(
    name="finance",
    summary="Topic and sentiment of financial news and posts, in English and Chinese.",
    finished=True,
    tasks=(SENTIMENT, TOPIC),
    scopes=("finance:read",),
    build=build,
    router=_router,
    commands=_commands,
    examples=(
        RestExample(
            method="POST",
            path="/v1/finance/analyze",
            scope="finance:read",
            body={
                "texts": [
                    {"text": "Orvane Foods narrowed its loss to $3.1 million from $9.8 million."},
                    {"text": "澜石科技下调全年指引，股价跌停。", "published_at": "2026-11-20T09:31:00+08:00"},
                ]
            },
            expect=("data",),
            shown=True,
        ),
    ),
)
