"""The Vertical contract: one frozen manifest an industry, found by entry point.

A vertical gets everything it needs as `Services` and gives back a use case, a router over it, and its part of
the command line. The core never imports a web framework, so the router's type is left open here; the contract
suite in `core.testing` checks what is mounted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from core.ports import Clock, Encoder, Predictor, Progress
from core.records import Record
from core.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from core.jobs.queue import Jobs
    from core.security.caller import Caller
    from core.storage.engine import Storage
    from core.training.recipe import Task


class Access(Protocol):
    """Hands a vertical's routes the caller, without telling them how callers are known."""

    def require(self, scope: str) -> Callable[..., Caller]:
        """Return a dependency that yields the Caller.

        Raises (when a request comes in):
            Unauthenticated: no valid key.
            Forbidden: a key without `scope`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What the composition root gives to every vertical.

    Attributes:
        encoder: The shared encoder of COLONNADE_ENCODER, for retrieval and similarity; loaded at its first
            use.
        jobs: Where background work is submitted.
    """

    settings: Settings
    storage: Storage
    predictor: Predictor
    encoder: Encoder
    jobs: Jobs
    clock: Clock


Sink = Callable[[Services, str, Sequence[Record], bool], Sequence[str | None]]
"""Takes records of a connection: `sink(services, tenant, records, backfill)`.

Returns, in their order, why each was refused, or None. Durable when it returns, and the same record again
changes nothing: what was handed over before a crash is handed over again. Of a backfill nobody is told.

Raises:
    Unavailable: none was taken; try again later.
"""


@dataclass(frozen=True, slots=True)
class RestExample:
    """A request that works on a fresh install, or that is refused there; the contract suite sends it.

    Attributes:
        method: HTTP method.
        path: Path below the server's root.
        body: JSON body; None for a GET.
        scope: The scope the key needs.
        expect: Top-level keys that the answer must have.
        shown: Whether `make up` prints it as a line to try.
        refused: The status it is refused with where it names what has to be made first in another part; None
            where it works.
    """

    method: str
    path: str
    scope: str
    body: Mapping[str, Any] | None = None
    expect: tuple[str, ...] = ()
    shown: bool = False
    refused: int | None = None


@dataclass(frozen=True, slots=True)
class Vertical:
    """One industry.

    Attributes:
        name: Lower-case word; prefix of its routes (`/v1/<name>/…`), tasks (`<name>.<task>`) and scopes.
        summary: One line for people.
        finished: False mounts no route; its README says what is missing.
        tasks: What it predicts, each with labels, starter examples and recipe.
        scopes: Scopes its routes ask for, `<name>:<verb>`.
        build: Makes the use case out of the services; called once, must not load a model.
        router: Makes the web router over the use case: `router(service, access)`.
        commands: Makes its part of the command line, `commands(services_factory)`: imports nothing heavy.
        jobs: Background work by kind, `<name>.<kind>`: called with (services, payload, progress).
        resident: Those kinds that run in the worker's own process, one after the other, with the services and
            models it has: light work. The others have a process each.
        schedules: Kinds that the worker submits for every active tenant, and the interval.
        sink: Takes the records of connections that are made for this vertical.
        channel_users: Tells who of a tenant names a channel, `channel_users(session, channel_id)`: while
            anybody does it is not deleted.
        migrations: Folder of Alembic versions for its own tables.
        examples: Requests that work on a fresh install, at least one of them shown by `make up`.
        paths: Routes of its that stand outside `/v1/<name>/` because an outside convention names them.
        seed: Gives a tenant the starter content of invented companies, `seed(services, tenant, progress)`;
            doing it again changes nothing.
    """

    name: str
    summary: str
    finished: bool = False
    tasks: tuple[Task, ...] = ()
    scopes: tuple[str, ...] = ()
    build: Callable[[Services], Any] | None = None
    router: Callable[[Any, Access], Any] | None = None
    commands: Callable[[Callable[[], Services]], Any] | None = None
    jobs: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    resident: frozenset[str] = frozenset()
    schedules: Mapping[str, timedelta] = field(default_factory=dict)
    sink: Sink | None = None
    channel_users: Callable[[Session, str], Sequence[str]] | None = None
    migrations: Path | None = None
    examples: tuple[RestExample, ...] = ()
    paths: tuple[str, ...] = ()
    seed: Callable[[Services, str, Progress], None] | None = None
