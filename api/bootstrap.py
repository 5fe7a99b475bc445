"""The composition root: the only place that puts concrete parts together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core.collecting.collector import COLLECT, Collector
from core.collecting.connections import Connections
from core.collecting.due import Due
from core.collecting.factories import Factories
from core.delivery.channels import Channels
from core.delivery.dispatcher import Dispatcher
from core.errors import NotFound, PluginError
from core.jobs.bell import Bell
from core.jobs.clock import SystemClock
from core.jobs.lease import Leases
from core.jobs.queue import Jobs
from core.jobs.resident import Handler
from core.jobs.schedule import Schedules
from core.jobs.wire import path_of
from core.jobs.worker import Worker
from core.models.versions import Versions
from core.net.client import SafeClient
from core.observability.logs import configure
from core.observability.metrics import Metrics
from core.ports import Clock, Encoder, Predictor
from core.registry import find_connectors, find_verticals
from core.security.idempotency import Idempotency
from core.security.keys import Keys
from core.security.secrets import load_secret
from core.security.tenants import Tenants
from core.settings import Settings
from core.storage.engine import Storage
from core.text.mask import mask
from core.training.recipe import Task
from core.training.uploads import Uploads
from core.vertical import Services, Vertical

TRAIN = "train"
_TRAIN_HANDLER = "core.training.job:run"
_OPEN_SERVICES = "api.bootstrap:open_services"


@dataclass(frozen=True, slots=True)
class Container:
    """The parts of one running system.

    Attributes:
        use_cases: What each finished vertical built, by its name.
        worker: None where this process runs no jobs.
    """

    settings: Settings
    storage: Storage
    clock: Clock
    keys: Keys
    tenants: Tenants
    idempotency: Idempotency
    versions: Versions
    predictor: Predictor
    encoder: Encoder
    jobs: Jobs
    uploads: Uploads
    connections: Connections
    metrics: Metrics
    verticals: tuple[Vertical, ...]
    use_cases: Mapping[str, Any]
    worker: Worker | None = None

    @property
    def services(self) -> Services:
        """What verticals are given."""
        return Services(self.settings, self.storage, self.predictor, self.encoder, self.jobs, self.clock)

    @property
    def channels(self) -> Channels:
        """Where tenants are told."""
        users = [each.channel_users for each in self.verticals if each.channel_users is not None]
        return Channels(self.storage, self.settings, self.clock, users)

    def task(self, name: str) -> Task | None:
        """Return a finished vertical's task, or None where no vertical has one of that name."""
        known = (task for v in self.verticals if v.finished for task in v.tasks)
        return next((task for task in known if task.name == name), None)

    def kind_of(self, tenant: str, task: str, model: str | None = None) -> str:
        """Return `single` or `multi`: of a vertical's task by its manifest, of a tenant's own by its model.

        Raises:
            NotFound: no such task, or no such version of it, for this tenant.
        """
        if model is None and (found := self.task(task)) is not None:
            return found.kind
        version = self.versions.get(tenant, model) if model else self.versions.production(tenant, task)
        if version is None or version.task != task:
            raise NotFound(
                f"No model for the task {task!r}.",
                remedy="Train one: `colonnade train`, or POST /v1/training-jobs.",
            )
        return version.manifest.kind

    def close(self) -> None:
        """Stop the worker and close the database."""
        if self.worker is not None:
            self.worker.stop()
        self.storage.close()


def observe(settings: Settings) -> None:
    """Set this process up to write JSON logs, personal data masked."""
    configure(settings.log_level, mask=mask)


def limit_threads(settings: Settings) -> None:
    """Bound the threads of numerical libraries; to be called before any of them is imported.

    Passive waiting keeps an idle team from burning the core that answers requests.
    """
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, str(settings.threads))
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def open_storage(settings: Settings, verticals: Sequence[Vertical] | None = None) -> Storage:
    """Open the database, with the data folder made and the schema brought up to date."""
    found = find_verticals() if verticals is None else verticals
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    storage = Storage.open(
        settings.resolved_database_url, migrations=[v.migrations for v in found if v.migrations is not None]
    )
    try:
        storage.migrate()
    except BaseException:
        storage.close()
        raise
    return storage


def _models(settings: Settings, versions: Versions) -> tuple[Predictor, Encoder]:
    """Return what predicts and what encodes, over one pool: each set of weights is in memory once."""
    from core.inference.classifier import EncoderPool
    from core.inference.lazy import LazyEncoder
    from core.inference.predictor import LocalPredictor

    pool = EncoderPool(settings)
    return LocalPredictor(versions, pool), LazyEncoder(lambda: pool.base(settings.encoder))


@contextmanager
def open_services(settings: Settings) -> Iterator[Services]:
    """Open what a job's handler gets, in its child process."""
    with open_storage(settings) as storage:
        clock = SystemClock()
        predictor, encoder = _models(settings, Versions(storage, settings.data))
        yield Services(settings, storage, predictor, encoder, Jobs(storage, clock), clock)


def job_handlers(verticals: Sequence[Vertical]) -> dict[str, str]:
    """Return where the handler of each kind that runs in a child is imported from.

    Raises:
        PluginError: a vertical's handler cannot be imported by name.
    """
    theirs = {
        kind: path_of(handler)
        for v in verticals
        if v.finished
        for kind, handler in v.jobs.items()
        if kind not in v.resident
    }
    return {TRAIN: _TRAIN_HANDLER, **theirs}


def resident_handlers(verticals: Sequence[Vertical]) -> dict[str, Handler]:
    """Return the handler of each kind that runs inside the worker.

    Raises:
        PluginError: a vertical names a kind that it has no handler for.
    """
    found: dict[str, Handler] = {}
    for vertical in verticals:
        lacking = (vertical.resident | vertical.schedules.keys()) - vertical.jobs.keys()
        if lacking:
            raise PluginError(
                f"The vertical {vertical.name} has no handler for {', '.join(sorted(lacking))}.",
                remedy="Add it to `jobs`.",
            )
        if vertical.finished:
            found |= {kind: vertical.jobs[kind] for kind in vertical.resident}
    return found


def build(
    settings: Settings | None = None,
    *,
    verticals: Sequence[Vertical] | None = None,
    predictor: Predictor | None = None,
    encoder: Encoder | None = None,
    clock: Clock | None = None,
    connectors: Mapping[str, Any] | None = None,
    with_worker: bool = False,
) -> Container:
    """Put the parts together; loads no model.

    Args:
        settings: Default: from the environment.
        verticals: Default: those that the registry finds.
        predictor: Default: the local one.
        encoder: Default: that of the settings, loaded at its first use.
        clock: Default: the machine's.
        connectors: Default: those that the registry finds.
        with_worker: Whether this process runs jobs; the application starts and stops the worker.
    """
    settings = settings or Settings()
    clock = clock or SystemClock()
    found = tuple(find_verticals() if verticals is None else verticals)
    sources = find_connectors() if connectors is None else connectors
    storage = open_storage(settings, found)
    keys = Keys(storage, load_secret(settings))
    versions, metrics, bell = Versions(storage, settings.data), Metrics(), Bell()
    local, shared = _models(settings, versions)
    jobs = Jobs(storage, clock, bell)
    services = Services(settings, storage, predictor or local, encoder or shared, jobs, clock)
    outside = _Outside(sources, clock, SafeClient(settings.allow_private_addresses))
    factories = Factories(sources, settings.data / "inbox", offered=outside.offered)
    return Container(
        settings=settings,
        storage=storage,
        clock=clock,
        keys=keys,
        tenants=Tenants(storage, keys),
        idempotency=Idempotency(storage),
        versions=versions,
        predictor=services.predictor,
        encoder=services.encoder,
        jobs=jobs,
        uploads=Uploads(storage, settings),
        connections=Connections(storage, settings, clock, factories, found),
        metrics=metrics,
        verticals=found,
        use_cases={v.name: v.build(services) for v in found if v.finished and v.build is not None},
        worker=make_worker(services, found, metrics, bell, outside) if with_worker else None,
    )


@dataclass(frozen=True, slots=True)
class _Outside:
    """What lies beyond this process: the connectors that are installed, and the one way out."""

    connectors: Mapping[str, Any]
    clock: Clock
    client: SafeClient

    @property
    def offered(self) -> Mapping[str, Any]:
        """What connectors may ask for."""
        return {"client": self.client, "clock": self.clock}


def make_worker(
    services: Services, verticals: Sequence[Vertical], metrics: Metrics, bell: Bell, outside: _Outside
) -> Worker:
    """Return a worker that knows every handler, keeps every rhythm and sends what is to be sent; not started.

    Light jobs of the verticals have one thread, connections another: a feed that does not answer holds up
    no alert.
    """
    settings, storage, clock = services.settings, services.storage, services.clock
    finished = [vertical for vertical in verticals if vertical.finished]
    sinks = {v.name: v.sink for v in finished if v.sink is not None}
    collector = Collector(services, outside.connectors, sinks, offered=outside.offered)
    standing = {kind: every for v in finished for kind, every in v.schedules.items()}
    return Worker(
        Leases(storage, clock),
        settings,
        handlers=job_handlers(verticals),
        services=_OPEN_SERVICES,
        residents=(resident_handlers(verticals), {COLLECT: collector.run}),
        resident_services=services,
        ticks=(Schedules(storage, clock, standing=standing).tick, Due(storage, clock).tick),
        beside=(Dispatcher(storage, settings, clock, outside.client).run,),
        bell=bell,
        on_finish=lambda kind, state: metrics.jobs.labels(kind, state).inc(),
    )
