"""Predictions of one task for a batch of texts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.auth import BearerAccess
from api.bootstrap import Container
from core.errors import FieldError, InvalidInput, PayloadTooLarge
from core.records import Example, Prediction
from core.security.caller import Caller
from core.settings import Settings
from core.text.focus import focused, spans_of
from core.text.types import SafeText

TaskName = Annotated[
    SafeText, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,119}$", examples=["finance.sentiment"])
]
_Language = Annotated[SafeText, Field(pattern=r"^[a-z]{2,3}$")]


class Item(BaseModel):
    """One text, or a pair; `entity` is what in the text is asked about, for tasks that ask so."""

    model_config = ConfigDict(extra="forbid")

    text: SafeText
    text_pair: SafeText | None = None
    entity: Annotated[SafeText, Field(min_length=1, max_length=400)] | None = None
    lang: _Language | None = None


class PredictIn(BaseModel):
    """Either `texts` or `items`; `model` is a version id, by default the task's production version."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"task": "finance.sentiment", "texts": ["The loss narrowed."]}]},
    )

    task: TaskName
    texts: Annotated[list[SafeText], Field(min_length=1)] | None = None
    items: Annotated[list[Item], Field(min_length=1)] | None = None
    model: Annotated[SafeText, Field(max_length=120)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> PredictIn:
        if (self.texts is None) == (self.items is None):
            raise ValueError("send either `texts` or `items`")
        return self


class PredictionOut(BaseModel):
    """What the model says of one text: `label` for tasks with exactly one, else `labels`."""

    label: str | None = None
    labels: list[str] | None = None
    probability: float
    probabilities: dict[str, float]


class PredictOut(BaseModel):
    """Predictions in the order of the texts, and the version that made them."""

    data: list[PredictionOut]
    task: str
    model: str


def _examples(body: PredictIn, settings: Settings) -> list[Example]:
    field = "texts" if body.texts is not None else "items"
    items = [Item(text=text) for text in body.texts] if body.texts is not None else (body.items or [])
    if len(items) > settings.max_batch:
        raise PayloadTooLarge(
            f"{len(items)} texts are more than {settings.max_batch}.",
            remedy="Send them in several requests.",
            errors=[FieldError(f"/{field}", f"more than {settings.max_batch} texts")],
        )
    for index, item in enumerate(items):
        _check(item, f"/{field}/{index}", settings.max_text_chars)
    return [Example(text=_asked(item), text_pair=item.text_pair, lang=item.lang) for item in items]


def _asked(item: Item) -> str:
    if item.entity is None:
        return item.text
    return focused(item.text, spans_of(item.text, item.entity), item.entity)


def _check(item: Item, pointer: str, cap: int) -> None:
    if not item.text.strip():
        raise InvalidInput("A text is empty.", errors=[FieldError(pointer, "empty")])
    if max(len(item.text), len(item.text_pair or "")) > cap:
        raise PayloadTooLarge(
            f"A text has more than {cap} characters.",
            remedy="Cut it, or send its parts.",
            errors=[FieldError(pointer, f"more than {cap} characters")],
        )


def _shown(prediction: Prediction, kind: str) -> PredictionOut:
    single = kind == "single"
    return PredictionOut(
        label=prediction.labels[0] if single else None,
        labels=None if single else list(prediction.labels),
        probability=prediction.probability,
        probabilities=dict(prediction.probabilities),
    )


def router(container: Container, access: BearerAccess) -> APIRouter:
    """Return the route."""
    routes = APIRouter(prefix="/v1", tags=["predict"])
    user = Depends(access.require("predict"))

    @routes.post("/predict", response_model_exclude_none=True)
    def predict(body: PredictIn, caller: Caller = user) -> PredictOut:
        """Predict one task for up to a batch of texts."""
        examples = _examples(body, container.settings)
        kind = container.kind_of(caller.tenant, body.task, body.model)
        found = container.predictor.predict(caller.tenant, [body.task], examples, model=body.model)[body.task]
        container.metrics.predicted.inc(len(found))
        return PredictOut(data=[_shown(one, kind) for one in found], task=body.task, model=found[0].model)

    return routes
