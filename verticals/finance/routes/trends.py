"""GET /v1/finance/trends: count, bad news and reach in windows of event time."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BeforeValidator

from core.security.caller import Caller
from core.streams.windows import WIDTHS, Width
from core.text.types import SafeText
from core.vertical import Access
from verticals.finance.routes.scopes import READ
from verticals.finance.schemas.closed import Moment
from verticals.finance.schemas.trends import TrendOut
from verticals.finance.service import Finance, trend_out
from verticals.finance.service.trends import Asked, in_calendar

_WINDOWS = 30
"""So many windows are shown where nobody says from when."""
_PLUS = re.compile(r"(.{11,}) (\d{2}:?\d{2})\Z")


def _escaped(value: object) -> object:
    # A "+" that was not escaped arrives as a blank.
    return _PLUS.sub(r"\1+\2", value) if isinstance(value, str) else value


_Time = Annotated[Moment | None, BeforeValidator(_escaped, json_schema_input_type=str)]


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
        return trend_out(service.trends.ask(caller.tenant, asked), window)
