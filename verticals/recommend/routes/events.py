"""The route for events, with a scope of its own: a shop's pages send them and nothing else."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from core.security.caller import Caller
from core.vertical import Access
from verticals.recommend.schemas.events import EventsIn, EventsOut
from verticals.recommend.service import Recommend, take_events

EVENTS = "recommend:events"


def add_events(routes: APIRouter, service: Recommend, access: Access) -> None:
    """Mount it."""
    sender = Depends(access.require(EVENTS))

    @routes.post("/events", summary="Send events")
    def send(body: EventsIn, caller: Caller = sender) -> EventsOut:
        """Store what people did, each event once by its event_id; it counts at the next call.

        An event with both ids joins the session to the user. One about an unknown item is kept until the item
        comes.
        """
        return take_events(service, caller.tenant, body.events)
