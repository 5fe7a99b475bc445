"""Model versions: which there are, what they are made of, which one serves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from api.auth import BearerAccess
from api.bootstrap import Container
from core.models import cards
from core.models.versions import Version
from core.paging import Cursor, Limit, Page, page, slice_after
from core.security.caller import Caller


class ModelOut(BaseModel):
    """A version: `candidate`, `production` or `archived`."""

    id: str
    task: str
    stage: str
    kind: str
    method: str
    labels: list[str]
    metrics: dict[str, Any]
    parent: str | None
    created_at: datetime
    promoted_at: datetime | None


class CardOut(ModelOut):
    """A version with everything that is known of its making; `card` is what people should read."""

    card: dict[str, Any]
    encoder: dict[str, Any] | None
    recipe: dict[str, Any]
    data: dict[str, Any] | None
    baselines: dict[str, Any]
    licences: list[str]
    files: dict[str, str]


class PromoteIn(BaseModel):
    """`force` promotes a candidate that its baselines beat."""

    model_config = ConfigDict(extra="forbid")

    force: bool = False


def _fields(version: Version) -> dict[str, Any]:
    manifest = version.manifest.model_dump(mode="json")
    row = {
        "id": version.id,
        "task": version.task,
        "stage": version.stage,
        "parent": version.parent,
        "created_at": version.created_at,
        "promoted_at": version.promoted_at,
    }
    return {**manifest, "card": cards.card(version.manifest), **row}


def _id(version: Version) -> str:
    return version.id


def shown(version: Version) -> ModelOut:
    """Return a version as lists show it."""
    return ModelOut.model_validate(_fields(version))


def card(version: Version) -> CardOut:
    """Return a version with its card; where its files lie on our disk is nobody's business."""
    return CardOut.model_validate(_fields(version))


def router(container: Container, access: BearerAccess) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1", tags=["models"])
    reader, writer = Depends(access.require("models:read")), Depends(access.require("models:write"))
    versions = container.versions

    @routes.get("/models")
    def list_models(
        cursor: Cursor = None,
        limit: Limit = 50,
        task: Annotated[str | None, Query(max_length=200)] = None,
        caller: Caller = reader,
    ) -> Page[ModelOut]:
        """List this tenant's versions, newest first, and behind them the shared starters."""
        rows = versions.list(caller.tenant, task=task)
        return page(slice_after(rows, cursor, _id), limit, shown, _id)

    @routes.get("/models/{model_id}")
    def get_model(model_id: str, caller: Caller = reader) -> CardOut:
        """Return one version with its card."""
        return card(versions.get(caller.tenant, model_id))

    @routes.post("/models/{model_id}/promote")
    def promote(model_id: str, body: PromoteIn | None = None, caller: Caller = writer) -> ModelOut:
        """Make a version serve its task; the one that served is archived."""
        return shown(
            versions.promote(caller.tenant, model_id, caller.key_id, force=bool(body and body.force))
        )

    @routes.post("/tasks/{task}/rollback")
    def rollback(task: str, caller: Caller = writer) -> ModelOut:
        """Make the version that served before serve again."""
        return shown(versions.rollback(caller.tenant, task, caller.key_id))

    return routes
