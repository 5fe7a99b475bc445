"""The manifest that ties finance together; importing it loads neither a model nor a web framework."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.vertical import Access, RestExample, Services, Vertical
from verticals.finance import jobs
from verticals.finance.recipe import TASKS
from verticals.finance.service import READ, WATCH, Finance, build, channel_users


def _router(service: Finance, access: Access) -> Any:
    from verticals.finance.routes import router

    return router(service, access)


def _commands(services: Callable[[], Services]) -> Any:
    from verticals.finance.commands import commands

    return commands(services)


PRUNE = "finance.prune"
"""The kind of job that forgets by what old stories are found."""

vertical = Vertical(
    name="finance",
    summary="Topic and sentiment of financial news and posts, in English and Chinese.",
    finished=True,
    tasks=TASKS,
    scopes=("finance:read", "finance:write"),
    build=build,
    router=_router,
    commands=_commands,
    jobs={READ: jobs.read, WATCH: jobs.watch, PRUNE: jobs.prune},
    resident=frozenset({READ, WATCH, PRUNE}),
    schedules={WATCH: timedelta(minutes=1), PRUNE: timedelta(days=1)},
    sink=jobs.sink,
    channel_users=channel_users,
    migrations=Path(__file__).parent / "migrations",
    seed=jobs.seed,
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
        RestExample(
            method="POST",
            path="/v1/finance/documents",
            scope="finance:write",
            body={
                "documents": [
                    {
                        "source": "wire",
                        "external_id": "2026-11-20-1",
                        "title": "Tarn Lithium wins five-year supply deal",
                        "text": "The contract doubles its order book.",
                        "published_at": "2026-11-20T09:31:00+08:00",
                    }
                ]
            },
            expect=("accepted", "data", "job_id"),
        ),
        RestExample(method="GET", path="/v1/finance/documents", scope="finance:read", expect=("data",)),
        RestExample(
            method="GET",
            path="/v1/finance/trends?window=1d",
            scope="finance:read",
            expect=("data", "window"),
            shown=True,
        ),
        RestExample(
            method="POST",
            path="/v1/finance/rules",
            scope="finance:write",
            body={
                "name": "Four bad stories about guidance in an hour",
                "kind": "threshold",
                "topic": "guidance",
                "window": "1h",
                "at_least": 4,
                "severity": "high",
                "for": "15m",
            },
            expect=("id", "severity"),
        ),
        RestExample(
            method="POST",
            path="/v1/finance/subscribers",
            scope="finance:write",
            body={
                "name": "Risk desk",
                "channel_id": "ch_of_another_part",
                "match": {"severity_at_least": "medium", "topics": ["guidance"]},
                "quiet_hours": {"from": "22:00", "to": "07:00", "zone": "Asia/Shanghai", "days": ["sat"]},
                "escalate": {"after_minutes": 10, "channel_id": "ch_of_another_part"},
            },
            refused=422,
        ),
    ),
)
