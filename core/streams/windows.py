"""Windows in event time. All begin at a multiple of their width in UTC; weeks begin on Mondays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

Width = Literal["15m", "1h", "1d", "7d"]

WIDTHS: dict[Width, timedelta] = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
}

_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
"""A Monday at midnight, of which every window's beginning is whole widths away."""


def start_of(at: datetime, width: Width) -> datetime:
    """Return the beginning of the window that holds a moment.

    Args:
        at: With a zone; also before 1970 and after 2038.
        width: Of the window.
    """
    return at.astimezone(UTC) - (at.astimezone(UTC) - _MONDAY) % WIDTHS[width]


def ceiling(at: datetime, step: timedelta) -> datetime:
    """Return the first multiple of `step`, counted as for windows, that is not before a moment."""
    return at.astimezone(UTC) + (_MONDAY - at.astimezone(UTC)) % step


def spans(start: datetime, end: datetime, width: Width) -> Iterator[tuple[datetime, datetime]]:
    """Yield every window [from, to) that shares time with [start, end), in order."""
    begin = start_of(start, width)
    while begin < end:
        yield begin, begin + WIDTHS[width]
        begin += WIDTHS[width]
