"""Deletes a tenant with everything it has; there is no way back."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import delete, inspect, select
from sqlalchemy.orm import Session

from core.errors import Conflict, NotFound
from core.storage import audit
from core.storage.engine import Storage
from core.storage.outbox import emit
from core.storage.tables import Base, ModelVersion, Tenant
from core.storage.tenancy import SYSTEM, valid_tenant


def remove_tenant(storage: Storage, data: Path, tenant: str, *, actor: str) -> int:
    """Delete a tenant's rows, uploads and models; rows first, so that a crash leaves files that nobody sees.

    Args:
        storage: Where its rows are.
        data: COLONNADE_DATA; only files below it are deleted.
        tenant: Must be suspended, so that nothing is written while it goes.
        actor: For the audit, in SYSTEM's chain.

    Returns:
        How many rows were deleted.

    Raises:
        NotFound: there is none of that id.
        Conflict: it is active.
    """
    valid_tenant(tenant)
    folders = _folders_of_its_own(storage, data, tenant)
    rows = storage.write(SYSTEM, lambda session: _delete_rows(session, tenant, actor))
    for folder in folders:
        if folder.is_dir():
            shutil.rmtree(folder)
    return rows


def _delete_rows(session: Session, tenant: str, actor: str) -> int:
    row = session.get(Tenant, tenant)
    if row is None:
        raise NotFound(f"There is no tenant {tenant}.", remedy="See `colonnade tenants list`.")
    if row.state != "suspended":
        raise Conflict(f"{tenant} is active.", remedy=f"Run `colonnade tenants suspend {tenant}` first.")
    count, connection = 0, session.connection()
    present = set(
        inspect(connection).get_table_names()
    )  # a plug-in's tables may be declared and not migrated
    for table in reversed(Base.metadata.sorted_tables):
        if "tenant_id" in table.c and table.name in present:
            count += connection.execute(delete(table).where(table.c.tenant_id == tenant)).rowcount
    session.delete(row)
    emit(session, "security.tenant.deleted", {"tenant": tenant})
    audit.record(session, actor=actor, action="tenant.deleted", subject=tenant, detail={"rows": count})
    return count


def _folders_of_its_own(storage: Storage, data: Path, tenant: str) -> list[Path]:
    """Return uploads and artefacts; an artefact that another tenant has too stays."""
    with storage.read(SYSTEM) as session:
        owners = session.execute(select(ModelVersion.tenant_id, ModelVersion.path)).all()
    shared = {path for owner, path in owners if owner != tenant}
    own = [data / path for owner, path in owners if owner == tenant and path not in shared]
    inside = [path for path in own if path.resolve().is_relative_to(data.resolve())]
    return [data / "datasets" / tenant, data / "index" / tenant, *inside]
