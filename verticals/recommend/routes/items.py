"""Routes for the items of a shop, and for fitting."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from core.errors import FieldError, PayloadTooLarge
from core.security.caller import Caller
from core.vertical import Access
from verticals.recommend.schemas.closed import ITEM_ID
from verticals.recommend.schemas.items import ItemBody, ItemOut, ItemsIn, ItemsOut
from verticals.recommend.schemas.lists import FitIn, FitOut
from verticals.recommend.service import FIT, Recommend, take_items

READ, WRITE = "recommend:read", "recommend:write"
PathId = Annotated[str, Path(max_length=200, pattern=ITEM_ID)]


def add_items(routes: APIRouter, service: Recommend, access: Access) -> None:
    """Mount them."""
    reader, writer = Depends(access.require(READ)), Depends(access.require(WRITE))

    @routes.post("/items", summary="Put items in")
    def put_items(body: ItemsIn, caller: Caller = writer) -> ItemsOut:
        """Store items whole, new and changed ones; a bad row is left out. They count at the next call."""
        cap = service.settings.max_batch
        if len(body.items) > cap:
            fault = FieldError("/items", f"more than {cap} items")
            raise PayloadTooLarge(
                f"{len(body.items)} items in one request; the cap is {cap}.",
                remedy="Send them in parts.",
                errors=[fault],
            )
        return take_items(service, caller.tenant, body.items, actor=caller.key_id)

    @routes.get("/items/{item_id}", summary="One item")
    def get_item(item_id: PathId, caller: Caller = reader) -> ItemOut:
        """Return an item as it was sent."""
        found = service.items.get(caller.tenant, item_id)
        return ItemOut(id=found.id, created_at=found.created_at, updated_at=found.updated_at, **found.body)

    @routes.put("/items/{item_id}", summary="Put one item in")
    def put_item(item_id: PathId, body: ItemBody, caller: Caller = writer) -> ItemOut:
        """Store an item whole, for a change of stock too; it counts at the next call."""
        service.items.put(caller.tenant, {item_id: body.model_dump(mode="json")}, actor=caller.key_id)
        return get_item(item_id, caller)

    @routes.delete("/items/{item_id}", status_code=204, summary="Take an item out")
    def delete_item(item_id: PathId, caller: Caller = writer) -> None:
        """Delete an item; it is on no list from the next call on."""
        service.items.delete(caller.tenant, item_id, actor=caller.key_id)

    @routes.post("/fits", status_code=202, summary="Fit a model")
    def fit(body: FitIn, caller: Caller = writer) -> FitOut:
        """Fit a model from all events in the background; it serves if no baseline beats it."""
        payload = {"force": body.force, "method": body.method, "actor": caller.key_id}
        return FitOut(job_id=service.jobs.submit(caller.tenant, FIT, payload, actor=caller.key_id))
