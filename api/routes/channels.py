"""Channels: where notices to people go, by mail, chat or a web hook. Secrets go in and never come out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr

from api.auth import BearerAccess
from api.bootstrap import Container
from core.delivery.channels import ChannelView
from core.delivery.configs import Kind
from core.delivery.pacing import HIGHEST_RATE
from core.paging import Cursor, Limit, Page, after, page
from core.security.caller import Caller
from core.text.types import Name, SafeText

_PATH = "/v1/channels"
_LONGEST_SECRET = 1_000


def _veil(body: bytes) -> bytes:
    return json.dumps({**json.loads(body), "secret": None}).encode()


VEILED: Mapping[str, Callable[[bytes], bytes]] = {_PATH: _veil}
"""What may be kept for an Idempotency-Key: a secret is shown once, so a replay lacks it."""


class ChannelIn(BaseModel):
    """A channel to make.

    Attributes:
        config: `url` of a web hook (with `topics`, if it is to be told of events too) or of a chat robot; of
            mail `host`, `port`, `security`, `username`, `sender`, `recipients`.
        secret: A web hook's `whsec_…` (made where left out), a robot's signing secret, a mail password.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    name: Annotated[Name, Field(min_length=1, max_length=200, examples=["risk-desk"])]
    config: Annotated[dict[SafeText, JsonValue], Field(max_length=20)]
    secret: Annotated[SecretStr | None, Field(min_length=1, max_length=_LONGEST_SECRET)] = None
    rate_per_minute: Annotated[int, Field(ge=1, le=HIGHEST_RATE)] | None = None


class ChannelOut(BaseModel):
    """A channel without its secrets: the address of a chat robot is one.

    Attributes:
        state: `active` or `disabled`; then `reason` says why.
        failures: Failed tries since the last that arrived.
    """

    id: str
    kind: Kind
    name: str
    config: dict[str, Any]
    state: str
    reason: str | None
    failures: int
    rate_per_minute: int
    created_at: datetime
    updated_at: datetime


class NewChannelOut(ChannelOut):
    """A new channel; a web hook's `secret` is shown this once, and null in a replay."""

    secret: str | None


def _fields(channel: ChannelView) -> dict[str, Any]:
    named = {name: getattr(channel, name) for name in ChannelOut.model_fields}
    return {**named, "config": dict(channel.config)}


def _shown(channel: ChannelView) -> ChannelOut:
    return ChannelOut.model_validate(_fields(channel))


def router(container: Container, access: BearerAccess) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix=_PATH, tags=["channels"])
    reader = Depends(access.require("webhooks:read"))
    writer = Depends(access.require("webhooks:write"))
    channels = container.channels

    @routes.post("", status_code=201)
    def create_channel(body: ChannelIn, caller: Caller = writer) -> NewChannelOut:
        """Make a channel that subscribers of alerts and rules can name."""
        made = channels.put(
            caller.tenant,
            body.kind,
            body.name,
            body.config,
            None if body.secret is None else body.secret.get_secret_value(),
            rate_per_minute=body.rate_per_minute,
            actor=caller.key_id,
            replace=False,
        )
        return NewChannelOut.model_validate({**_fields(made), "secret": made.secret})

    @routes.get("")
    def list_channels(
        kind: Kind | None = None, cursor: Cursor = None, limit: Limit = 50, caller: Caller = reader
    ) -> Page[ChannelOut]:
        """List the channels, web hook endpoints among them, oldest first."""
        rows = channels.list(caller.tenant, kind=kind, after=after(cursor), limit=limit + 1)
        return page(rows, limit, _shown, lambda channel: channel.id)

    @routes.get("/{channel_id}")
    def get_channel(channel_id: str, caller: Caller = reader) -> ChannelOut:
        """Return one channel."""
        return _shown(channels.get(caller.tenant, channel_id))

    @routes.delete("/{channel_id}", status_code=204, response_class=Response)
    def delete_channel(channel_id: str, caller: Caller = writer) -> None:
        """Delete a channel with its deliveries; refused (409) while a rule or subscriber names it."""
        channels.delete(caller.tenant, channel_id, actor=caller.key_id)

    return routes
