"""What all bodies have in common: no unknown field, no unsafe text, ids fit for a path, times with a zone."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from core.text.types import SafeText

MAX_ROWS = 10_000
"""Rows of one batch; the cap on a body (COLONNADE_MAX_BODY_BYTES) is in force beside it."""
MAX_CHARS = 1_000_000
"""No setting lets a longer text through; COLONNADE_MAX_TEXT_CHARS is the cap in force."""
ITEM_ID = r"^[\w.:~@+=,-]{1,200}$"

ItemId = Annotated[
    SafeText,
    Field(pattern=ITEM_ID, max_length=200, description="Letters, digits and . : ~ @ + = , - _, no blanks."),
]
Who = Annotated[SafeText, Field(min_length=1, max_length=200)]
"""A user or a session, as the shop knows it; kept as given."""
Name = Annotated[SafeText, Field(min_length=1, max_length=200)]


def _written_time(value: object) -> object:
    # pydantic would take 1763767000 for a moment too, and nobody could say in which unit it was meant.
    if not isinstance(value, str):
        raise ValueError("a time is a string in RFC 3339 with a zone, e.g. 2026-11-21T09:30:00+08:00")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written_time, json_schema_input_type=str)]


class Closed(BaseModel):
    """A body that refuses what it does not know, and numbers that are none."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
