"""The one writer of an SQLite file: takes what is waiting, commits once, then tells every caller.

A commit costs one fsync, whatever it holds. While one batch is being synced the next one gathers, so under
load many writes share a sync, and a lone write waits for nobody.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from core.errors import ConfigurationError, Unavailable
from core.storage.faults import translate
from core.storage.tenancy import TenantSession, scoped

T = TypeVar("T")
_BATCH = 256
_WAITING = 10_000


@dataclass(slots=True)
class _Work:
    tenant: str
    run: Callable[[Session], Any]
    future: Future[Any]
    result: Any = None
    error: BaseException | None = None


class _Undone(Exception):
    """The database rolled the whole batch back under one of its statements."""

    def __init__(self, work: _Work, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.work = work
        self.cause = cause


def run_scoped(connection: Connection, tenant: str, run: Callable[[Session], T]) -> T:
    """Run a write function in a savepoint of an open transaction, for one tenant.

    Its rows are flushed, not committed; an error leaves the transaction as it was before.
    """
    with (
        scoped(connection, tenant),
        TenantSession(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session,
    ):
        result = run(session)
        Session.commit(session)
        return result


class Writer:
    """Runs write functions on a thread of its own, in batches."""

    def __init__(self, engine: Engine) -> None:
        """Start the thread.

        Args:
            engine: One whose transactions begin with BEGIN IMMEDIATE.
        """
        self._engine = engine
        self._queue: queue.Queue[_Work | None] = queue.Queue(_WAITING)
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._loop, name="colonnade-writer", daemon=True)
        self._thread.start()

    def write(self, tenant: str, run: Callable[[Session], T]) -> T:
        """Return what `run` returned, once it is on the disk.

        Raises:
            ConfigurationError: called from within a write function, which would wait for itself.
            Unavailable: closed, or too many writes are waiting.
            StorageFull: no room left; nothing of `run` was kept.
        """
        if threading.current_thread() is self._thread:
            raise ConfigurationError(
                "storage.write was called inside a write function.", remedy="Use its session."
            )
        work = _Work(tenant, run, Future())
        with self._gate:
            if self._closed:
                raise Unavailable("The storage is closed.")
            try:
                self._queue.put_nowait(work)
            except queue.Full:
                raise Unavailable("Too many writes are waiting.", remedy="Try again shortly.") from None
        return cast(T, work.future.result())

    def close(self) -> None:
        """Finish what is waiting, then stop."""
        with self._gate:
            if not self._closed:
                self._closed = True
                threading.Thread(target=self._queue.put, args=(None,), daemon=True).start()
        self._thread.join()

    def _loop(self) -> None:
        going = True
        while going:
            batch, going = self._gather()
            if batch:
                self._settle(batch)

    def _gather(self) -> tuple[list[_Work], bool]:
        batch: list[_Work] = []
        item = self._queue.get()
        while item is not None:
            batch.append(item)
            if len(batch) == _BATCH:
                return batch, True
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _settle(self, batch: list[_Work]) -> None:
        try:
            self._commit(batch)
        except _Undone as undone:
            undone.work.error = None
            self._fail(batch, undone.cause)
        except Exception as error:  # noqa: BLE001  every caller of the batch gets it
            self._fail(batch, error)
        else:
            for work in batch:
                if work.error is None:
                    work.future.set_result(work.result)
                else:
                    work.future.set_exception(translate(work.error) or work.error)

    @staticmethod
    def _fail(batch: list[_Work], error: BaseException) -> None:
        for work in batch:
            # A function that failed by itself keeps its own reason.
            reason = work.error or error
            work.future.set_exception(translate(reason) or reason)

    def _commit(self, batch: list[_Work]) -> None:
        with self._engine.connect() as connection:
            try:
                with connection.begin():
                    for work in batch:
                        self._one(connection, work)
            except BaseException:
                # What the connection holds now is unknown: a fresh one starts from what is on the disk.
                connection.invalidate()
                raise

    @staticmethod
    def _one(connection: Connection, work: _Work) -> None:
        try:
            work.result = run_scoped(connection, work.tenant, work.run)
        except Exception as error:  # noqa: BLE001  the caller of this one function gets it
            work.error = error
        if not cast(Any, connection.connection.driver_connection).in_transaction:
            raise _Undone(
                work, _first(work.error) or Unavailable("A write function ended its batch's transaction.")
            )


def _first(error: BaseException | None) -> BaseException | None:
    """Return the error that began it: with the transaction gone, undoing the savepoint failed as well."""
    while error is not None and error.__context__ is not None:
        error = error.__context__
        if translate(error) is not None:
            return error
    return error
