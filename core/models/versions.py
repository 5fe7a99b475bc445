"""Which artefact serves a task, per tenant: candidate, production, archived; with event and audit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotFound
from core.models.artefacts import load_manifest
from core.models.manifest import Manifest, beaten_by, figure
from core.storage import audit, outbox
from core.storage.engine import Storage
from core.storage.tables import ModelVersion
from core.storage.tenancy import SHARED
from core.storage.types import now

CANDIDATE, PRODUCTION, ARCHIVED = "candidate", "production", "archived"


@dataclass(frozen=True, slots=True)
class Version:
    """One model version of a tenant.

    Attributes:
        tenant: Whose it is; `_shared` for starters.
        id: The artefact's id.
        task: Task name.
        stage: candidate, production or archived.
        path: The artefact's folder, absolute.
        manifest: As published.
        created_at: When it was added.
        promoted_at: When it last became production; None before, and after a rollback away from it.
        parent: Id of the version it was trained from.
    """

    tenant: str
    id: str
    task: str
    stage: str
    path: Path
    manifest: Manifest
    created_at: datetime
    promoted_at: datetime | None
    parent: str | None


def _not_found(tenant: str, version: str) -> NotFound:
    del tenant  # whether another tenant has it is not told
    return NotFound(f"There is no model {version!r}.", remedy="List models with `colonnade models list`.")


class Versions:
    """Model versions and their stages.

    Args:
        storage: Where they are kept.
        root: COLONNADE_DATA; artefacts below it are remembered relative to it, so that the folder can move.
    """

    def __init__(self, storage: Storage, root: Path | None = None) -> None:
        self._storage = storage
        self._root = root.resolve() if root else None

    def add(self, tenant: str, task: str, path: Path, manifest: Manifest, *, actor: str = "system") -> str:
        """Make a published artefact a candidate; adding it again changes nothing.

        Returns:
            Its id.

        Raises:
            IntegrityFailure: the folder's bytes are not those of its manifest.
            NotFound: the folder has no manifest.
            InvalidInput: the manifest is of another task, or not the folder's.
        """
        found = load_manifest(path)
        if found.id != manifest.id or found.task != task:
            raise InvalidInput(
                f"{path} holds {found.id} of task {found.task}, not {manifest.id} of {task}.",
                remedy="Pass the folder's own manifest and task.",
            )

        def step(session: Session) -> str:
            if session.get(ModelVersion, (tenant, found.id)) is None:
                session.add(self._row(tenant, path, found))
                _tell(session, "added", found.id, task, actor, {})
            return found.id

        return self._storage.write(tenant, step)

    def _row(self, tenant: str, path: Path, manifest: Manifest) -> ModelVersion:
        return ModelVersion(
            tenant_id=tenant,
            id=manifest.id,
            task=manifest.task,
            stage=CANDIDATE,
            path=self._outward(path),
            manifest=manifest.model_dump(mode="json"),
            parent=manifest.parent,
        )

    def _outward(self, path: Path) -> str:
        whole = path.resolve()
        if self._root and whole.is_relative_to(self._root):
            return whole.relative_to(self._root).as_posix()
        return str(whole)

    def _version(self, row: ModelVersion) -> Version:
        path = Path(row.path)
        return Version(
            tenant=row.tenant_id,
            id=row.id,
            task=row.task,
            stage=row.stage,
            path=path if path.is_absolute() or self._root is None else self._root / path,
            manifest=Manifest.model_validate(row.manifest),
            created_at=row.created_at,
            promoted_at=row.promoted_at,
            parent=row.parent,
        )

    def promote(self, tenant: str, version: str, actor: str, force: bool = False) -> Version:
        """Make a version the one that serves its task; the one before it is archived.

        Promoting what is in production already changes nothing.

        Raises:
            NotFound: the tenant has no such version.
            Conflict: a baseline does better on the primary metric, and `force` is not set; or it is a shared
                starter, which is not the tenant's to promote.
            IntegrityFailure: its bytes changed since it was published.
        """
        candidate = self._own(tenant, version)
        load_manifest(candidate.path)
        if not force:
            _refuse_beaten(candidate.manifest)

        def step(session: Session) -> Version:
            rows = _of_task(session, candidate.task)
            row = next((row for row in rows if row.id == version), None)
            if row is None:
                raise _not_found(tenant, version)
            serving = _serving(rows)
            if serving is not row:
                _swap(serving, row)
                before = serving.id if serving else None
                _tell(session, "promoted", version, row.task, actor, {"before": before, "force": force})
            session.flush()
            return self._version(row)

        return self._storage.write(tenant, step)

    def rollback(self, tenant: str, task: str, actor: str) -> Version:
        """Go back to the version that served the task before the present one.

        Before a tenant's first version the shared starter served, where the task has one. What is left is
        archived and is not gone back to later, unless it is promoted again.

        Raises:
            NotFound: the tenant has nothing in production for the task.
            Conflict: nothing served before.
        """
        starter = self.production(SHARED, task) if tenant != SHARED else None

        def step(session: Session) -> Version:
            rows = _of_task(session, task)
            serving = _serving(rows)
            if serving is None:
                raise NotFound(
                    f"No model of your own for task {task!r} is in production.",
                    remedy="The shared starter serves, if there is one; it cannot be rolled back.",
                )
            earlier = [row for row in rows if row.stage == ARCHIVED and row.promoted_at is not None]
            if earlier:
                row = max(earlier, key=lambda item: (item.promoted_at, item.id))
                row.stage = PRODUCTION
                back = self._version(row)
            elif starter is not None:
                back = starter
            else:
                raise Conflict(
                    f"{serving.id} is the first model of task {task!r}; there is none to go back to.",
                    remedy="Promote another version instead.",
                )
            serving.stage, serving.promoted_at = ARCHIVED, None
            _tell(session, "rolled_back", back.id, task, actor, {"before": serving.id})
            session.flush()
            return back

        return self._storage.write(tenant, step)

    def production(self, tenant: str, task: str) -> Version | None:
        """Return the version that serves a task: the tenant's own, else the shared starter, else None."""
        wanted = select(ModelVersion).where(ModelVersion.task == task, ModelVersion.stage == PRODUCTION)
        return self._first(tenant, lambda session: session.scalars(wanted).first())

    def get(self, tenant: str, version: str) -> Version:
        """Return a version of the tenant's own or a shared one.

        Raises:
            NotFound: neither has it.
        """
        wanted = select(ModelVersion).where(ModelVersion.id == version)
        found = self._first(tenant, lambda session: session.scalars(wanted).first())
        if found is None:
            raise _not_found(tenant, version)
        return found

    def list(self, tenant: str, task: str | None = None) -> Sequence[Version]:
        """Return the tenant's own versions, the newest first, and behind them the shared ones."""
        wanted = select(ModelVersion).order_by(ModelVersion.created_at.desc(), ModelVersion.id)
        if task is not None:
            wanted = wanted.where(ModelVersion.task == task)
        versions = []
        for owner in dict.fromkeys((tenant, SHARED)):
            with self._storage.read(owner) as session:
                versions += [self._version(row) for row in session.scalars(wanted)]
        return tuple(versions)

    def _own(self, tenant: str, version: str) -> Version:
        with self._storage.read(tenant) as session:
            row = session.get(ModelVersion, (tenant, version))
            if row is not None:
                return self._version(row)
        shared = self.get(tenant, version)  # raises where it is nobody's
        raise Conflict(
            f"{version} is a shared starter of task {shared.task!r}; it serves where there is no own one.",
            remedy=f"To go back to it roll your own back: `colonnade models rollback {shared.task}`.",
        )

    def _first(self, tenant: str, find: Callable[[Session], ModelVersion | None]) -> Version | None:
        for owner in dict.fromkeys((tenant, SHARED)):
            with self._storage.read(owner) as session:
                if (row := find(session)) is not None:
                    return self._version(row)
        return None


def _refuse_beaten(manifest: Manifest) -> None:
    better = beaten_by(manifest)
    if not better:
        return
    own = figure(manifest.metrics, manifest.primary)
    value = "not measured" if own is None else f"{own.value:.4f}"
    raise Conflict(
        f"{manifest.id} is beaten by {', '.join(better)} on {manifest.primary} ({value}).",
        remedy="Train a better one, or promote it all the same with --force.",
    )


def _of_task(session: Session, task: str) -> Sequence[ModelVersion]:
    """Return all versions of a task; inside storage.write no other write of the tenant runs beside it."""
    wanted = select(ModelVersion).where(ModelVersion.task == task).order_by(ModelVersion.id)
    return session.scalars(wanted).all()


def _serving(rows: Sequence[ModelVersion]) -> ModelVersion | None:
    return next((row for row in rows if row.stage == PRODUCTION), None)


def _swap(serving: ModelVersion | None, row: ModelVersion) -> None:
    """Archive one, promote the other, at a later moment than any before even if the clock went back."""
    moment = now()
    if serving is not None:
        serving.stage = ARCHIVED
        if serving.promoted_at is not None:
            moment = max(moment, serving.promoted_at + timedelta(microseconds=1))
    row.stage, row.promoted_at = PRODUCTION, moment


def _tell(
    session: Session, verb: str, version: str, task: str, actor: str, detail: dict[str, object]
) -> None:
    """Write the event and the audit row of one step into its transaction."""
    outbox.emit(session, f"models.version.{verb}", {"model": version, "task": task, **detail})
    audit.record(
        session, actor=actor, action=f"model.{verb}", subject=version, detail={"task": task, **detail}
    )
