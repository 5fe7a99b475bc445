"""API keys: made once, shown once, stored as HMAC-SHA256."""

from __future__ import annotations

import hmac
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import InvalidInput, NotFound, Unauthenticated
from core.security.caller import ADMIN, Caller
from core.security.tokens import Token, new_token, read_token
from core.storage import audit
from core.storage.engine import Storage
from core.storage.outbox import emit
from core.storage.tables import ApiKey, Tenant
from core.storage.tenancy import SYSTEM, valid_tenant
from core.storage.types import now as utc_now

_SCOPE = re.compile(r"[a-z][a-z0-9_-]*(:[a-z][a-z0-9_-]*)?")
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Key:
    """A key as its owner may see it: everything but the secret."""

    id: str
    tenant: str
    scopes: tuple[str, ...]
    publishable: bool
    origins: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    origins: frozenset[str] | None
    expires_at: datetime | None
    looked_up: float


def _refused() -> Unauthenticated:
    # One text for all reasons: a caller without a key learns nothing about those that exist.
    return Unauthenticated("The API key is not valid.", remedy="Send `Authorization: Bearer col_live_…`.")


class Keys:
    """Makes, knows and revokes API keys.

    Keys that were found good are remembered for `memory` seconds; revoking in this process is seen at once,
    in another process after that time.
    """

    def __init__(
        self, storage: Storage, secret: bytes, *, now: Callable[[], datetime] = utc_now, memory: float = 5.0
    ) -> None:
        """Use a storage.

        Args:
            storage: Where the keys are.
            secret: From core.security.secrets.
            now: The clock; tests hand in their own.
            memory: Seconds for which a good key is remembered.
        """
        self._storage = storage
        self._secret = secret
        self._now = now
        self._memory = memory
        self._known: dict[bytes, _Known] = {}
        self._generation = 0
        self._lock = threading.Lock()

    def create(
        self,
        tenant: str,
        scopes: Iterable[str],
        *,
        expires_at: datetime | None = None,
        publishable: bool = False,
        origins: Sequence[str] = (),
        actor: str = "system",
    ) -> tuple[str, str]:
        """Make a key.

        Args:
            tenant: An existing tenant.
            scopes: `<vertical>:<verb>` or `admin`.
            expires_at: When it ends, with a zone; None for never.
            publishable: For browsers: bound to `origins`, never `admin`.
            origins: `https://host[:port]`, for publishable keys.
            actor: Who makes it, for the audit.

        Returns:
            The key's text, which is stored nowhere, and its id.

        Raises:
            InvalidInput: no or malformed scopes, or a publishable key without origins or with `admin`.
            NotFound: no such tenant.
        """
        granted = _checked(scopes, publishable, origins)
        self._require(valid_tenant(tenant))
        token = new_token(publishable=publishable)
        row = {
            "id": token.key_id,
            "digest": self._digest(tenant, token),
            "scopes": granted,
            "publishable": publishable,
            "origins": sorted(origins),
            "expires_at": expires_at,
            "created_at": self._now(),
        }
        self._storage.write(tenant, lambda session: _insert(session, row, actor))
        return token.text, token.key_id

    def _require(self, tenant: str) -> None:
        with self._storage.read(SYSTEM) as session:
            if session.get(Tenant, tenant) is None:
                raise NotFound(f"There is no tenant {tenant}.", remedy="Create it first.")

    def authenticate(self, token: str, *, origin: str | None = None) -> Caller:
        """Return who sent a key.

        Args:
            token: The key's text, without `Bearer`.
            origin: The request's Origin header; publishable keys need one of theirs.

        Raises:
            Unauthenticated: the key is malformed, unknown, revoked or expired, its tenant is suspended, or
                the origin is not the key's. The message does not tell which.
        """
        read = read_token(token)
        if read is None:
            raise _refused()
        mark = hmac.digest(self._secret, read.text.encode(), "sha256")
        with self._lock:
            known, generation = self._known.get(mark), self._generation
        if known is None or time.monotonic() - known.looked_up > self._memory:
            known = self._look_up(read)
            self._remember(mark, known, generation)
        if known.expires_at is not None and known.expires_at <= self._now():
            raise _refused()
        if known.origins is not None and origin not in known.origins:
            raise _refused()
        return known.caller

    def _look_up(self, token: Token) -> _Known:
        started = time.monotonic()
        with self._storage.read(SYSTEM) as session:
            found = session.execute(
                select(ApiKey, Tenant.state)
                .join(Tenant, Tenant.id == ApiKey.tenant_id)
                .where(ApiKey.id == token.key_id)
            ).all()
        key, state = found[0] if found else (None, "")
        right = hmac.compare_digest(
            key.digest if key else "0" * 64, self._digest(key.tenant_id if key else "", token)
        )
        if not right or key is None or state != "active" or key.revoked_at is not None:
            raise _refused()
        caller = Caller(key.tenant_id, key.id, frozenset(key.scopes))
        return _Known(caller, frozenset(key.origins) if key.publishable else None, key.expires_at, started)

    def _remember(self, mark: bytes, known: _Known, generation: int) -> None:
        with self._lock:
            if generation == self._generation:  # nothing was revoked while we looked
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[mark] = known

    def forget(self) -> None:
        """Look every key up again: something was revoked or suspended."""
        with self._lock:
            self._generation += 1
            self._known.clear()

    def _digest(self, tenant: str, token: Token) -> str:
        # The tenant is part of it: a row that was moved to another tenant opens nothing.
        return hmac.new(self._secret, f"{tenant}:{token.text}".encode(), sha256).hexdigest()

    def list(self, tenant: str) -> list[Key]:
        """Return the tenant's keys, revoked ones too, oldest first."""
        with self._storage.read(tenant) as session:
            return [
                _view(row) for row in session.scalars(select(ApiKey).order_by(ApiKey.created_at, ApiKey.id))
            ]

    def revoke(self, tenant: str, key_id: str, *, actor: str = "system") -> None:
        """End a key; doing it twice is the same as once.

        Raises:
            NotFound: the tenant has no such key.
        """
        moment = self._now()
        try:
            self._storage.write(tenant, lambda session: _revoke(session, tenant, key_id, moment, actor))
        finally:
            self.forget()


def _checked(scopes: Iterable[str], publishable: bool, origins: Sequence[str]) -> list[str]:
    granted = sorted(set(scopes))
    wrong = [scope for scope in granted if not _SCOPE.fullmatch(scope)]
    if not granted or wrong:
        raise InvalidInput(
            f"Scopes are missing or malformed: {wrong or 'none given'}.",
            remedy="Use e.g. finance:read, or admin.",
        )
    if publishable and (ADMIN in granted or not origins):
        raise InvalidInput("A publishable key needs origins and cannot be admin.")
    if origins and not publishable:
        raise InvalidInput("Only publishable keys have origins.")
    return granted


def _insert(session: Session, row: dict[str, object], actor: str) -> None:
    key = ApiKey(**row)
    session.add(key)
    detail = {"scopes": key.scopes, "publishable": key.publishable}
    emit(session, "security.key.created", {"key_id": key.id, **detail})
    audit.record(session, actor=actor, action="key.create", subject=key.id, detail=detail)


def _revoke(session: Session, tenant: str, key_id: str, moment: datetime, actor: str) -> None:
    key = session.get(ApiKey, (tenant, key_id))
    if key is None:
        raise NotFound(f"There is no key {key_id}.", remedy="List the tenant's keys.")
    if key.revoked_at is None:
        key.revoked_at = moment
        emit(session, "security.key.revoked", {"key_id": key_id})
        audit.record(session, actor=actor, action="key.revoke", subject=key_id)


def _view(row: ApiKey) -> Key:
    return Key(
        row.id,
        row.tenant_id,
        tuple(row.scopes),
        row.publishable,
        tuple(row.origins),
        row.created_at,
        row.expires_at,
        row.revoked_at,
    )
