"""`colonnade tenants`: administration over all tenants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from cyclopts import App

from api.terminal import COMMON, Common, show, show_rows
from core.security.tenants import Tenants
from core.settings import Settings

app = App(name="tenants", help="Create, list, suspend, resume and delete tenants.")
_ACTOR = "cli"
_COLUMNS = ("id", "name", "state", "created_at")


@contextmanager
def _tenants() -> Iterator[Tenants]:
    from api.bootstrap import open_storage

    with open_storage(Settings()) as storage:
        yield Tenants(storage)


@app.command
def create(tenant_id: str, /, *, name: str = "", common: Common = COMMON) -> None:
    """Make a tenant.

    Args:
        tenant_id: 1 to 63 of a-z, 0-9, - and _.
        name: For people.
        common: Options of every command.
    """
    with _tenants() as tenants:
        show(asdict(tenants.create(tenant_id, name, actor=_ACTOR)), json=common.json)


@app.command(name="list")
def list_(*, common: Common = COMMON) -> None:
    """List all tenants.

    Args:
        common: Options of every command.
    """
    with _tenants() as tenants:
        rows = [asdict(tenant) for tenant in tenants.list()]
    show_rows(rows, _COLUMNS, json=common.json)


@app.command
def suspend(tenant_id: str, /, *, common: Common = COMMON) -> None:
    """Turn a tenant's keys away; its data stays. A running server notices within seconds.

    Args:
        tenant_id: Which one.
        common: Options of every command.
    """
    with _tenants() as tenants:
        tenants.suspend(tenant_id, actor=_ACTOR)
        show(asdict(tenants.get(tenant_id)), json=common.json)


@app.command
def resume(tenant_id: str, /, *, common: Common = COMMON) -> None:
    """Let a suspended tenant's keys in again.

    Args:
        tenant_id: Which one.
        common: Options of every command.
    """
    with _tenants() as tenants:
        tenants.resume(tenant_id, actor=_ACTOR)
        show(asdict(tenants.get(tenant_id)), json=common.json)


@app.command
def delete(tenant_id: str, /, *, yes: bool = False, common: Common = COMMON) -> None:
    """Delete a suspended tenant with everything it has: rows, uploads, models. There is no way back.

    Args:
        tenant_id: Which one.
        yes: Say that this is meant; without it nothing is deleted.
        common: Options of every command.
    """
    from api.bootstrap import open_storage
    from core.errors import InvalidInput
    from core.security.removal import remove_tenant

    if not yes:
        raise InvalidInput(f"This deletes everything of {tenant_id}.", remedy="Repeat it with --yes.")
    settings = Settings()
    with open_storage(settings) as storage:
        removed = remove_tenant(storage, settings.data, tenant_id, actor=_ACTOR)
    show({"id": tenant_id, "deleted": True, "rows": removed}, json=common.json)
