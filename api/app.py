"""Builds the web application from the parts and mounts what the registry finds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, Depends, FastAPI
from starlette.concurrency import run_in_threadpool

from api import errors
from api.auth import BearerAccess
from api.bootstrap import Container, build
from api.context import RequestContext
from api.idempotency import IdempotentPosts
from api.limits import BodyGate
from api.queries import declared_only
from api.routes import (
    channels,
    connections,
    datasets,
    docs,
    health,
    jobs,
    keys,
    models,
    predict,
    tenants,
    training,
    webhook_endpoints,
)
from core.errors import PluginError
from core.settings import Settings

_ROUTES = (predict, datasets, training, jobs, models, tenants, keys, connections, webhook_endpoints, channels)
_VEILED = {**keys.VEILED, **webhook_endpoints.VEILED, **channels.VEILED}


def app_version() -> str:
    """Return the version of the installed distribution, `0` in a checkout that was never installed."""
    try:
        return version("colonnade")
    except PackageNotFoundError:
        return "0"


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    container: Container = app.state.container
    if container.worker is not None:
        container.worker.start()
    try:
        yield
    finally:
        await run_in_threadpool(container.close)


def _mount_verticals(app: FastAPI, container: Container, access: BearerAccess) -> None:
    for vertical in container.verticals:
        if not vertical.finished or vertical.router is None:
            continue
        router = vertical.router(container.use_cases.get(vertical.name), access)
        if not isinstance(router, APIRouter) or not router.routes:
            raise PluginError(
                f"The vertical {vertical.name} is finished, and its router has no routes.",
                remedy="Return an APIRouter with routes, or set finished=False.",
            )
        app.include_router(router)


def create_app(settings: Settings | None = None, container: Container | None = None) -> FastAPI:
    """Return the application; its lifespan starts the worker, if there is one, and closes the container.

    Args:
        settings: Default: from the environment. Not looked at where `container` is given.
        container: The parts; default: built from the settings, without a worker.
    """
    container = container or build(settings)
    access = BearerAccess(container.keys)
    app = FastAPI(
        title="Colonnade",
        version=app_version(),
        description="Text intelligence for four industries.",
        lifespan=_lifespan,
        redirect_slashes=False,
        docs_url=None,  # FastAPI's own page takes its scripts from a CDN; api/routes/docs.py has them here
        redoc_url=None,
        dependencies=[Depends(declared_only(access))],
    )
    app.state.container = container
    errors.install(app)
    docs.mount(app)
    app.include_router(health.router(container))
    for module in _ROUTES:
        app.include_router(module.router(container, access))
    _mount_verticals(app, container, access)
    _add_middleware(app, container, access)
    return app


def _add_middleware(app: FastAPI, container: Container, access: BearerAccess) -> None:
    """Add the layers, the innermost first."""
    app.add_middleware(IdempotentPosts, idempotency=container.idempotency, access=access, veiled=_VEILED)
    app.add_middleware(
        BodyGate,
        settings=container.settings,
        metrics=container.metrics,
        check_caller=access.check,
        uploads=frozenset({datasets.PATH}),
    )
    app.add_middleware(RequestContext, metrics=container.metrics)
