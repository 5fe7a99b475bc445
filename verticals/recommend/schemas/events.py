"""Events of people: what is sent, and what became of each row."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from core.text.types import SafeText
from verticals.recommend.schemas.closed import MAX_ROWS, Closed, ItemId, Moment, Name, Who


class EventIn(Closed):
    """One thing that a person did; with user_id and session_id, the session becomes the user's."""

    event_id: Annotated[Name, Field(description="The first event of an id wins; later ones are duplicates.")]
    user_id: Who | None = None
    session_id: Who | None = None
    item_id: Annotated[ItemId | None, Field(description="Needed for all types but login and impression.")] = (
        None
    )
    type: Annotated[
        SafeText,
        Field(
            min_length=1,
            max_length=60,
            description="view, click, share, like, cart, purchase, refund, rating, dislike, impression,"
            " login; or a name of GA4 (view_item …) or Retail (detail-page-view …).",
        ),
    ]
    value: Annotated[
        float | None, Field(ge=-1e12, le=1e12, description="Money; of a rating its stars, 1 to 5.")
    ] = None
    timestamp: Annotated[Moment | None, Field(description="When it happened; default: now.")] = None
    recommendation_id: Annotated[Name | None, Field(description="The list that it came from.")] = None
    impression: Annotated[
        list[ItemId] | None, Field(max_length=500, description="Items that were on the screen.")
    ] = None


class EventsIn(Closed):
    """A batch; each row is judged by itself."""

    events: Annotated[
        list[dict[str, Any]],
        Field(min_length=1, max_length=MAX_ROWS, json_schema_extra={"items": EventIn.model_json_schema()}),
    ]


class EventRow(Closed):
    """What became of one row."""

    index: int
    event_id: str | None
    status: Literal["accepted", "duplicate", "rejected"]
    reason: Annotated[
        str | None, Field(description="Why not; of an accepted one what to know, such as an unknown item.")
    ] = None
    pointer: Annotated[str | None, Field(description="Where in the request the fault is.")] = None


class EventsOut(Closed):
    """What became of each row, in their order."""

    accepted: int
    duplicate: int
    rejected: int
    data: list[EventRow]
