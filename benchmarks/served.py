"""Starts the real server for a measurement and asks it over HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psutil

from core.settings import Settings

_TENANT = "bench"


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        url: Its root.
        pid: Its process.
        alive_after: Seconds until /healthz answered.
        ready_after: Seconds until /readyz answered 200.
    """

    url: str
    pid: int
    alive_after: float
    ready_after: float

    def memory_mb(self) -> int:
        """Return the resident memory of the server and its children, MB."""
        process = psutil.Process(self.pid)
        everyone = (process, *process.children(recursive=True))
        return int(sum(each.memory_info().rss for each in everyone)) // 2**20


def _wait(url: str, started: float, deadline: float = 300.0) -> float:
    while time.monotonic() - started < deadline:
        try:
            if httpx.get(url, timeout=5.0).status_code == 200:
                return time.monotonic() - started
        except httpx.HTTPError:
            pass
        time.sleep(0.02)
    raise TimeoutError(f"{url} did not answer within {deadline:.0f} s")


@contextmanager
def serving(*options: str, **variables: str) -> Iterator[Server]:
    """Run `colonnade serve` on a free port of this machine; stopped at the end.

    Args:
        options: Of the command.
        variables: Of its environment, beside this process's.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "COLONNADE_LOG_LEVEL": "WARNING", "COLONNADE_MAX_BATCH": "1024", **variables}
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve", "--port", str(port), *options], env=environment
    )
    try:
        alive = _wait(f"{url}/healthz", started)
        yield Server(url, process.pid, alive, _wait(f"{url}/readyz", started))
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def starter_key(*scopes: str) -> Iterator[str]:
    """Yield a key of a tenant that has no models of its own; revoked at the end.

    Args:
        scopes: What it may do; default: ask finance.
    """
    from api.bootstrap import open_storage
    from core.security.keys import Keys
    from core.security.secrets import load_secret
    from core.security.tenants import Tenants

    settings = Settings()
    with open_storage(settings) as storage:
        keys = Keys(storage, load_secret(settings))
        Tenants(storage).ensure(_TENANT, actor="bench")
        token, key_id = keys.create(_TENANT, list(scopes or ("finance:read",)), actor="bench")
    yield token
    with open_storage(settings) as storage:
        Keys(storage, load_secret(settings)).revoke(_TENANT, key_id)
