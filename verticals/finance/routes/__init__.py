"""The web routes of finance, one subject a file; `router` puts them together."""

from __future__ import annotations

from fastapi import APIRouter

from core.vertical import Access
from verticals.finance.routes import (
    alerts,
    analyze,
    companies,
    documents,
    rules,
    stream,
    subscribers,
    trends,
)
from verticals.finance.service import Finance

_PARTS = (analyze, documents, companies, trends, stream, rules, alerts, subscribers)


def router(service: Finance, access: Access) -> APIRouter:
    """Return the routes over the use cases; they run in threads: a model pass would block the loop."""
    routes = APIRouter(prefix="/v1/finance", tags=["finance"])
    for part in _PARTS:
        part.mount(routes, service, access)
    return routes
