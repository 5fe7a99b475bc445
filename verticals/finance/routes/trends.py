"""GET /v1/finance/trends: count, bad news and reach in windows of event time."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BeforeValidator

from core.security.caller import Caller
from core.streams.windows import WIDTHS, Width
from core.text.types import SafeText
from core.vertical import Access
from verticals.finance.routes.scopes import READ
from verticals.finance.schemas import TrendOut, WindowOut
from verticals.finance.service import Finance
from verticals.finance.service.trends import Asked, Trend, in_calendar

_WINDOWS = 30
"""So many windows are shown where nobody says from when."""
_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]")


def _written(value: object) -> object:
    # pydantic would take 1763767000 for a moment too; and a "+" that was not escaped arrives as a blank.
    if not isinstance(value, str) or not _WRITTEN.match(value):
        raise ValueError("a time is written in RFC 3339 with a zone, e.g. 2026-11-21T09:30:00Z")
    head, blank, zone = value.rpartition(" ")
    return f"{head}+{zone}" if blank and re.fullmatch(r"\d{2}:?\d{2}", zone) and len(head) > 10 else value


_Time = Annotated[AwareDatetime | None, BeforeValidator(_written, json_schema_input_type=str)]


def mount(routes: APIRouter, service: Finance, access: Access) -> None:
    """Add the routes."""
    reader = Depends(access.require(READ))

    @routes.get("/trends", summary="Count, negative share and reach over time")
    def trends(
        topic: Annotated[SafeText | None, Query(max_length=60)] = None,
        entity: Annotated[SafeText | None, Query(max_length=120, description="Company id or ticker.")] = None,
        source: Annotated[SafeText | None, Query(max_length=120)] = None,
        from_: Annotated[_Time, Query(alias="from", description="Default: 30 windows before `to`.")] = None,
        to: Annotated[_Time, Query(description="Default: now.")] = None,
        window: Annotated[Width, Query(description="Weeks begin on Mondays, UTC.")] = "1d",
        as_of: Annotated[_Time, Query(description="Only what was known then.")] = None,
        caller: Caller = reader,
    ) -> TrendOut:
        """Answer with windows without a gap, oldest first; where nothing came they hold zeros."""
        end = in_calendar("to", to or service.trends.now())
        begin = from_ or end - _WINDOWS * WIDTHS[window]
        company = service.entity(caller.tenant, entity) if entity else ""
        if topic:
            service.topics.check(caller.tenant, topic)
        asked = Asked(begin, end, window, topic or "", company, source, as_of)
        return shown(service.trends.ask(caller.tenant, asked), asked)


def shown(trend: Trend, asked: Asked) -> TrendOut:
    """Return a trend as clients see it."""
    return TrendOut(
        data=[
            WindowOut(
                start=each.start,
                end=each.end,
                count=each.count,
                negative=each.negative,
                negative_share=each.negative_share,
                reach=each.reach,
                final=each.final,
                complete=each.complete,
            )
            for each in trend.windows
        ],
        window=asked.width,
        as_of=trend.as_of,
    )
