"""Is it alive, is it ready (part by part), what are its figures. No key, no tenant data."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Response
from starlette.responses import JSONResponse

from api.bootstrap import Container
from core.errors import ColonnadeError
from core.observability.logs import get_logger
from core.observability.metrics import CONTENT_TYPE
from core.storage.tenancy import SHARED

_log = get_logger(__name__)


def _database(container: Container) -> str | None:
    container.storage.ping()
    return None


def _models(container: Container) -> str | None:
    """Every task of a finished vertical has a starter, so that a new tenant is served at once."""
    tasks = [task.name for vertical in container.verticals if vertical.finished for task in vertical.tasks]
    missing = [name for name in tasks if container.versions.production(SHARED, name) is None]
    return f"no starter model for {', '.join(missing)}: run `make up`" if missing else None


def _worker(container: Container) -> str | None:
    if container.worker is None:
        return None  # this process serves only; `colonnade worker` runs elsewhere
    return None if container.worker.alive else "the worker thread has stopped: restart the server"


_PARTS: dict[str, Callable[[Container], str | None]] = {
    "database": _database,
    "models": _models,
    "worker": _worker,
}


def _fault(name: str, container: Container) -> str | None:
    try:
        return _PARTS[name](container)
    except ColonnadeError as error:
        _log.warning("readyz.part_failed", part=name, error=str(error))
        return f"{error.slug}: see the server's log"


def router(container: Container) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Answer as long as the process answers at all."""
        return {"status": "ok"}

    @routes.get("/readyz")
    def readyz() -> JSONResponse:
        """Answer 200 when every part is ready, else 503; either way part by part."""
        faults = {name: _fault(name, container) for name in _PARTS}
        ready = not any(faults.values())
        parts = {name: {"ready": fault is None, "detail": fault} for name, fault in faults.items()}
        return JSONResponse(
            {"status": "ready" if ready else "not ready", "parts": parts}, 200 if ready else 503
        )

    @routes.get("/metrics", response_class=Response)
    def metrics() -> Response:
        """Return the figures of this process for Prometheus."""
        return Response(container.metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    return routes
