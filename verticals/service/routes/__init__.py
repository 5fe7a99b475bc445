"""The web routes of service, one file a subject."""

from __future__ import annotations

from fastapi import APIRouter

from core.vertical import Access
from verticals.service.routes import completions, conversations, documents, intents, templates
from verticals.service.service import HelpDesk


def router(service: HelpDesk, access: Access) -> APIRouter:
    """Return the routes over the use cases."""
    routes = APIRouter(tags=["service"])
    for module in (intents, documents, conversations, templates, completions):
        module.mount(routes, service, access)
    return routes
