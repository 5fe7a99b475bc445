"""Routes of the approved answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from core.paging import Cursor, Limit, Page, after, page
from core.security.caller import Caller
from core.vertical import Access
from verticals.service.routes.scopes import PREFIX, READ, WRITE
from verticals.service.schemas.templates import INTENT, TemplateIn, TemplateOut
from verticals.service.service import HelpDesk
from verticals.service.service.templates import TemplateView

Intent = Annotated[str, Path(pattern=INTENT, max_length=100)]


def mount(routes: APIRouter, service: HelpDesk, access: Access) -> None:
    """Add the routes."""
    reader, writer = Depends(access.require(READ)), Depends(access.require(WRITE))

    @routes.get(f"{PREFIX}/templates", summary="Approved answers")
    def list_templates(
        cursor: Cursor = None, limit: Limit = 50, caller: Caller = reader
    ) -> Page[TemplateOut]:
        """List approved answers in the order of their intents."""
        rows = service.templates.list(caller.tenant, after=after(cursor), limit=limit + 1)
        return page(rows, limit, _shown, lambda row: row.intent)

    @routes.put(f"{PREFIX}/templates/{{intent}}", summary="Approve an answer")
    def put_template(intent: Intent, body: TemplateIn, caller: Caller = writer) -> TemplateOut:
        """Give this answer, word by word, whenever the intent is told with confidence."""
        put = service.templates.put
        return _shown(put(caller.tenant, intent, en=body.en, zh=body.zh, actor=caller.key_id))

    @routes.delete(f"{PREFIX}/templates/{{intent}}", status_code=204, summary="Withdraw an approved answer")
    def delete_template(intent: str, caller: Caller = writer) -> None:
        """Give it no more, from the next message on."""
        service.templates.delete(caller.tenant, intent, actor=caller.key_id)


def _shown(row: TemplateView) -> TemplateOut:
    return TemplateOut(intent=row.intent, en=row.en, zh=row.zh, updated_at=row.updated_at)
