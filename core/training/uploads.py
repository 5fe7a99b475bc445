"""Uploaded data sets: one file a version, kept by content, named by the tenant.

The order is: copy into a hidden sibling while hashing, check by loading, fsync, rename, and only then the row
that makes it visible. A crash leaves at most a file that no row names.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import FieldError, InvalidInput, NotFound, PayloadTooLarge
from core.settings import Settings
from core.storage import audit, outbox
from core.storage.engine import Storage
from core.storage.ids import new_id
from core.storage.tables import Dataset
from core.training.table import SUFFIXES

_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class DatasetView:
    """One version of a data set.

    Attributes:
        path: The file, absolute; not for clients.
        columns: Column names as they stand in the file.
    """

    id: str
    name: str
    version: int
    sha256: str
    rows: int
    columns: tuple[str, ...]
    path: Path
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Shape:
    """What checking a file found: its rows and columns."""

    rows: int
    columns: tuple[str, ...]


Check = Callable[[Path], Shape]
"""Loads a file as training would. Raises InvalidInput with `file:row:column` pointers."""


class Uploads:
    """The data sets of all tenants.

    Args:
        storage: Where their rows lie.
        settings: `data` (the files go to `data/datasets/<tenant>/`) and `max_upload_bytes`.
    """

    def __init__(self, storage: Storage, settings: Settings) -> None:
        self._storage = storage
        self._settings = settings

    def store(
        self, tenant: str, name: str, filename: str, source: BinaryIO, check: Check, *, actor: str
    ) -> DatasetView:
        """Keep a file as the next version of `name`; the newest version again where the bytes are the same.

        Raises:
            InvalidInput: the file's kind is unknown, or `check` refuses it.
            PayloadTooLarge: it is over the cap.
            OSError: the disk is full; nothing was kept.
        """
        suffix = Path(filename).suffix.lower()
        if suffix not in SUFFIXES:
            raise InvalidInput(
                f"Files ending in {suffix or 'nothing'} are not understood.",
                remedy=f"Send one of {', '.join(SUFFIXES)}.",
                errors=[FieldError("/file", "unknown kind of file")],
            )
        folder = self._settings.data / "datasets" / tenant
        # The draft has the data set's own name, so that what is said of the file names it as the sender does.
        draft = folder / f".{secrets.token_hex(8)}.part"
        draft.mkdir(parents=True)
        try:
            sha256 = self._copy(source, draft / f"{name}{suffix}")
            shape = _checked(check, draft / f"{name}{suffix}")
            target = folder / f"{sha256}{suffix}"
            os.replace(draft / f"{name}{suffix}", target)
            _fsync(folder)
        finally:
            shutil.rmtree(draft)
        return self._storage.write(
            tenant, lambda session: _register(session, tenant, name, sha256, shape, target, actor)
        )

    def get(self, tenant: str, dataset_id: str) -> DatasetView:
        """Return one version.

        Raises:
            NotFound: this tenant has none of this id.
        """
        with self._storage.read(tenant) as session:
            row = session.scalar(select(Dataset).where(Dataset.tenant_id == tenant, Dataset.id == dataset_id))
            if row is None:
                raise NotFound(f"No data set {dataset_id!r}.", remedy="List them with GET /v1/datasets.")
            return _view(row)

    def list(
        self, tenant: str, *, name: str | None = None, before: str | None = None, limit: int = 50
    ) -> Sequence[DatasetView]:
        """Return versions, newest first; only those of `name` and older than the id `before`, where given."""
        query = select(Dataset).where(Dataset.tenant_id == tenant).order_by(Dataset.id.desc()).limit(limit)
        if name is not None:
            query = query.where(Dataset.name == name)
        if before is not None:
            query = query.where(Dataset.id < before)
        with self._storage.read(tenant) as session:
            return [_view(row) for row in session.scalars(query)]

    def _copy(self, source: BinaryIO, target: Path) -> str:
        digest, size, cap = hashlib.sha256(), 0, self._settings.max_upload_bytes
        with target.open("xb") as file:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > cap:
                    raise PayloadTooLarge(f"The file is larger than {cap} bytes.", remedy="Send it in parts.")
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        return digest.hexdigest()


def _checked(check: Check, path: Path) -> Shape:
    """Check a file; where its folder is on our disk is cut out of what libraries say of it."""
    try:
        return check(path)
    except InvalidInput as error:
        detail = error.detail.replace(f"{path.parent}{os.sep}", "")
        raise InvalidInput(detail, remedy=error.remedy, errors=error.errors) from error


def _register(
    session: Session, tenant: str, name: str, sha256: str, shape: Shape, path: Path, actor: str
) -> DatasetView:
    mine = (Dataset.tenant_id == tenant, Dataset.name == name)
    newest = session.scalar(select(Dataset).where(*mine).order_by(Dataset.version.desc()).limit(1))
    if newest is not None and newest.sha256 == sha256:
        return _view(newest)
    last = session.scalar(select(func.max(Dataset.version)).where(*mine)) or 0
    row = Dataset(
        tenant_id=tenant,
        id=new_id(),
        name=name,
        version=last + 1,
        sha256=sha256,
        rows=shape.rows,
        columns=list(shape.columns),
        path=str(path),
    )
    session.add(row)
    session.flush()
    outbox.emit(session, "dataset.stored", {"id": row.id, "name": name, "version": row.version})
    audit.record(session, actor=actor, action="dataset.stored", subject=row.id, detail={"sha256": sha256})
    return _view(row)


def _view(row: Dataset) -> DatasetView:
    return DatasetView(
        row.id,
        row.name,
        row.version,
        row.sha256,
        row.rows,
        tuple(row.columns),
        Path(row.path),
        row.created_at,
    )


def _fsync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
