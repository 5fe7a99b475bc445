"""Sends what is due: a few threads, one channel to a thread, so that a dead channel holds up no other."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from core.delivery.channels import place_of
from core.delivery.fanout import fan_out
from core.delivery.leases import Claim, Due, Leases
from core.delivery.message import unpacked
from core.delivery.retention import prune
from core.delivery.senders import SENDERS
from core.delivery.senders.parcel import Outcome, Parcel, Send
from core.errors import ColonnadeError
from core.net.client import SafeClient
from core.observability.logs import get_logger
from core.ports import Clock
from core.security.sealed import unseal
from core.settings import Settings
from core.storage.engine import Storage

_log = get_logger(__name__)
_TROUBLE = (ColonnadeError, SQLAlchemyError, OSError)
# After so many messages or seconds a channel gives its thread to the next one.
_TURN, _TURN_SECONDS = 50, 20.0
_PRUNE_SECONDS = 3_600.0

_Place = tuple[str, str]


class Dispatcher:
    """Sends deliveries until it is stopped; any number may run, in any number of processes.

    Args:
        storage: Where deliveries lie.
        settings: Holds the secret that configs are sealed with.
        clock: Tells the time.
        client: The only way out.
        threads: Channels that are served at once; those that failed last get at most half of them.
        lease: Seconds after which a delivery whose sender vanished is sent again.
        poll: Seconds between two looks at the queue.
        chance: Spreads retries.
        senders: By kind.
    """

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        clock: Clock,
        client: SafeClient | None = None,
        *,
        threads: int = 8,
        lease: float = 60.0,
        poll: float = 0.5,
        chance: Callable[[], float] = random.random,
        senders: Mapping[str, Send] = SENDERS,
    ) -> None:
        self._storage = storage
        self._settings = settings
        self._clock = clock
        self._client = client or SafeClient(settings.allow_private_addresses)
        self._threads = threads
        self._poll = poll
        self._senders = senders
        self._leases = Leases(storage, clock, seconds=lease, chance=chance)
        self._served: dict[_Place, float] = {}
        self._pruned = time.monotonic()

    def step(self) -> int:
        """Queue new events, send all that is due now, and return how many were tried."""
        fan_out(self._storage, self._clock)
        due = self._leases.due()
        if not due:
            return 0
        never = threading.Event()
        with ThreadPoolExecutor(self._threads, "colonnade-delivery") as pool:
            return sum(pool.map(lambda one: self._serve(one, never), due))

    def run(self, stop: threading.Event) -> None:
        """Send until told to stop; then wait for what is on its way."""
        busy: dict[_Place, tuple[Due, Future[int]]] = {}
        with ThreadPoolExecutor(self._threads, "colonnade-delivery") as pool:
            while not stop.is_set():
                _reap(busy)
                try:
                    fan_out(self._storage, self._clock)
                    self._hand_out(pool, busy, stop)
                    self._tidy()
                except _TROUBLE as error:
                    # A full disk or a database that restarts must not end deliveries for good.
                    _log.warning("delivery.round_failed", error=type(error).__name__)
                stop.wait(self._poll)

    def _hand_out(
        self, pool: ThreadPoolExecutor, busy: dict[_Place, tuple[Due, Future[int]]], stop: threading.Event
    ) -> None:
        waiting = [one for one in self._leases.due() if (one.tenant, one.channel_id) not in busy]
        waiting.sort(key=lambda one: (one.failures > 0, self._served.get((one.tenant, one.channel_id), 0.0)))
        for one in waiting:
            failing = sum(known.failures > 0 for known, _ in busy.values())
            if len(busy) >= self._threads:
                return
            if one.failures > 0 and failing >= max(self._threads // 2, 1):
                return  # all that follow have failed too
            busy[one.tenant, one.channel_id] = (one, pool.submit(self._serve, one, stop))

    def _tidy(self) -> None:
        if time.monotonic() - self._pruned > _PRUNE_SECONDS:
            self._pruned = time.monotonic()
            prune(self._storage, self._clock)
            known = sorted(self._served.items(), key=lambda item: item[1])
            self._served = dict(known[-10_000:])

    def _serve(self, due: Due, stop: threading.Event) -> int:
        """Send what a channel has waiting, until its turn is over; return how many were tried."""
        ends = time.monotonic() + _TURN_SECONDS
        self._served[due.tenant, due.channel_id] = time.monotonic()
        tried = 0
        while tried < _TURN and time.monotonic() < ends and not stop.is_set():
            claim = self._leases.claim(due.tenant, due.channel_id)
            if claim is None:
                break
            started = time.monotonic()
            outcome = self._try(claim)
            self._leases.settle(claim, outcome, round(1000 * (time.monotonic() - started)))
            tried += 1
        return tried

    def _try(self, claim: Claim) -> Outcome:
        try:
            return self._senders[claim.kind](self._parcel(claim, self._clock.now()), self._client)
        except ColonnadeError as error:
            return Outcome("retry", None, str(error))
        except Exception as error:  # noqa: BLE001  one message that cannot be sent must not stop the others
            _log.exception("delivery.sender_failed", kind=claim.kind, delivery=claim.delivery_id)
            return Outcome("retry", None, f"the sender failed with {type(error).__name__}")

    def _parcel(self, claim: Claim, now: datetime) -> Parcel:
        place = place_of(claim.tenant, claim.channel_id)
        config = json.loads(unseal(self._settings, claim.config, place=place))
        secrets = tuple(unseal(self._settings, secret, place=place) for secret in claim.secrets)
        return Parcel(claim.delivery_id, unpacked(claim.message), claim.created_at, config, secrets, now)


def _reap(busy: dict[_Place, tuple[Due, Future[int]]]) -> None:
    for place, (_, future) in list(busy.items()):
        if future.done():
            del busy[place]
            error = future.exception()
            if error is not None:
                _log.warning("delivery.channel_failed", channel=place[1], error=type(error).__name__)
