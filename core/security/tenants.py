"""Tenants: made, listed, suspended and resumed by administration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Conflict, NotFound
from core.security.keys import Keys
from core.storage import audit
from core.storage.engine import Storage
from core.storage.outbox import emit
from core.storage.tables import Tenant
from core.storage.tenancy import SYSTEM, valid_tenant

State = Literal["active", "suspended"]


@dataclass(frozen=True, slots=True)
class TenantView:
    """A tenant as administration sees it."""

    id: str
    name: str
    state: str
    created_at: datetime


class Tenants:
    """Administers tenants, under SYSTEM; every step is audited in SYSTEM's chain."""

    def __init__(self, storage: Storage, keys: Keys | None = None) -> None:
        """Use a storage.

        Args:
            storage: Where tenants are.
            keys: Told to forget what it remembers when a tenant is suspended.
        """
        self._storage = storage
        self._keys = keys

    def create(self, tenant: str, name: str = "", *, actor: str = "system") -> TenantView:
        """Make a tenant.

        Raises:
            InvalidInput: the id is no tenant name.
            Conflict: it exists.
        """

        def make(session: Session) -> TenantView:
            if session.get(Tenant, tenant) is not None:
                raise Conflict(f"The tenant {tenant} exists.")
            return _make(session, tenant, name, actor)

        valid_tenant(tenant)
        return self._storage.write(SYSTEM, make)

    def ensure(self, tenant: str, *, actor: str = "system") -> TenantView:
        """Return a tenant, making it where it is missing.

        Raises:
            InvalidInput: the id is no tenant name.
        """

        def find(session: Session) -> TenantView:
            row = session.get(Tenant, tenant)
            return _view(row) if row is not None else _make(session, tenant, "", actor)

        valid_tenant(tenant)
        return self._storage.write(SYSTEM, find)

    def get(self, tenant: str) -> TenantView:
        """Return a tenant.

        Raises:
            NotFound: there is none of that id.
        """
        with self._storage.read(SYSTEM) as session:
            return _view(_found(session, tenant))

    def list(self) -> list[TenantView]:
        """Return all tenants, by id."""
        with self._storage.read(SYSTEM) as session:
            return [_view(row) for row in session.scalars(select(Tenant).order_by(Tenant.id))]

    def suspend(self, tenant: str, *, actor: str = "system") -> None:
        """Turn the tenant's keys away until it is resumed; its data stays.

        Raises:
            NotFound: there is none of that id.
        """
        self._set(tenant, "suspended", actor)

    def resume(self, tenant: str, *, actor: str = "system") -> None:
        """Let the tenant's keys in again.

        Raises:
            NotFound: there is none of that id.
        """
        self._set(tenant, "active", actor)

    def _set(self, tenant: str, state: State, actor: str) -> None:
        def change(session: Session) -> None:
            row = _found(session, tenant)
            if row.state != state:
                row.state = state
                _note(session, tenant, state, actor)

        try:
            self._storage.write(SYSTEM, change)
        finally:
            if self._keys is not None:
                self._keys.forget()


def _found(session: Session, tenant: str) -> Tenant:
    row = session.get(Tenant, tenant)
    if row is None:
        raise NotFound(f"There is no tenant {tenant}.", remedy="Create it first.")
    return row


def _make(session: Session, tenant: str, name: str, actor: str) -> TenantView:
    row = Tenant(id=tenant, name=name or tenant)
    session.add(row)
    _note(session, tenant, "created", actor)
    return _view(row)


def _note(session: Session, tenant: str, what: str, actor: str) -> None:
    emit(session, f"security.tenant.{what}", {"tenant": tenant})
    audit.record(session, actor=actor, action=f"tenant.{what}", subject=tenant)


def _view(row: Tenant) -> TenantView:
    return TenantView(row.id, row.name, row.state, row.created_at)
