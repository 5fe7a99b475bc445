"""Connections to a database of somebody else: for reading only, and none kept when not in use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ColonnadeError, InvalidInput, MissingExtra, NotFound, Unavailable

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine

_ARGUMENTS: dict[str, dict[str, Any]] = {
    "postgresql": {"connect_timeout": 10},
    "sqlite": {"timeout": 10},
    "mysql": {"connect_timeout": 10},
    "mariadb": {"connect_timeout": 10},
}
_READ_ONLY = {
    "postgresql": (
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SET statement_timeout = '60s'",
    ),
    "sqlite": ("PRAGMA query_only = ON",),
    "mysql": ("SET SESSION TRANSACTION READ ONLY",),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY",),
}


def engine_of(url: str, secret: str | None) -> Engine:
    """Return an engine for a URL; nothing is connected yet.

    Raises:
        InvalidInput: it is no SQLAlchemy URL, carries a password, or names a database that is not known here.
        NotFound: there is no such SQLite file.
        MissingExtra: the driver is not installed.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    from sqlalchemy.pool import NullPool

    try:
        told = _told(url)
        whole = told.set(password=secret) if secret else told
        arguments = _ARGUMENTS.get(told.get_backend_name(), {})
        return create_engine(whole, poolclass=NullPool, connect_args=arguments)
    except (ArgumentError, NoSuchModuleError) as error:
        # The error quotes the URL, which is the caller's own and has no password.
        raise InvalidInput(f"{error}", remedy="Write postgresql+psycopg://user@host/database.") from error
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"The driver {error.name!r} is not installed.", remedy=f"pip install {error.name}."
        ) from error


def _told(url: str) -> URL:
    from sqlalchemy.engine import make_url

    told = make_url(url)
    if told.password is not None or "password" in told.query:
        raise InvalidInput("The URL carries a password.", remedy="Give it as the connection's secret.")
    if told.get_backend_name() not in _READ_ONLY:
        raise InvalidInput(
            f"{told.get_backend_name()} cannot be opened for reading only.",
            remedy=f"Use one of {', '.join(_READ_ONLY)}.",
        )
    if told.get_backend_name() == "sqlite" and not Path(told.database or "").is_file():
        raise NotFound(f"There is no SQLite file {told.database}.", remedy="Check the path.")
    return told


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """Open a connection that cannot write, and close it.

    Raises:
        Unavailable: the database does not answer.
    """
    from sqlalchemy.exc import DBAPIError

    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise Unavailable(
            f"The database of {engine.url.host or engine.url.database} cannot be opened: {_line(error)}.",
            remedy="Check host, user and secret; it is tried again later.",
            retry_after=60,
        ) from error
    with connection:
        with explained(str(engine.url.database)):
            for statement in _READ_ONLY[engine.url.get_backend_name()]:
                connection.exec_driver_sql(statement)
            connection.commit()
        yield connection


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn an error of the database into one that says what to do.

    Raises:
        Unavailable: the connection broke, or the database is busy.
        InvalidInput: it refuses the statement.
    """
    from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

    try:
        yield
    except ColonnadeError:
        raise
    except SQLAlchemyError as error:
        line = _line(error)
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        if lost or (isinstance(error, OperationalError) and "no such" not in line and "syntax" not in line):
            raise Unavailable(
                f"{what}: {line}.", remedy="It is tried again later.", retry_after=60
            ) from error
        raise InvalidInput(f"{what}: {line}.", remedy="Check table, columns and query.") from error


def _line(error: Exception) -> str:
    """Return the first line of the driver's own words; the rest quotes statement and values."""
    words = str(getattr(error, "orig", None) or error).strip().splitlines()
    return words[0][:300].rstrip(".") if words else type(error).__name__
