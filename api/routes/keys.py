"""API keys of the caller's own tenant."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.auth import BearerAccess
from api.bootstrap import Container
from api.paging import Cursor, Limit, Page, page, slice_after
from core.errors import FieldError, Forbidden, InvalidInput, NotFound
from core.security.caller import Caller
from core.security.keys import Key
from core.text.types import SafeText

OPERATOR = "operator"
"""The scope that reaches over tenants. `admin` does not imply it; it is given on the command line only."""
_PATH = "/v1/keys"


def _veil(body: bytes) -> bytes:
    return json.dumps({**json.loads(body), "key": None}).encode()


VEILED: Mapping[str, Callable[[bytes], bytes]] = {_PATH: _veil}
"""What may be kept for an Idempotency-Key: a key's text is stored nowhere, so a replay lacks it."""

Scope = Annotated[SafeText, Field(max_length=100, examples=["finance:read"])]
Origin = Annotated[SafeText, Field(pattern=r"^https?://[^/\s]{1,250}$")]


class KeyIn(BaseModel):
    """A key to make; publishable ones are for browsers and bound to origins."""

    model_config = ConfigDict(extra="forbid")

    scopes: Annotated[list[Scope], Field(min_length=1, max_length=50)]
    expires_at: AwareDatetime | None = None
    publishable: bool = False
    origins: Annotated[list[Origin], Field(max_length=20)] = Field(default_factory=list)


class KeyOut(BaseModel):
    """A key without its secret."""

    id: str
    scopes: list[str]
    publishable: bool
    origins: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKeyOut(BaseModel):
    """A new key; `key` is shown this once, and is null when an answer is replayed."""

    id: str
    key: str | None
    scopes: list[str]
    expires_at: datetime | None


def _shown(key: Key) -> KeyOut:
    return KeyOut(
        id=key.id,
        scopes=list(key.scopes),
        publishable=key.publishable,
        origins=list(key.origins),
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )


def _id(key: Key) -> str:
    return key.id


def _check(body: KeyIn, caller: Caller, container: Container) -> None:
    if OPERATOR in body.scopes and OPERATOR not in caller.scopes:
        raise Forbidden(
            "Only an operator's key can make another.", remedy="Use `colonnade keys create --scope operator`."
        )
    if body.expires_at is not None and body.expires_at <= container.clock.now():
        fault = FieldError("/expires_at", "is in the past")
        raise InvalidInput("expires_at is in the past.", remedy="Name a later time.", errors=[fault])


def router(container: Container, access: BearerAccess) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix=_PATH, tags=["keys"])
    admin = Depends(access.require("admin"))
    keys = container.keys

    @routes.post("", status_code=201)
    def create_key(body: KeyIn, caller: Caller = admin) -> NewKeyOut:
        """Make a key for this tenant."""
        _check(body, caller, container)
        token, key_id = keys.create(
            caller.tenant,
            body.scopes,
            expires_at=body.expires_at,
            publishable=body.publishable,
            origins=body.origins,
            actor=caller.key_id,
        )
        return NewKeyOut(id=key_id, key=token, scopes=sorted(set(body.scopes)), expires_at=body.expires_at)

    @routes.get("")
    def list_keys(cursor: Cursor = None, limit: Limit = 50, caller: Caller = admin) -> Page[KeyOut]:
        """List this tenant's keys, revoked ones too, oldest first."""
        return page(slice_after(keys.list(caller.tenant), cursor, _id), limit, _shown, _id)

    @routes.get("/{key_id}")
    def get_key(key_id: str, caller: Caller = admin) -> KeyOut:
        """Return one key without its secret."""
        for key in keys.list(caller.tenant):
            if key.id == key_id:
                return _shown(key)
        raise NotFound(f"No key {key_id!r}.", remedy="List them with GET /v1/keys.")

    @routes.delete("/{key_id}", status_code=204, response_class=Response)
    def revoke_key(key_id: str, caller: Caller = admin) -> None:
        """Revoke a key, at once."""
        keys.revoke(caller.tenant, key_id, actor=caller.key_id)

    return routes
