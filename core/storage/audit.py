"""The audit: one hash chain a tenant, each entry sealed with the digest of the one before.

A changed, removed or reordered entry breaks the chain; a cut tail no longer meets the head, which is a row
of its own. Whoever can rewrite the whole database can rewrite the chain too: keep `head()` somewhere else to
find that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import IntegrityFailure
from core.storage.outbox import owner
from core.storage.tables import AuditEntry, AuditHead
from core.storage.types import canonical_json, now

_GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain: its number (0 where there is none) and its digest."""

    sequence: int
    digest: str


def _digest(entry: AuditEntry) -> str:
    body = {
        "tenant": entry.tenant_id,
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
    }
    return sha256(f"{entry.previous}{canonical_json(body)}".encode()).hexdigest()


def record(
    session: Session,
    *,
    actor: str,
    action: str,
    subject: str,
    detail: dict[str, Any] | None = None,
    tenant: str | None = None,
    at: datetime | None = None,
) -> int:
    """Append an entry to the tenant's chain, in the session's transaction.

    Args:
        session: From storage.write.
        actor: Who: a key id, `cli`, `system`.
        action: What was done, `<thing>.<verb>`.
        subject: To what: an id.
        detail: JSON values; no personal data, no secrets: entries are kept.
        tenant: Whose chain, under SYSTEM; elsewhere the session's tenant.
        at: When; default now.

    Returns:
        The entry's number in the chain, from 1.

    Raises:
        InvalidInput: the detail has no JSON form.
    """
    chain = owner(session, tenant)
    head = _head_row(session, chain)
    entry = AuditEntry(
        tenant_id=chain,
        sequence=head.sequence + 1,
        at=at or now(),
        actor=actor,
        action=action,
        subject=subject,
        detail=detail or {},
        previous=head.digest,
    )
    entry.digest = _digest(entry)
    head.sequence, head.digest = entry.sequence, entry.digest
    session.add_all((head, entry))
    session.flush()
    return entry.sequence


def _head_row(session: Session, chain: str) -> AuditHead:
    # The write lock of the tenant is held already (one writer), so nobody else appends in between.
    found = session.get(AuditHead, chain)
    return found or AuditHead(tenant_id=chain, sequence=0, digest=_GENESIS)


def head(session: Session, *, tenant: str | None = None) -> Head:
    """Return the end of the chain, for keeping elsewhere."""
    row = _head_row(session, owner(session, tenant))
    return Head(row.sequence, row.digest)


def verify(session: Session, *, tenant: str | None = None) -> None:
    """Recompute the whole chain.

    Args:
        session: From storage.read, so that entry and head are of one moment.
        tenant: Whose chain, under SYSTEM; elsewhere the session's tenant.

    Raises:
        IntegrityFailure: an entry was changed, removed, added or moved; the message names the first such
        number.
    """
    chain = owner(session, tenant)
    sequence, digest = 0, _GENESIS
    query = select(AuditEntry).where(AuditEntry.tenant_id == chain).order_by(AuditEntry.sequence)
    with session.execute(query.execution_options(yield_per=1000)) as rows:
        for entry in rows.scalars():
            sequence += 1
            if (entry.sequence, entry.previous, entry.digest) != (sequence, digest, _digest(entry)):
                raise _broken(chain, sequence)
            digest = entry.digest
            session.expunge(entry)
    end = head(session, tenant=tenant)
    if (end.sequence, end.digest) != (sequence, digest):
        raise _broken(chain, min(sequence, end.sequence) + 1)


def _broken(chain: str, sequence: int) -> IntegrityFailure:
    return IntegrityFailure(
        f"The audit chain of {chain} is broken at entry {sequence}.",
        remedy="Compare with a backup: entries were changed, removed or added outside Colonnade.",
    )
