"""`colonnade serve`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.terminal import COMMON, Common, notes, write_json


def serve(
    *, host: str | None = None, port: int | None = None, worker: bool = True, common: Common = COMMON
) -> None:
    """Serve the REST API, and run background jobs beside it.

    Args:
        host: Address to listen on; default COLONNADE_HOST (127.0.0.1).
        port: Port; default COLONNADE_PORT (8000).
        worker: Run jobs in this process; `--no-worker` leaves them to `colonnade worker`.
        common: Options of every command.
    """
    from core.settings import Settings

    given: dict[str, Any] = {"host": host, "port": port}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})

    # Before numpy is imported by anything below.
    from api.bootstrap import build, limit_threads, observe

    limit_threads(settings)
    observe(settings)

    from api.app import create_app
    from api.commands.warming import warming
    from api.server import run

    url = f"http://{settings.host}:{settings.port}"

    def ready(begin: Callable[[], None]) -> None:
        if common.json:
            write_json({"url": url, "docs": f"{url}/docs"})
        else:
            notes().print(f"Serving on {url} (documentation: {url}/docs). Ctrl-C stops.")
        begin()

    container = build(settings, with_worker=worker)
    try:
        with warming(container) as begin:
            run(create_app(container=container), settings, ready=lambda: ready(begin))
    finally:
        container.close()
