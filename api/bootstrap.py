"""The composition root: the only place that puts concrete parts together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core.errors import NotFound
from core.jobs.clock import SystemClock
from core.jobs.lease import Leases
from core.jobs.queue import Jobs
from core.jobs.wire import path_of
from core.jobs.worker import Worker
from core.models.versions import Versions
from core.observability.logs import configure
from core.observability.metrics import Metrics
from core.ports import Clock, Encoder, Predictor
from core.registry import find_verticals
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
    metrics: Metrics
    verticals: tuple[Vertical, ...]
    use_cases: Mapping[str, Any]
    worker: Worker | None = None

    @property
    def services(self) -> Services:
        """What verticals are given."""
        return Services(self.settings, self.storage, self.predictor, self.encoder, self.jobs, self.clock)

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
    """Return where the handler of each kind of job is imported from.

    Raises:
        PluginError: a vertical's handler cannot be imported by name.
    """
    theirs = {kind: path_of(handler) for v in verticals if v.finished for kind, handler in v.jobs.items()}
    return {TRAIN: _TRAIN_HANDLER, **theirs}


def build(
    settings: Settings | None = None,
    *,
    verticals: Sequence[Vertical] | None = None,
    predictor: Predictor | None = None,
    encoder: Encoder | None = None,
    clock: Clock | None = None,
    with_worker: bool = False,
) -> Container:
    """Put the parts together; loads no model.

    Args:
        settings: Default: from the environment.
        verticals: Default: those that the registry finds.
        predictor: Default: the local one.
        encoder: Default: that of the settings, loaded at its first use.
        clock: Default: the machine's.
        with_worker: Whether this process runs jobs; the application starts and stops the worker.
    """
    settings = settings or Settings()
    clock = clock or SystemClock()
    found = tuple(find_verticals() if verticals is None else verticals)
    storage = open_storage(settings, found)
    keys = Keys(storage, load_secret(settings))
    versions, metrics = Versions(storage, settings.data), Metrics()
    local, shared = _models(settings, versions)
    jobs = Jobs(storage, clock)
    services = Services(settings, storage, predictor or local, encoder or shared, jobs, clock)
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
        metrics=metrics,
        verticals=found,
        use_cases={v.name: v.build(services) for v in found if v.finished and v.build is not None},
        worker=make_worker(settings, storage, clock, found, metrics) if with_worker else None,
    )


def make_worker(
    settings: Settings, storage: Storage, clock: Clock, verticals: Sequence[Vertical], metrics: Metrics
) -> Worker:
    """Return a worker that knows every handler; not started."""
    return Worker(
        Leases(storage, clock),
        settings,
        handlers=job_handlers(verticals),
        services=_OPEN_SERVICES,
        on_finish=lambda kind, state: metrics.jobs.labels(kind, state).inc(),
    )
