"""A rule as clients see it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["threshold", "surge", "silence"]
Way = Literal["share", "count"]
Each = Literal["entity", "topic"]
RuleWindow = Literal["1h", "1d", "7d"]
Measure = Literal["negative", "negative_share", "count", "reach"]
Severity = Literal["low", "medium", "high"]
Lang = Literal["en", "zh"]
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class RuleOut(BaseModel):
    """A rule; see RulePatch. What is null stands for any."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    name: str
    kind: Kind
    way: Way
    each: Each | None
    topic: str | None
    entity: str | None
    source: str | None
    window: RuleWindow
    measure: Measure
    at_least: float
    min_stories: int
    false_alarms_per_year: float
    severity: Severity
    for_: Annotated[str, Field(alias="for")]
    calm_for: str
    enabled: bool
    channels: list[str]
    lang: Lang
    quiet_days: list[date]
    zone: str
    created_at: datetime
    updated_at: datetime


def period(text: str) -> timedelta:
    """Return a length of time that is written like `15m`."""
    return timedelta(0) if text == "0" else timedelta(seconds=int(text[:-1]) * _UNITS[text[-1]])


def written(length: timedelta) -> str:
    """Return how a length of time is written, in the largest unit that fits."""
    seconds = int(length.total_seconds())
    unit = next((u for u in "dhms" if seconds % _UNITS[u] == 0), "s")
    return f"{seconds // _UNITS[unit]}{unit}" if seconds else "0"
