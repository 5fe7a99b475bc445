"""Turns what the database drivers raise into errors that say what the caller should do next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import ColonnadeError, IntegrityFailure, StorageFull, Unavailable

_FULL = {13}  # SQLITE_FULL
_BUSY = {5, 6, 14, 10}  # BUSY, LOCKED, CANTOPEN, IOERR
_DAMAGED = {11, 26}  # CORRUPT, NOTADB
_STATES_FULL = ("53100", "54000")
_STATES_BUSY = ("08", "53", "55P03", "57P", "58", "40")


def translate(error: BaseException) -> ColonnadeError | None:
    """Return the error to raise in place of a driver's, None where the driver's own says it best."""
    if isinstance(error, PoolTimeout):
        return Unavailable("All database connections are in use.", remedy="Try again shortly.")
    if isinstance(error, StatementError) and isinstance(error.orig, ColonnadeError):
        return error.orig  # raised by a column type or default, wrapped on the way
    if not isinstance(error, DBAPIError) or error.orig is None:
        return None
    code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _sqlite(code & 0xFF, str(error.orig))
    return _postgres(getattr(error.orig, "sqlstate", None), error)


def _full() -> StorageFull:
    return StorageFull(
        "The database has no room left; nothing was changed.", remedy="Free disk space, then repeat."
    )


def _sqlite(code: int, text: str) -> ColonnadeError | None:
    if code in _FULL:
        return _full()
    if code in _DAMAGED:
        return IntegrityFailure(f"The database file is damaged: {text}.", remedy="Restore a backup.")
    if code in _BUSY:
        return Unavailable(f"The database does not take the statement: {text}.", remedy="Try again shortly.")
    return None


def _postgres(state: str | None, error: DBAPIError) -> ColonnadeError | None:
    if state in _STATES_FULL:
        return _full()
    if error.connection_invalidated or state is None or state.startswith(_STATES_BUSY):
        first = str(error.orig).strip().partition("\n")[0]
        return Unavailable(
            f"The database is not ready: {first}.", remedy="Check COLONNADE_DATABASE_URL and the server."
        )
    return None


@contextmanager
def translated() -> Iterator[None]:
    """Raise Colonnade's errors for the drivers' in this block.

    Raises:
        StorageFull: no room left; nothing was changed.
        Unavailable: the database is busy, gone or does not answer.
        IntegrityFailure: the file is damaged.
    """
    try:
        yield
    except (StatementError, PoolTimeout) as error:
        better = translate(error)
        if better is None:
            raise
        raise better from error
