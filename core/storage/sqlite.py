"""SQLite as Colonnade runs it: a mended library, WAL with synchronous FULL, an authorizer."""

from __future__ import annotations

import logging
import secrets
import sqlite3
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import ConfigurationError
from core.storage.tables import MARK, SCOPE
from core.storage.types import canonical_json

_log = logging.getLogger(__name__)
_MENDED = (3, 51, 3)
_PATIENCE = 30.0
_MARK = f" /*{secrets.token_hex(8)}*/"
_HARMLESS = (
    sqlite3.SQLITE_TRANSACTION,
    sqlite3.SQLITE_SAVEPOINT,
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_FUNCTION,
)


def library() -> ModuleType:
    """Return the DBAPI module to use: pysqlite3 where it is installed, else the standard library's.

    Raises:
        ConfigurationError: pysqlite3 carries an SQLite with the WAL-reset corruption bug (before 3.51.3).
    """
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        _log.warning(
            "pysqlite3 is not installed; using the standard library's SQLite %s. Versions before 3.51.3 can "
            "damage a database in WAL mode: run `pip install pysqlite3` where a wheel exists.",
            sqlite3.sqlite_version,
        )
        return sqlite3
    return checked(dbapi2)


def checked(module: ModuleType) -> ModuleType:
    """Return the module if its SQLite is mended.

    Raises:
        ConfigurationError: it is older than 3.51.3.
    """
    if tuple(module.sqlite_version_info) < _MENDED:
        raise ConfigurationError(
            f"{module.__name__} has SQLite {module.sqlite_version}, which can damage a database in WAL mode.",
            remedy="Run `pip install 'pysqlite3>=0.6.1'`.",
        )
    return module


def open_engine(url: URL, begin: Literal["BEGIN", "BEGIN IMMEDIATE"], **pool: int) -> Engine:
    """Return an engine whose transactions begin with `begin`; plain BEGIN is for readers only."""
    module = library()
    engine = create_engine(
        url,
        module=module,
        json_serializer=canonical_json,
        hide_parameters=True,  # they are people's texts; errors are logged
        connect_args={"timeout": _PATIENCE, "check_same_thread": False},
        **pool,
    )
    read_only = begin == "BEGIN"

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        _write_ahead(connection, module)
        for pragma in (
            "synchronous=FULL",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            f"query_only={read_only:d}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        entry.info[MARK] = _MARK
        connection.set_authorizer(_authorizer(entry))

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        cursor = connection.connection.cursor()
        cursor.execute(begin)
        cursor.close()

    return engine


def _write_ahead(connection: Any, module: ModuleType) -> None:
    """Switch to WAL; unlike other statements the switch does not wait for a lock, so wait here."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except module.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _authorizer(entry: ConnectionPoolEntry) -> Callable[..., int]:
    """Let a statement be prepared only while one that the cursor guard cleared is running.

    So a cursor taken straight from the driver reaches no table. The driver caches prepared statements by
    their text and would run a cached one again without asking; cleared statements therefore carry a comment
    (MARK) that nobody else writes.
    """

    def ask(
        action: int, first: str | None, second: str | None, database: str | None, trigger: str | None
    ) -> int:
        del first, database, trigger
        scope = entry.info.get(SCOPE)
        if scope is not None and scope.cleared:
            return sqlite3.SQLITE_OK
        reads_setting = action == sqlite3.SQLITE_PRAGMA and second is None
        return sqlite3.SQLITE_OK if action in _HARMLESS or reads_setting else sqlite3.SQLITE_DENY

    return ask
