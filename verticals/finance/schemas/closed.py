"""What all bodies have in common: no unknown field, times with a zone, and the caps that no setting lifts."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict

MAX_TEXTS = 10_000
"""No setting lets more texts through in one request; COLONNADE_MAX_BATCH is the cap in force."""
MAX_CHARS = 1_000_000
"""No setting lets a longer text through; COLONNADE_MAX_TEXT_CHARS is the cap in force."""
MAX_SOURCE, MAX_EXTERNAL_ID = 120, 400
"""Code points that the tables hold."""
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""A time outside these is a fault of its source."""
_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ].*([Zz]|[+-]\d{2}(:?\d{2})?)\Z", re.DOTALL)


def _written_time(value: object) -> object:
    # pydantic would take 1763767000 for a moment too, and nobody could say in which unit it was meant.
    if not isinstance(value, str) or not _WRITTEN.match(value):
        raise ValueError("a time is written in RFC 3339 with its zone, such as 2026-11-20T09:31:00+08:00")
    return value


def _in_calendar(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise ValueError("lies outside the years 1900 to 2199: give the time that it appeared at")
    return moment


Moment = Annotated[AwareDatetime, BeforeValidator(_written_time, json_schema_input_type=str)]
Appeared = Annotated[Moment, AfterValidator(_in_calendar)]
"""When a text appeared or was changed."""


class Closed(BaseModel):
    """A body that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)
