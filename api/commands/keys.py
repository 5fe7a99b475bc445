"""`colonnade keys`: made once, shown once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from cyclopts import App, Parameter

from api.terminal import COMMON, Common, notes, show, show_rows, write_line
from core.errors import InvalidInput
from core.security.keys import Keys
from core.security.secrets import load_secret
from core.security.tenants import Tenants
from core.settings import Settings

app = App(name="keys", help="Make, list and revoke API keys.")
_ACTOR = "cli"
_COLUMNS = ("id", "scopes", "publishable", "created_at", "expires_at", "revoked_at")


@contextmanager
def _keys(tenant: str) -> Iterator[Keys]:
    """Open the keys of a tenant; it must exist, but for the default one, which is made if missing."""
    from api.bootstrap import open_storage

    settings = Settings()
    with open_storage(settings) as storage:
        tenants = Tenants(storage)
        if tenant == COMMON.tenant:
            tenants.ensure(tenant, actor=_ACTOR)
        tenants.get(tenant)
        yield Keys(storage, load_secret(settings))


@app.command
def create(
    *,
    scope: Annotated[list[str], Parameter(negative="")],
    expires: datetime | None = None,
    publishable: Annotated[bool, Parameter(negative="")] = False,
    origin: Annotated[list[str] | None, Parameter(negative="")] = None,
    common: Common = COMMON,
) -> None:
    """Make an API key and print it, this once.

    Args:
        scope: What it may do, e.g. finance:read, predict, admin; several times for several.
        expires: When it ends, with a zone: 2027-01-01T00:00:00+08:00.
        publishable: For browsers; bound to --origin.
        origin: https://host of a page that may use a publishable key; several times for several.
        common: Options of every command.
    """
    if expires is not None and expires.tzinfo is None:
        raise InvalidInput("--expires has no zone.", remedy="Write 2027-01-01T00:00:00Z.")
    with _keys(common.tenant) as keys:
        token, key_id = keys.create(
            common.tenant,
            scope,
            expires_at=expires,
            publishable=publishable,
            origins=origin or (),
            actor=_ACTOR,
        )
    if common.json:
        show({"id": key_id, "key": token, "tenant": common.tenant, "scopes": sorted(set(scope))}, json=True)
        return
    write_line(token)
    notes().print(f"Key {key_id} of {common.tenant}. It is not shown again.", style="dim")


@app.command(name="list")
def list_(*, common: Common = COMMON) -> None:
    """List the tenant's keys, revoked ones too.

    Args:
        common: Options of every command.
    """
    with _keys(common.tenant) as keys:
        rows = [asdict(key) for key in keys.list(common.tenant)]
    show_rows(rows, _COLUMNS, json=common.json)


@app.command
def revoke(key_id: str, /, *, common: Common = COMMON) -> None:
    """End a key. A running server notices within seconds.

    Args:
        key_id: As `colonnade keys list` prints it.
        common: Options of every command.
    """
    with _keys(common.tenant) as keys:
        keys.revoke(common.tenant, key_id, actor=_ACTOR)
    show({"id": key_id, "revoked": True}, json=common.json)
