"""API keys: a tenant's own people grant what they have, an `admin` grants anything to anyone (ADR 0009)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.auth import BearerAccess
from api.bootstrap import Container
from api.routes.tenants import TenantId
from core.errors import FieldError, Forbidden, InvalidInput, NotFound
from core.paging import Cursor, Limit, Page, page, slice_after
from core.security.caller import ADMIN, Caller
from core.security.keys import Key, Keys
from core.text.types import SafeText

_PATH = "/v1/keys"


def _veil(body: bytes) -> bytes:
    return json.dumps({**json.loads(body), "key": None}).encode()


VEILED: Mapping[str, Callable[[bytes], bytes]] = {_PATH: _veil}
"""What may be kept for an Idempotency-Key: a key's text is stored nowhere, so a replay lacks it."""

Scope = Annotated[SafeText, Field(max_length=100, examples=["finance:read"])]
Whose = Annotated[TenantId | None, Query(alias="tenant", description="Default: the key's own.")]
Origin = Annotated[SafeText, Field(pattern=r"^https?://[^/\s]{1,250}$")]


class KeyIn(BaseModel):
    """A key to make, for the caller's own tenant by default; publishable ones are bound to origins."""

    model_config = ConfigDict(extra="forbid")

    tenant: TenantId | None = None
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=50)]
    expires_at: AwareDatetime | None = None
    publishable: bool = False
    origins: Annotated[list[Origin], Field(max_length=20)] = Field(default_factory=list)


class KeyOut(BaseModel):
    """A key without its secret."""

    id: str
    tenant: str
    scopes: list[str]
    publishable: bool
    origins: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKeyOut(BaseModel):
    """A new key; `key` is shown this once, and is null when an answer is replayed."""

    id: str
    tenant: str
    key: str | None
    scopes: list[str]
    expires_at: datetime | None


def _shown(key: Key) -> KeyOut:
    return KeyOut(
        id=key.id,
        tenant=key.tenant,
        scopes=list(key.scopes),
        publishable=key.publishable,
        origins=list(key.origins),
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )


def _id(key: Key) -> str:
    return key.id


def _check_expiry(body: KeyIn, container: Container) -> None:
    if body.expires_at is not None and body.expires_at <= container.clock.now():
        fault = FieldError("/expires_at", "is in the past")
        raise InvalidInput("expires_at is in the past.", remedy="Name a later time.", errors=[fault])


def _find(keys: Keys, tenant: str, key_id: str) -> Key:
    for key in keys.list(tenant):
        if key.id == key_id:
            return key
    raise NotFound(f"No key {key_id!r}.", remedy="List them with GET /v1/keys.")


def _refuse_more(body: KeyIn, caller: Caller, keys: Keys) -> None:
    """Refuse to grant what the caller's own key lacks, be it a scope or time; `admin` grants anything."""
    if ADMIN in caller.scopes:
        return
    lacking = sorted(set(body.scopes) - caller.scopes)
    if lacking:
        raise Forbidden(
            f"This key lacks {', '.join(lacking)} and cannot grant it.",
            remedy="Grant scopes that it has, or ask the installation's administrator.",
        )
    ends = _find(keys, caller.tenant, caller.key_id).expires_at
    if ends is not None and (body.expires_at is None or body.expires_at > ends):
        raise Forbidden(
            "A key cannot make another that outlives it.",
            remedy=f"Set expires_at to {ends.isoformat()} or earlier.",
        )


def _refuse_admins(key: Key, caller: Caller) -> None:
    if ADMIN in key.scopes and ADMIN not in caller.scopes:
        raise Forbidden("Only an admin's key can revoke an admin's.", remedy="Use one with the scope admin.")


def router(container: Container, access: BearerAccess) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix=_PATH, tags=["keys"])
    reader, writer = Depends(access.require("keys:read")), Depends(access.require("keys:write"))
    keys = container.keys

    def of(tenant: str | None, caller: Caller) -> str:
        """Return the tenant that is meant; to all but an admin any other is as absent as an unknown one."""
        if tenant is None or tenant == caller.tenant:
            return caller.tenant
        if ADMIN not in caller.scopes:
            raise NotFound(f"There is no tenant {tenant}.", remedy="Leave `tenant` out: it is the key's own.")
        return container.tenants.get(tenant).id

    @routes.post("", status_code=201)
    def create_key(body: KeyIn, caller: Caller = writer) -> NewKeyOut:
        """Make a key, with scopes that the caller's own key has; an admin grants any, to any tenant."""
        tenant = of(body.tenant, caller)
        _check_expiry(body, container)
        _refuse_more(body, caller, keys)
        token, key_id = keys.create(
            tenant,
            body.scopes,
            expires_at=body.expires_at,
            publishable=body.publishable,
            origins=body.origins,
            actor=caller.key_id,
        )
        scopes = sorted(set(body.scopes))
        return NewKeyOut(id=key_id, tenant=tenant, key=token, scopes=scopes, expires_at=body.expires_at)

    @routes.get("")
    def list_keys(
        cursor: Cursor = None, limit: Limit = 50, tenant: Whose = None, caller: Caller = reader
    ) -> Page[KeyOut]:
        """List a tenant's keys, revoked ones too, oldest first."""
        return page(slice_after(keys.list(of(tenant, caller)), cursor, _id), limit, _shown, _id)

    @routes.get("/{key_id}")
    def get_key(key_id: str, tenant: Whose = None, caller: Caller = reader) -> KeyOut:
        """Return one key without its secret."""
        return _shown(_find(keys, of(tenant, caller), key_id))

    @routes.delete("/{key_id}", status_code=204, response_class=Response)
    def revoke_key(key_id: str, tenant: Whose = None, caller: Caller = writer) -> None:
        """Revoke a key, at once."""
        whose = of(tenant, caller)
        _refuse_admins(_find(keys, whose, key_id), caller)
        keys.revoke(whose, key_id, actor=caller.key_id)

    return routes
