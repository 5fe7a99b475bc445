"""The channels of a tenant: made, looked at, turned over to a new secret, deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.delivery.configs import Config, WebhookConfig, read_config, shown
from core.delivery.pacing import HIGHEST_RATE, RATES
from core.delivery.queue import OPEN
from core.delivery.senders.signing import check_secret, new_secret
from core.delivery.tables import Channel, Delivery, Receipt
from core.errors import Conflict, FieldError, InvalidInput, NotFound
from core.net.addresses import Guard
from core.ports import Clock
from core.security.sealed import seal
from core.settings import Settings
from core.storage import audit
from core.storage.engine import Storage
from core.storage.ids import new_id
from core.storage.outbox import emit
from core.storage.tenancy import tenant_of

_OVERLAP = timedelta(hours=24)
_TOLD = 5
"""Users of a channel that a refusal names."""


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel as its owner may see it.

    Attributes:
        config: Without secrets.
        state: `active` or `disabled`.
        reason: Why it was disabled.
        previous_until: Until when the secret before signs too.
        secret: A web hook's secret, in the answer that made it and never again.
    """

    id: str
    kind: str
    name: str
    config: Mapping[str, Any]
    topics: tuple[str, ...]
    state: str
    reason: str | None
    failures: int
    rate_per_minute: int
    previous_until: datetime | None
    created_at: datetime
    updated_at: datetime
    secret: str | None = None


class Channels:
    """Keeps channels; their configs and secrets are encrypted where they lie.

    Args:
        storage: Where.
        settings: Private networks that are allowed, and the secret that seals.
        clock: Tells the time.
        users: Each tells who names a channel; see Vertical.channel_users.
    """

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        clock: Clock,
        users: Sequence[Callable[[Session, str], Sequence[str]]] = (),
    ) -> None:
        self._storage = storage
        self._settings = settings
        self._clock = clock
        self._guard = Guard(settings.allow_private_addresses)
        self._users = users

    def put(
        self,
        tenant: str,
        kind: str,
        name: str,
        config: Mapping[str, Any],
        secret: str | None = None,
        *,
        rate_per_minute: int | None = None,
        actor: str,
        replace: bool = True,
    ) -> ChannelView:
        """Make a channel, or change the one of that name; a disabled one is active again.

        Args:
            tenant: Whose.
            kind: webhook, email, slack, dingtalk, feishu or wecom.
            name: At most 200 characters.
            config: See core.delivery.configs.
            secret: A web hook's (`whsec_…`; one is made where none is given), a robot's signing secret, or
                the password of a mail account. None keeps the one there is.
            rate_per_minute: Default: what the vendor allows.
            actor: Who, for the audit.
            replace: Whether a channel of that name may be changed.

        Raises:
            InvalidInput: a field is wrong.
            Conflict: the name is taken, by another kind or with `replace` false.
        """
        read = read_config(kind, config, self._guard)
        moment = self._clock.now()
        values = _values(kind, name, read, rate_per_minute, moment)
        if kind == "webhook" and secret is not None:
            check_secret(secret)

        def write(session: Session) -> ChannelView:
            row = session.scalar(select(Channel).where(Channel.tenant_id == tenant, Channel.name == name))
            if row is not None and (not replace or row.kind != kind):
                raise Conflict(f"There is a channel {name!r} already.", remedy="Take another name.")
            step = "created" if row is None else "changed"
            fresh = secret or (new_secret() if kind == "webhook" and row is None else None)
            row = row or Channel(tenant_id=tenant, id=f"ch_{new_id()}", sent=[], created_at=moment)
            for field, value in values.items():
                setattr(row, field, value)
            row.config = self._seal(row, read.model_dump_json())
            if fresh is not None:
                row.secret, row.previous_secret, row.previous_until = self._seal(row, fresh), None, None
            session.add(row)
            session.flush()
            _record(session, row, step, actor)
            return _with_secret(row, fresh)

        return self._storage.write(tenant, write)

    def _seal(self, row: Channel, text: str) -> str:
        return seal(self._settings, text, place=place_of(row.tenant_id, row.id))

    def get(self, tenant: str, channel_id: str) -> ChannelView:
        """Return one channel.

        Raises:
            NotFound: the tenant has no such channel.
        """
        with self._storage.read(tenant) as session:
            return _view(_find(session, channel_id))

    def list(
        self, tenant: str, *, kind: str | None = None, after: str | None = None, limit: int = 200
    ) -> Sequence[ChannelView]:
        """Return the channels behind the one with the id `after`, oldest first."""
        query = select(Channel).where(Channel.tenant_id == tenant).order_by(Channel.id).limit(limit)
        if kind is not None:
            query = query.where(Channel.kind == kind)
        if after is not None:
            query = query.where(Channel.id > after)
        with self._storage.read(tenant) as session:
            return [_view(row) for row in session.scalars(query)]

    def rotate(
        self,
        tenant: str,
        channel_id: str,
        *,
        actor: str,
        secret: str | None = None,
        overlap: timedelta = _OVERLAP,
    ) -> ChannelView:
        """Give a web hook a new secret; the one before signs too for a while.

        Args:
            tenant: Whose.
            channel_id: Which.
            actor: Who, for the audit.
            secret: `whsec_…`; default: a new one.
            overlap: For how long both sign.

        Raises:
            NotFound: the tenant has no such channel.
            InvalidInput: it is no web hook, or the secret is malformed.
        """
        fresh = secret or new_secret()
        check_secret(fresh)
        moment = self._clock.now()

        def write(session: Session) -> ChannelView:
            row = _find(session, channel_id)
            if row.kind != "webhook":
                raise InvalidInput("Only web hooks rotate secrets.", remedy="Put the channel again.")
            row.previous_secret, row.previous_until = row.secret, moment + overlap
            row.secret, row.updated_at = self._seal(row, fresh), moment
            session.flush()
            _record(session, row, "rotated", actor)
            return _with_secret(row, fresh)

        return self._storage.write(tenant, write)

    def delete(self, tenant: str, channel_id: str, *, actor: str) -> None:
        """Delete a channel with its deliveries; what is being sent right now may still arrive.

        Raises:
            NotFound: the tenant has no such channel.
            Conflict: somebody is told by it.
        """

        def write(session: Session) -> None:
            row = _find(session, channel_id)
            named = [one for users in self._users for one in users(session, channel_id)]
            if named:
                raise Conflict(
                    f"Channel {row.name!r} is named by {', '.join(named[:_TOLD])}.",
                    remedy="Give them another channel, or delete them, and then delete this one.",
                )
            own = (Delivery.tenant_id == tenant, Delivery.channel_id == channel_id)
            ids = select(Delivery.id).where(*own)
            session.execute(
                delete(Receipt).where(Receipt.tenant_id == tenant, Receipt.delivery_id.in_(ids)),
                execution_options={"synchronize_session": False},
            )
            session.execute(delete(Delivery).where(*own), execution_options={"synchronize_session": False})
            session.delete(row)
            session.flush()
            _record(session, row, "deleted", actor)

        self._storage.write(tenant, write)


def place_of(tenant: str, channel_id: str) -> str:
    """Return where a channel's sealed values open: a row that was moved opens nothing."""
    return f"channel/{tenant}/{channel_id}"


def _values(kind: str, name: str, config: Config, rate: int | None, moment: datetime) -> dict[str, Any]:
    if not 0 < len(name) <= 200:
        fault = FieldError("/name", "not of 1 to 200 characters")
        raise InvalidInput("A channel's name has 1 to 200 characters.", errors=[fault])
    if rate is not None and not 1 <= rate <= HIGHEST_RATE:
        fault = FieldError("/rate_per_minute", f"not in 1 to {HIGHEST_RATE}")
        raise InvalidInput(f"A rate is 1 to {HIGHEST_RATE} messages a minute.", errors=[fault])
    return {
        "kind": kind,
        "name": name,
        "shown": shown(kind, config),
        "topics": list(config.topics) if isinstance(config, WebhookConfig) else [],
        "rate_per_minute": rate or RATES[kind],
        "state": "active",
        "reason": None,
        "failures": 0,
        "paused_until": None,
        "updated_at": moment,
    }


def disable(session: Session, row: Channel, reason: str, moment: datetime) -> None:
    """Send nothing more to a channel, in the session's transaction; what waits for it is cancelled."""
    row.state, row.reason, row.updated_at = "disabled", reason[:500], moment
    waiting = select(Delivery).where(
        Delivery.tenant_id == row.tenant_id, Delivery.channel_id == row.id, Delivery.state.in_(OPEN)
    )
    for delivery in session.scalars(waiting):
        delivery.state, delivery.lease_until, delivery.finished_at = "cancelled", None, moment
    session.flush()
    _record(session, row, "disabled", "system")


def _find(session: Session, channel_id: str) -> Channel:
    row = session.get(Channel, (tenant_of(session), channel_id))
    if row is None:
        raise NotFound(f"There is no channel {channel_id!r}.", remedy="List those there are.")
    return row


def _record(session: Session, row: Channel, step: str, actor: str) -> None:
    emit(session, f"delivery.channel.{step}", {"channel_id": row.id, "kind": row.kind})
    audit.record(session, actor=actor, action=f"channel.{step}", subject=row.id, detail={"kind": row.kind})


def _with_secret(row: Channel, secret: str | None) -> ChannelView:
    return replace(_view(row), secret=secret if row.kind == "webhook" else None)


def _view(row: Channel) -> ChannelView:
    return ChannelView(
        id=row.id,
        kind=row.kind,
        name=row.name,
        config=dict(row.shown),
        topics=tuple(row.topics),
        state=row.state,
        reason=row.reason,
        failures=row.failures,
        rate_per_minute=row.rate_per_minute,
        previous_until=row.previous_until,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
