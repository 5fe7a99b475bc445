"""Tenants: all of them, for the installation's administrator (scope `admin`) alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.auth import BearerAccess
from api.bootstrap import Container
from core.paging import Cursor, Limit, Page, page, slice_after
from core.security.caller import Caller
from core.security.tenants import TenantView
from core.text.types import SafeText

TenantId = Annotated[SafeText, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", examples=["acme"])]


class TenantIn(BaseModel):
    """A tenant to make."""

    model_config = ConfigDict(extra="forbid")

    id: TenantId
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


def router(container: Container, access: BearerAccess) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1/tenants", tags=["tenants"])
    admin = Depends(access.require("admin"))
    tenants = container.tenants

    @routes.post("", status_code=201)
    def create_tenant(body: TenantIn, caller: Caller = admin) -> TenantOut:
        """Make a tenant; POST /v1/keys with `tenant` makes its first key."""
        return _shown(tenants.create(body.id, body.name, actor=caller.key_id))

    @routes.get("", dependencies=[admin])
    def list_tenants(cursor: Cursor = None, limit: Limit = 50) -> Page[TenantOut]:
        """List all tenants, by id."""
        return page(slice_after(tenants.list(), cursor, _id), limit, _shown, _id)

    @routes.get("/{tenant_id}", dependencies=[admin])
    def get_tenant(tenant_id: str) -> TenantOut:
        """Return one tenant."""
        return _shown(tenants.get(tenant_id))

    @routes.patch("/{tenant_id}")
    def change_tenant(tenant_id: str, body: TenantPatch, caller: Caller = admin) -> TenantOut:
        """Suspend a tenant, or let it in again; its keys stop working at once."""
        step = tenants.suspend if body.state == "suspended" else tenants.resume
        step(tenant_id, actor=caller.key_id)
        return _shown(tenants.get(tenant_id))

    return routes
