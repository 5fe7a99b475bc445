"""PostgreSQL as Colonnade runs it: psycopg 3, a transaction-local tenant, one writer a tenant."""

from __future__ import annotations

import logging
from hashlib import sha256

from sqlalchemy import URL, Connection, Engine, create_engine, text

from core.storage.tenancy import SYSTEM
from core.storage.types import canonical_json

_log = logging.getLogger(__name__)
SETTING = "colonnade.tenant"
_PATIENCE_MS = 30_000


def open_engine(url: URL) -> Engine:
    """Return the engine; `postgresql://` means psycopg 3."""
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return create_engine(
        url,
        json_serializer=canonical_json,
        hide_parameters=True,  # they are people's texts; errors are logged
        pool_pre_ping=True,
        pool_size=16,
        max_overflow=48,
        connect_args={"connect_timeout": 10, "options": f"-c lock_timeout={_PATIENCE_MS} -c timezone=UTC"},
    )


def enter(connection: Connection, tenant: str) -> None:
    """Tell row level security whose transaction this is. It ends with the transaction."""
    connection.execute(text("SELECT set_config(:name, :tenant, true)"), {"name": SETTING, "tenant": tenant})


def _number(name: str) -> int:
    return int.from_bytes(sha256(f"colonnade:{name}".encode()).digest()[:8], signed=True)


def lock_writer(connection: Connection, tenant: str) -> None:
    """Let one write a tenant run at a time, and SYSTEM alone, as SQLite's single writer does.

    A write function then never sees its rows change between reading and writing them.
    """
    everyone = {"key": _number("writers")}
    if tenant == SYSTEM:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), everyone)
        return
    connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), everyone)
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _number(f"tenant:{tenant}")})


def lock_migration(connection: Connection) -> None:
    """Let one process migrate at a time."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _number("migration")})


def warn_if_unprotected(connection: Connection) -> bool:
    """Log a warning when the role goes past row level security; return whether it does."""
    query = "SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)"
    role = connection.execute(text(query)).scalar()
    if role is not None:
        _log.warning(
            "The database role %r goes past row level security; tenants are kept apart by the guards in the "
            "process alone. Use a role that is no superuser and has no BYPASSRLS.",
            role,
        )
    return role is not None
