"""The web routes of recommend."""

from __future__ import annotations

from fastapi import APIRouter

from core.vertical import Access
from verticals.recommend.routes.events import add_events
from verticals.recommend.routes.items import add_items
from verticals.recommend.routes.lists import add_lists
from verticals.recommend.service import Recommend


def router(service: Recommend, access: Access) -> APIRouter:
    """Return the routes over the use cases; they run in threads: a list or a text would block the loop."""
    routes = APIRouter(prefix="/v1/recommend", tags=["recommend"])
    add_items(routes, service, access)
    add_events(routes, service, access)
    add_lists(routes, service, access)
    return routes
