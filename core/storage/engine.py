"""Storage: opens the database, hands out reads, makes writes durable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar

from sqlalchemy import Connection, Engine, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from core.errors import ConfigurationError
from core.storage import postgres, sqlite
from core.storage.faults import translated
from core.storage.migrate import upgrade
from core.storage.tenancy import TenantSession, guard_engine, scoped
from core.storage.writer import Writer, run_scoped

T = TypeVar("T")


class Storage:
    """A database with its tenants kept apart. One object a process; safe to use from any thread."""

    def __init__(self, readers: Engine, writers: Engine, migrations: Sequence[Path]) -> None:
        """Use `Storage.open`."""
        self._readers = readers
        self._writers = writers
        self._migrations = tuple(migrations)
        self.dialect: Literal["sqlite", "postgresql"] = (
            "sqlite" if readers.dialect.name == "sqlite" else "postgresql"
        )
        self._writer = Writer(writers) if self.dialect == "sqlite" else None

    @classmethod
    def open(cls, url: str, *, migrations: Sequence[Path] = ()) -> Storage:
        """Open a database; call `migrate()` before the first use.

        Args:
            url: `sqlite:///path` or `postgresql://…`.
            migrations: Folders of Alembic versions of the verticals.

        Raises:
            ConfigurationError: the URL is not understood, or the SQLite library is too old.
            Unavailable: the server does not answer.
        """
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise ConfigurationError(
                "COLONNADE_DATABASE_URL is not a database URL.", remedy=_EXAMPLES
            ) from error
        match parsed.get_backend_name():
            case "sqlite" if parsed.database not in (None, "", ":memory:"):
                Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
                readers = sqlite.open_engine(parsed, "BEGIN", pool_size=16, max_overflow=48)
                writers = sqlite.open_engine(parsed, "BEGIN IMMEDIATE", pool_size=1, max_overflow=1)
            case "postgresql":
                readers = writers = postgres.open_engine(parsed)
            case name:
                raise ConfigurationError(f"The database {name!r} cannot be used as given.", remedy=_EXAMPLES)
        for engine in {readers, writers}:
            guard_engine(engine)
        storage = cls(readers, writers, migrations)
        storage._greet()
        return storage

    def _greet(self) -> None:
        if self.dialect == "postgresql":
            with translated(), self._readers.connect() as connection, scoped(connection, "_system"):
                postgres.warn_if_unprotected(connection)

    def migrate(self) -> None:
        """Bring the schema up to date; does nothing where it is. Several processes may call it at once.

        Raises:
            ConfigurationError: the database was made by something newer, or a table is not protected.
            Unavailable: another process held the lock for too long.
        """
        with translated():
            upgrade(self._writers, self._migrations)
        if self.dialect == "sqlite":
            self._readers.dispose()  # SQLite reads what it knows of its tables when it connects

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            Unavailable: there is none.
        """
        with translated(), self._readers.connect() as connection:
            connection.execute(text("SELECT 1"))

    @contextmanager
    def read(self, tenant: str) -> Iterator[Session]:
        """Yield a session on one snapshot of the tenant's rows; it cannot write.

        Raises:
            Unavailable: the database does not answer.
        """
        with translated(), self._readers.connect() as connection:
            if self.dialect == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin() as transaction:
                self._enter(connection, tenant)
                with scoped(connection, tenant), TenantSession(connection, expire_on_commit=False) as session:
                    yield session
                transaction.rollback()

    def write(self, tenant: str, fn: Callable[[Session], T]) -> T:
        """Run `fn` in a transaction; when this returns, what it did is on the disk.

        On SQLite `fn` runs on the writer's thread, in a savepoint of a shared transaction: keep it short, do
        no network or model work in it, and return plain values. On PostgreSQL it has a transaction of its
        own. On both no other write of the same tenant runs between its reads and its writes.

        Args:
            tenant: Whose rows; SYSTEM for administration.
            fn: Called with a session; must not commit. May raise: then nothing of it is kept.

        Returns:
            What `fn` returned.

        Raises:
            StorageFull: no room left; nothing was changed.
            Unavailable: the database is busy or gone; try again.
            TenancyViolation: `fn` tried to touch another tenant's rows.
        """
        if self._writer is not None:
            return self._writer.write(tenant, fn)
        with translated(), self._writers.connect() as connection, connection.begin():
            self._enter(connection, tenant)
            with scoped(connection, "_system"):
                postgres.lock_writer(connection, tenant)
            return run_scoped(connection, tenant, fn)

    def _enter(self, connection: Connection, tenant: str) -> None:
        if self.dialect == "postgresql":
            with scoped(connection, "_system"):
                postgres.enter(connection, tenant)

    def close(self) -> None:
        """Finish waiting writes and close all connections."""
        if self._writer is not None:
            self._writer.close()
        self._readers.dispose()
        self._writers.dispose()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


_EXAMPLES = "Use sqlite:////absolute/path/colonnade.db or postgresql://user:password@host/database."
