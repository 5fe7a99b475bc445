"""The worker: threads beside the server, one for each kind of runner, one for what recurs.

Heavy jobs run in child processes (core.jobs.children), light ones inside this process (core.jobs.resident);
neither waits for the other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.jobs.bell import Bell
from core.jobs.children import Children
from core.jobs.holdings import Holdings, abandoned
from core.jobs.lane import Lane, Runner
from core.jobs.lease import Leases
from core.jobs.resident import Handler, Residents
from core.jobs.trouble import TROUBLE
from core.observability.logs import get_logger
from core.settings import Settings

_RESIDENT_POLL = 0.2
_log = get_logger(__name__)


class Worker:
    """Runs jobs until it is stopped.

    Args:
        leases: Where jobs come from.
        settings: Handed to each child, whole.
        handlers: Kind to `module:function` of its handler, for kinds that run in a child.
        services: `module:function` that opens the services in the child.
        residents: Kind to handler of those that run in this process; each mapping has a thread of its own.
        resident_services: What resident handlers are given.
        ticks: Called once a second, e.g. to submit what recurs.
        beside: Bodies of further threads, called with an event that says when to end.
        bell: Rings when a job has been submitted in this process.
        on_finish: Called with (kind, end state) of each finished job, e.g. to count it; from any thread.
        poll: Seconds between two looks at the queue for heavy jobs.
        tick: Seconds between two ticks.
    """

    def __init__(
        self,
        leases: Leases,
        settings: Settings,
        *,
        handlers: Mapping[str, str],
        services: str,
        residents: Sequence[Mapping[str, Handler]] = (),
        resident_services: Any = None,
        ticks: Sequence[Callable[[], object]] = (),
        beside: Sequence[Callable[[threading.Event], object]] = (),
        bell: Bell | None = None,
        on_finish: Callable[[str, str], None] = lambda _kind, _state: None,
        poll: float = 0.5,
        tick: float = 1.0,
    ) -> None:
        self._leases = leases
        self._settings = settings
        self._ticks = tuple(ticks)
        self._beside = tuple(beside)
        self._bell = bell or Bell()
        self._on_finish = on_finish
        self._tick = tick
        self._stopping = threading.Event()
        self._children = Children(
            leases, settings, handlers=handlers, services=services, stopping=self._stopping
        )
        light = [
            Residents(leases, handlers=group, services=resident_services, stopping=self._stopping)
            for group in residents
            if group
        ]
        quick = min(poll, _RESIDENT_POLL)
        self._lanes = [self._lane(self._children, poll), *(self._lane(each, quick) for each in light)]
        self._threads: list[threading.Thread] = []
        self._holdings: Holdings | None = None

    def _lane(self, runner: Runner, poll: float) -> Lane:
        return Lane(
            self._leases,
            runner,
            bell=self._bell,
            stopping=self._stopping,
            on_finish=self._on_finish,
            poll=poll,
        )

    @property
    def folder(self) -> Path:
        """Where the workers of this `COLONNADE_DATA` note what they hold."""
        return self._settings.data / "workers"

    @property
    def child_pid(self) -> int | None:
        """Process id of the job that runs in a child, if one does."""
        return self._children.child_pid

    @property
    def alive(self) -> bool:
        """Whether all its threads run."""
        return bool(self._threads) and all(thread.is_alive() for thread in self._threads)

    def start(self) -> None:
        """Start the threads."""
        self._stopping.clear()
        self._holdings = holdings = Holdings(self.folder)
        self._take_over()
        bodies: list[tuple[str, Callable[[], object]]] = [
            (f"lane-{number}", lambda lane=lane: lane.work(holdings))  # type: ignore[misc]
            for number, lane in enumerate(self._lanes)
        ]
        bodies += [("tick", self._keep_time)] if self._ticks else []
        bodies += [
            (f"beside-{number}", lambda body=body: body(self._stopping))  # type: ignore[misc]
            for number, body in enumerate(self._beside)
        ]
        self._threads = [
            threading.Thread(target=body, name=f"colonnade-{name}", daemon=True) for name, body in bodies
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 15.0) -> None:
        """Stop; a job that runs is queued again and its child is ended."""
        self._stopping.set()
        self._bell.ring()
        for thread in self._threads:
            thread.join(timeout)
        if self._holdings is not None and not any(thread.is_alive() for thread in self._threads):
            self._holdings.close()
            self._holdings = None

    def run(self) -> None:
        """Work until `stop` is called from another thread."""
        self.start()
        self._stopping.wait()
        self.stop()

    def _take_over(self) -> None:
        for claim in abandoned(self.folder):
            if self._leases.crashed(claim, "The server ended while it ran.", at_once=True):
                _log.warning("job.taken_over", job=claim.job_id, tenant=claim.tenant)

    def _keep_time(self) -> None:
        while not self._stopping.is_set():
            for tick in self._ticks:
                try:
                    tick()
                except TROUBLE:
                    _log.exception("worker.tick_failed")
            self._stopping.wait(self._tick)
