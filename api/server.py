"""Runs the application on granian, in this process, until a signal; requests in flight are finished.

One process on purpose: the embedded database has one writer, the models are loaded once, and the worker's
jobs have processes of their own. More processes are more instances behind a balancer, with PostgreSQL.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from core.errors import ConfigurationError
from core.observability.logs import get_logger
from core.settings import Settings

DRAIN_SECONDS = 30.0
# Sockets, not requests: thousands of stalled ones must fit beside the honest. The BodyGate bounds the work.
_CONNECTIONS = 8_192
_log = get_logger(__name__)

# granian's own lines go through our root handler.
_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"handlers": [], "level": "INFO", "propagate": True}},
}


def _server(app: FastAPI, settings: Settings) -> Server:
    return Server(
        app,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        websockets=False,
        backlog=_CONNECTIONS,
        backpressure=_CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=int(1000 * settings.receive_timeout)),
        log_dictconfig=_LOGGING,
    )


async def _serve(app: FastAPI, settings: Settings, ready: Callable[[], None]) -> None:
    server = _server(app, settings)
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        if not stopping.is_set():
            _log.info("server.stopping", in_flight_seconds=DRAIN_SECONDS)
            stopping.set()
            app.state.stopping = True  # streams that never end by themselves look at it
            server.stop()  # type: ignore[no-untyped-call]

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    serving = asyncio.create_task(server.serve())
    announce = asyncio.create_task(_announce(settings, ready))
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    done, _ = await asyncio.wait({serving}, timeout=DRAIN_SECONDS)
    for task in (announce, waiting):
        task.cancel()
    if not done:
        _log.warning("server.drain_timeout")
        serving.cancel()
        return
    serving.result()


async def _announce(settings: Settings, ready: Callable[[], None]) -> None:
    """Call `ready` once the port answers."""
    while True:
        try:
            _, writer = await asyncio.open_connection(settings.host, settings.port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        ready()
        return


def run(app: FastAPI, settings: Settings, *, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Args:
        app: From `create_app`.
        settings: Host, port and deadlines.
        ready: Called once the port answers.

    Raises:
        ConfigurationError: the port cannot be bound.
    """
    check_port(settings)
    asyncio.run(_serve(app, settings, ready))


def check_port(settings: Settings) -> None:
    """Fail with one line where granian would with a traceback.

    Raises:
        ConfigurationError: something else listens there, or the address is not this machine's.
    """
    import socket

    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ConfigurationError(
                f"Cannot listen on {settings.host}:{settings.port}: {error.strerror or error}.",
                remedy="Stop what listens there, or choose another: `--port 8001`, or `make up PORT=8001`.",
            ) from error
