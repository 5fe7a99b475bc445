"""Where a tenant is told of events: signed web hooks in the Standard Webhooks form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from api.auth import BearerAccess
from api.bootstrap import Container
from core.delivery.channels import ChannelView
from core.delivery.configs import Topic, Url
from core.delivery.pacing import HIGHEST_RATE
from core.delivery.queue import Deliveries, DeliveryView
from core.errors import FieldError, InvalidInput, NotFound
from core.paging import Cursor, Limit, Page, after, page
from core.security.caller import Caller
from core.text.types import Name, SafeText

_PATH = "/v1/webhook-endpoints"
_KIND = "webhook"


def _veil(body: bytes) -> bytes:
    return json.dumps({**json.loads(body), "secret": None}).encode()


VEILED: Mapping[str, Callable[[bytes], bytes]] = {_PATH: _veil, f"{_PATH}/{{endpoint_id}}/rotate": _veil}
"""What may be kept for an Idempotency-Key: a secret is shown once, so a replay lacks it."""

Secret = Annotated[SafeText, Field(min_length=1, max_length=120, description="`whsec_…`; default: made.")]


class EndpointIn(BaseModel):
    """An endpoint to make; `topics` are exact, end in `.*`, or are `*`."""

    model_config = ConfigDict(extra="forbid")

    url: Url
    topics: Annotated[list[Topic], Field(min_length=1, max_length=50)]
    name: Annotated[Name, Field(min_length=1, max_length=200)] | None = None
    secret: Secret | None = None
    rate_per_minute: Annotated[int, Field(ge=1, le=HIGHEST_RATE)] | None = None


class RotateIn(BaseModel):
    """A new secret; the one before signs too for a day."""

    model_config = ConfigDict(extra="forbid")

    secret: Secret | None = None


class ReceiptOut(BaseModel):
    """One try: `delivered`, `retry`, `refused`, `gone`, or `lost` where the sender vanished."""

    number: int
    at: datetime
    outcome: str
    status: int | None
    error: str
    milliseconds: int


class DeliveryOut(BaseModel):
    """A delivery; `id` is the `webhook-id` of every try."""

    id: str
    topic: str
    state: str
    tries: int
    created_at: datetime
    finished_at: datetime | None
    receipts: list[ReceiptOut]


class EndpointOut(BaseModel):
    """An endpoint without its secret; what follows a `?` in its URL is not shown."""

    id: str
    name: str
    url: str
    topics: list[str]
    state: str
    reason: str | None
    failures: int
    rate_per_minute: int
    previous_until: datetime | None
    created_at: datetime
    updated_at: datetime


class NewEndpointOut(EndpointOut):
    """A new endpoint, or one with a new secret; `secret` is shown this once, and null in a replay."""

    secret: str | None


class WatchedEndpointOut(EndpointOut):
    """An endpoint with its last deliveries, newest first."""

    deliveries: list[DeliveryOut]


def _fields(channel: ChannelView) -> dict[str, object]:
    names = EndpointOut.model_fields.keys() - {"url", "topics"}
    given: dict[str, object] = {name: getattr(channel, name) for name in names}
    return {**given, "url": channel.config["url"], "topics": list(channel.topics)}


def _shown(channel: ChannelView) -> EndpointOut:
    return EndpointOut.model_validate(_fields(channel))


def _new(channel: ChannelView) -> NewEndpointOut:
    return NewEndpointOut.model_validate({**_fields(channel), "secret": channel.secret})


def _delivery(view: DeliveryView) -> DeliveryOut:
    return DeliveryOut(
        id=view.id,
        topic=view.topic,
        state=view.state,
        tries=view.tries,
        created_at=view.created_at,
        finished_at=view.finished_at,
        receipts=[
            ReceiptOut(
                number=one.number,
                at=one.at,
                outcome=one.outcome,
                status=one.status,
                error=one.error,
                milliseconds=one.milliseconds,
            )
            for one in view.receipts
        ],
    )


def _as_sent(faults: Sequence[FieldError]) -> tuple[FieldError, ...]:
    """Return faults where an endpoint has them: its body is the `config` of a channel."""
    return tuple(FieldError(fault.pointer.removeprefix("/config"), fault.detail) for fault in faults)


def router(container: Container, access: BearerAccess) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix=_PATH, tags=["webhook endpoints"])
    reader = Depends(access.require("webhooks:read"))
    writer = Depends(access.require("webhooks:write"))
    channels = container.channels
    deliveries = Deliveries(container.storage)

    def find(tenant: str, endpoint_id: str) -> ChannelView:
        """Return a web hook; a channel of another kind is none."""
        channel = channels.get(tenant, endpoint_id)
        if channel.kind != _KIND:
            raise NotFound(f"No endpoint {endpoint_id!r}.", remedy=f"List them with GET {_PATH}.")
        return channel

    @routes.post("", status_code=201)
    def create_endpoint(body: EndpointIn, caller: Caller = writer) -> NewEndpointOut:
        """Make an endpoint; keep `secret`, it verifies `webhook-signature` and is not shown again."""
        try:
            made = channels.put(
                caller.tenant,
                _KIND,
                body.name or body.url.partition("?")[0][:200],
                {"url": body.url, "topics": body.topics},
                body.secret,
                rate_per_minute=body.rate_per_minute,
                actor=caller.key_id,
                replace=False,
            )
        except InvalidInput as error:
            error.errors = _as_sent(error.errors)
            raise
        return _new(made)

    @routes.get("")
    def list_endpoints(
        cursor: Cursor = None, limit: Limit = 50, caller: Caller = reader
    ) -> Page[EndpointOut]:
        """List the endpoints, oldest first."""
        rows = channels.list(caller.tenant, kind=_KIND, after=after(cursor), limit=limit + 1)
        return page(rows, limit, _shown, lambda channel: channel.id)

    @routes.get("/{endpoint_id}")
    def get_endpoint(endpoint_id: str, caller: Caller = reader) -> WatchedEndpointOut:
        """Return one endpoint with its last 20 deliveries and the receipts of their tries."""
        channel = find(caller.tenant, endpoint_id)
        last = [_delivery(one) for one in deliveries.list(caller.tenant, endpoint_id)]
        return WatchedEndpointOut.model_validate({**_fields(channel), "deliveries": last})

    @routes.post("/{endpoint_id}/rotate")
    def rotate_secret(endpoint_id: str, body: RotateIn, caller: Caller = writer) -> NewEndpointOut:
        """Give an endpoint a new secret; for a day each request is signed with both."""
        find(caller.tenant, endpoint_id)
        return _new(channels.rotate(caller.tenant, endpoint_id, actor=caller.key_id, secret=body.secret))

    @routes.delete("/{endpoint_id}", status_code=204, response_class=Response)
    def delete_endpoint(endpoint_id: str, caller: Caller = writer) -> None:
        """Delete an endpoint with its deliveries; refused (409) while a rule or subscriber names it."""
        find(caller.tenant, endpoint_id)
        channels.delete(caller.tenant, endpoint_id, actor=caller.key_id)

    return routes
