"""Asking for a training: it runs as a job."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.auth import BearerAccess
from api.bootstrap import TRAIN, Container
from api.routes.jobs import JobOut, shown
from api.routes.predict import TaskName
from core.errors import FieldError, InvalidInput
from core.models.catalogue import ENTRIES
from core.security.caller import Caller
from core.settings import Settings
from core.text.types import SafeText
from core.training.recipe import Recipe

_Word = Annotated[SafeText, Field(min_length=1, max_length=200)]


class TrainingIn(BaseModel):
    """A data set and how to train on it; whatever is left out comes from the task's own recipe."""

    model_config = ConfigDict(extra="forbid")

    task: TaskName
    dataset_id: Annotated[SafeText, Field(min_length=1, max_length=80)]
    method: Annotated[SafeText, Field(pattern=r"^[a-z]\w{0,30}$")] | None = None
    recipe: Recipe | None = None
    map: Annotated[dict[_Word, _Word], Field(max_length=20)] = Field(default_factory=dict)
    label_separator: Annotated[SafeText, Field(min_length=1, max_length=5)] | None = None


def _check_encoder(recipe: Recipe | None, settings: Settings) -> None:
    """Only named encoders: with a folder or a hub id a stranger would say what the server reads."""
    allowed = {*(e.name for e in ENTRIES.values() if e.kind != "spacy"), settings.encoder}
    if recipe is not None and "encoder" in recipe.model_fields_set and recipe.encoder not in allowed:
        raise InvalidInput(
            "The recipe names an encoder that this server does not offer.",
            remedy=f"Use one of {', '.join(sorted(allowed))}.",
            errors=[FieldError("/recipe/encoder", "not offered")],
        )


def router(container: Container, access: BearerAccess) -> APIRouter:
    """Return the route."""
    routes = APIRouter(prefix="/v1/training-jobs", tags=["training"])
    writer = Depends(access.require("jobs:write"))

    @routes.post("", status_code=202)
    def train(body: TrainingIn, caller: Caller = writer) -> JobOut:
        """Queue a training; follow it under /v1/jobs/{id}. What serves now serves on until a promotion."""
        _check_encoder(body.recipe, container.settings)
        dataset = container.uploads.get(caller.tenant, body.dataset_id)
        known = container.task(body.task)
        payload: dict[str, Any] = {
            "task": body.task,
            "kind": known.kind if known else "multi" if body.label_separator else "single",
            "base_recipe": known.recipe.model_dump(exclude_unset=True) if known else {},
            "actor": caller.key_id,
            "dataset_id": dataset.id,
            "dataset_path": str(dataset.path),
            "method": body.method,
            "recipe": body.recipe.model_dump(exclude_unset=True) if body.recipe else {},
            "map": dict(body.map),
            "label_separator": body.label_separator,
        }
        job_id = container.jobs.submit(caller.tenant, TRAIN, payload, actor=caller.key_id)
        return shown(container.jobs.get(caller.tenant, job_id))

    return routes
