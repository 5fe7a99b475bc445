"""Bodies of `POST /v1/service/intents`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from verticals.service.schemas.closed import MAX_TEXTS, Closed, Message


class IntentsIn(Closed):
    """Texts of customers."""

    texts: Annotated[
        list[Annotated[Message, Field(examples=["Where is my parcel?"])]],
        Field(min_length=1, max_length=MAX_TEXTS),
    ]


class IntentOut(Closed):
    """What one text wants.

    Attributes:
        intent: The likeliest of the intents, or `out_of_scope` where the text is none of them.
        probabilities: Of every intent; `out_of_scope` has one of its own where the model was taught it.
        confidence: Calibrated probability that `intent` is right, `out_of_scope` included.
    """

    intent: str
    probabilities: dict[str, float]
    out_of_scope: bool
    confidence: float
    lang: str


class IntentsOut(Closed):
    """One answer a text, in the order of the texts."""

    data: list[IntentOut]
