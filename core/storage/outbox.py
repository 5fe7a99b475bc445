"""The outbox: events written in the transaction of the state they tell of, delivered later by a worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from core.errors import TenancyViolation
from core.storage.ids import new_id
from core.storage.tables import OutboxEvent
from core.storage.tenancy import SYSTEM, tenant_of


def emit(session: Session, topic: str, payload: dict[str, Any], *, tenant: str | None = None) -> str:
    """Add an event to the session's transaction: it exists if and only if the state does.

    Args:
        session: From storage.write.
        topic: `<part>.<thing>.<what happened>`, e.g. `models.version.promoted`.
        payload: JSON values.
        tenant: Whose event, under SYSTEM; elsewhere the session's tenant.

    Returns:
        The event's id; ids sort by time.

    Raises:
        InvalidInput: the payload has no JSON form.
        TenancyViolation: another tenant's event.
    """
    return _insert(session, owner(session, tenant), [(topic, payload)])[0]


def emit_all(session: Session, events: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Add many events, `(topic, payload)` each, in their order; see `emit`."""
    if events:
        _insert(session, owner(session, None), events)


def _insert(session: Session, tenant: str, events: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    session.flush()  # the state goes first, so that its errors come before the event
    rows: list[dict[str, Any]] = [
        {"tenant_id": tenant, "id": new_id(), "topic": t, "payload": p} for t, p in events
    ]
    # A plain statement: every write has its event, and a mapped object costs several times as much.
    session.connection().execute(insert(OutboxEvent), rows)
    return [str(row["id"]) for row in rows]


def owner(session: Session, tenant: str | None) -> str:
    """Return whose row it is: the session's tenant, or under SYSTEM the one named (`_system` if none is).

    Raises:
        TenancyViolation: a tenant's session names another tenant.
    """
    own = tenant_of(session)
    if tenant not in (None, own) and own != SYSTEM:
        raise TenancyViolation("An event or audit entry named another tenant than the session's.")
    return tenant or own
