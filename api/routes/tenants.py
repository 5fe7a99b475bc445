"""Tenants. An `admin` sees its own; making and changing others needs `operator` in the key itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.auth import BearerAccess
from api.bootstrap import Container
from api.paging import Cursor, Limit, Page, page, slice_after
from api.routes.keys import OPERATOR
from core.errors import Forbidden, NotFound
from core.security.caller import Caller
from core.security.tenants import TenantView
from core.text.types import SafeText

_TenantId = Annotated[SafeText, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", examples=["acme"])]


class TenantIn(BaseModel):
    """A tenant to make."""

    model_config = ConfigDict(extra="forbid")

    id: _TenantId
    name: Annotated[SafeText, Field(max_length=200)] = ""


class TenantPatch(BaseModel):
    """What to change."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["active", "suspended"]


class TenantOut(BaseModel):
    """A tenant."""

    id: str
    name: str
    state: str
    created_at: datetime


def _shown(tenant: TenantView) -> TenantOut:
    return TenantOut(id=tenant.id, name=tenant.name, state=tenant.state, created_at=tenant.created_at)


def _id(tenant: TenantView) -> str:
    return tenant.id


def _operator(caller: Caller) -> bool:
    return OPERATOR in caller.scopes


def _require_operator(caller: Caller) -> None:
    if not _operator(caller):
        raise Forbidden(
            f"This key lacks the scope {OPERATOR}.",
            remedy=f"Make one with `colonnade keys create --scope admin --scope {OPERATOR}`.",
        )


def router(container: Container, access: BearerAccess) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1/tenants", tags=["tenants"])
    admin = Depends(access.require("admin"))
    tenants = container.tenants

    def visible(tenant: str, caller: Caller) -> TenantView:
        """Return a tenant that the caller may see; any other is as absent as one that never was."""
        if tenant != caller.tenant and not _operator(caller):
            raise NotFound(f"There is no tenant {tenant}.", remedy="Create it first.")
        return tenants.get(tenant)

    @routes.post("", status_code=201)
    def create_tenant(body: TenantIn, caller: Caller = admin) -> TenantOut:
        """Make a tenant; its first key is made on the command line."""
        _require_operator(caller)
        return _shown(tenants.create(body.id, body.name, actor=caller.key_id))

    @routes.get("")
    def list_tenants(cursor: Cursor = None, limit: Limit = 50, caller: Caller = admin) -> Page[TenantOut]:
        """List the tenants that the key may see: its own, or all for an operator."""
        rows = tenants.list() if _operator(caller) else [tenants.get(caller.tenant)]
        return page(slice_after(rows, cursor, _id), limit, _shown, _id)

    @routes.get("/{tenant_id}")
    def get_tenant(tenant_id: str, caller: Caller = admin) -> TenantOut:
        """Return one tenant."""
        return _shown(visible(tenant_id, caller))

    @routes.patch("/{tenant_id}")
    def change_tenant(tenant_id: str, body: TenantPatch, caller: Caller = admin) -> TenantOut:
        """Suspend a tenant, or let it in again; its keys stop working at once."""
        visible(tenant_id, caller)
        _require_operator(caller)
        step = tenants.suspend if body.state == "suspended" else tenants.resume
        step(tenant_id, actor=caller.key_id)
        return _shown(tenants.get(tenant_id))

    return routes
