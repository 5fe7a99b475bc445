"""`POST /v1/service/intents`."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from core.security.caller import Caller
from core.vertical import Access
from verticals.service.policy.reading import Reading
from verticals.service.routes.scopes import PREFIX, READ
from verticals.service.schemas.intents import IntentOut, IntentsIn, IntentsOut
from verticals.service.service import HelpDesk


def mount(routes: APIRouter, service: HelpDesk, access: Access) -> None:
    """Add the route; it runs in a thread: a model pass would block the loop."""
    reader = Depends(access.require(READ))

    @routes.post(f"{PREFIX}/intents", summary="What customers' messages want")
    def intents(body: IntentsIn, caller: Caller = reader) -> IntentsOut:
        """Say what each text wants, or that it is none of the intents, in their order."""
        return IntentsOut(data=[shown(each) for each in service.read(caller.tenant, body.texts)])


def shown(reading: Reading) -> IntentOut:
    """Return the form in which a reading leaves the house."""
    return IntentOut(
        intent=reading.intent,
        probabilities=dict(reading.probabilities),
        out_of_scope=reading.out_of_scope,
        confidence=reading.confidence,
        lang=reading.lang,
    )
