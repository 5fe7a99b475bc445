"""A clock that stands still until it is told to move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class StandingClock:
    """A `core.ports.Clock`.

    Args:
        start: Where it stands.
    """

    def __init__(self, start: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the moment it stands at."""
        return self._now

    def move(self, seconds: float) -> None:
        """Go forward, or back."""
        self._now += timedelta(seconds=seconds)
