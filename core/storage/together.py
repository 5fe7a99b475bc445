"""Writes of the same kind that come at once are made as one: a crowd of small writes costs one transaction.

Who comes first writes for those that come while another write runs. Each is told its own answer, and only
once that is on the disk. A write that nobody else waits for is made at once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from core.errors import Unavailable
from core.storage.engine import Storage

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Work = Callable[[Session, str, Sequence[Asked]], Sequence[Answer]]
_SIZE = 512
_WAITING = 10_000


@dataclass(slots=True, eq=False)
class _Call(Generic[Asked, Answer]):
    asked: Asked
    size: int
    woken: threading.Event = field(default_factory=threading.Event)
    leads: bool = False
    answers: Sequence[Answer] = ()
    error: BaseException | None = None

    def settled(self) -> Answer:
        if self.error is not None:
            raise self.error
        return self.answers[0]


class Together(Generic[Asked, Answer]):
    """Gathers the writes of each tenant; safe to use from any thread, but not inside a write function.

    Args:
        storage: Where they go.
        work: The write function for several at once: it is given the session, the tenant and what was asked,
            in the order of coming, and returns an answer for each.
    """

    def __init__(self, storage: Storage, work: Work[Asked, Answer]) -> None:
        self._storage = storage
        self._work = work
        self._lock = threading.Lock()
        self._waiting: dict[
            str, deque[_Call[Asked, Answer]]
        ] = {}  # of the tenants that are being written for

    def write(self, tenant: str, asked: Asked, *, size: int = 1) -> Answer:
        """Return the answer to what is asked, once it is on the disk.

        Args:
            tenant: Whose rows.
            asked: For `work`.
            size: Of how many rows; only so many (512) are written at once, but for one call that has more.

        Raises:
            Unavailable: the database is busy or gone, or too many wait; try again.
            Exception: what `work` raises for this one; those that came with it are not touched by it.
        """
        call = _Call[Asked, Answer](asked, size)
        with self._lock:
            waiting = self._waiting.get(tenant)
            if waiting is None:
                self._waiting[tenant] = deque()
                call.leads = True
            elif len(waiting) >= _WAITING:
                raise Unavailable("Too many writes are waiting.", remedy="Try again shortly.")
            else:
                waiting.append(call)
        if not call.leads:
            call.woken.wait()
        if call.leads:
            self._lead(tenant, call)
        return call.settled()

    def _lead(self, tenant: str, own: _Call[Asked, Answer]) -> None:
        group = self._gather(tenant, own)
        for each in group:  # what they get where this thread is interrupted; the write may be done or not
            each.error = Unavailable("A write was interrupted.", remedy="Repeat it.")
        try:
            self._settle(tenant, group)
        finally:
            for each in group[1:]:
                each.woken.set()
            self._hand_over(tenant)

    def _gather(self, tenant: str, own: _Call[Asked, Answer]) -> list[_Call[Asked, Answer]]:
        group, room = [own], _SIZE - own.size
        with self._lock:
            waiting = self._waiting[tenant]
            while waiting and waiting[0].size <= room:
                room -= waiting[0].size
                group.append(waiting.popleft())
        return group

    def _hand_over(self, tenant: str) -> None:
        """Let the first of those that came in the meantime write; its own caller's thread does it."""
        with self._lock:
            waiting = self._waiting[tenant]
            if not waiting:
                del self._waiting[tenant]
                return
            following = waiting.popleft()
        following.leads = True
        following.woken.set()

    def _settle(self, tenant: str, group: Sequence[_Call[Asked, Answer]]) -> None:
        asked = [each.asked for each in group]
        try:
            answers = self._storage.write(tenant, lambda session: self._work(session, tenant, asked))
        except Exception as error:  # noqa: BLE001  each caller gets its own
            # For a database that is gone no row is to blame. Else whoever is gets found by halving.
            if len(group) == 1 or isinstance(error, Unavailable):
                for each in group:
                    each.error = error
                return
            half = len(group) // 2
            self._settle(tenant, group[:half])
            self._settle(tenant, group[half:])
            return
        for each, answer in zip(group, answers, strict=True):
            each.answers, each.error = (answer,), None
