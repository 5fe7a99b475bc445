"""Idempotency keys: one effect for any number of equal requests, and the same answer to each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput
from core.storage.engine import Storage
from core.storage.tables import IdempotencyRecord
from core.storage.tenancy import SYSTEM, tenant_of
from core.storage.types import now as utc_now

KEPT = timedelta(days=7)
LEASE = timedelta(minutes=10)
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What was answered the first time, byte for byte."""

    status: int
    body: bytes
    media_type: str = "application/json"


class Idempotency:
    """Remembers answers for seven days, by (tenant, route, key)."""

    def __init__(
        self, storage: Storage, *, now: Callable[[], datetime] = utc_now, lease: timedelta = LEASE
    ) -> None:
        """Use a storage.

        Args:
            storage: Where the answers are.
            now: The clock.
            lease: For how long a request may be in flight; after that its process is taken for dead, and the
                same request may begin again.
        """
        self._storage = storage
        self._now = now
        self._lease = lease

    def begin(self, tenant: str, route: str, key: str, request_hash: str) -> StoredResponse | None:
        """Claim a key, or return what was answered to it before.

        Args:
            tenant: Whose key.
            route: Method and path template: the same key on another route is another key.
            key: The Idempotency-Key header.
            request_hash: Sha256 of the body; equal bodies only may share a key.

        Returns:
            None: go ahead, then call `finish` or `abandon`. Otherwise the stored answer: send it again.

        Raises:
            Conflict: the same request is in flight.
            InvalidInput: the key is too long, or was used with another body.
        """
        if not 0 < len(key) <= _LONGEST or not key.isprintable():
            raise InvalidInput(f"An Idempotency-Key has 1 to {_LONGEST} printable characters.")
        return self._storage.write(tenant, lambda s: self._claim(s, (tenant, route, key), request_hash))

    def _claim(
        self, session: Session, identity: tuple[str, str, str], request_hash: str
    ) -> StoredResponse | None:
        now = self._now()
        row = session.get(IdempotencyRecord, identity)
        if row is not None and row.expires_at > now:
            if row.request_hash != request_hash:
                raise InvalidInput(
                    "The Idempotency-Key was used with another request body.", remedy="Make a new key for it."
                )
            if row.status is not None:
                return StoredResponse(row.status, row.body or b"", row.media_type or "application/json")
            if row.lease_until > now:
                raise Conflict(
                    "A request with this Idempotency-Key is in flight.", remedy="Repeat it shortly."
                )
        _, route, key = identity
        fresh = row or IdempotencyRecord(tenant_id=identity[0], route=route, key=key)
        fresh.request_hash, fresh.status, fresh.body, fresh.media_type = request_hash, None, None, None
        fresh.lease_until, fresh.expires_at = now + self._lease, now + KEPT
        session.add(fresh)
        return None

    def finish(
        self,
        tenant: str,
        route: str,
        key: str,
        status: int,
        body: bytes,
        *,
        media_type: str = "application/json",
    ) -> None:
        """Store the answer once the effect is durable; `finish_in` stores it together with the effect."""
        response = StoredResponse(status, body, media_type)
        self._storage.write(tenant, lambda session: self.finish_in(session, route, key, response))

    def finish_in(self, session: Session, route: str, key: str, response: StoredResponse) -> None:
        """Store the answer in the transaction of its effect: a crash then leaves both or neither.

        Raises:
            Conflict: the key was not claimed by `begin`, or was abandoned.
        """
        row = session.get(IdempotencyRecord, (tenant_of(session), route, key))
        if row is None or row.status is not None:
            raise Conflict("This Idempotency-Key is not in flight.", remedy="Call begin first, finish once.")
        row.status, row.body, row.media_type = response.status, response.body, response.media_type

    def abandon(self, tenant: str, route: str, key: str) -> None:
        """Give the key back: nothing was done, the same request may come again."""

        def drop(session: Session) -> None:
            row = session.get(IdempotencyRecord, (tenant, route, key))
            if row is not None and row.status is None:
                session.delete(row)

        self._storage.write(tenant, drop)

    def purge(self) -> int:
        """Remove what has expired, of all tenants; return how many."""
        moment = self._now()

        def sweep(session: Session) -> int:
            statement = delete(IdempotencyRecord).where(IdempotencyRecord.expires_at <= moment)
            result = session.connection().execute(statement)
            return result.rowcount

        return self._storage.write(SYSTEM, sweep)
