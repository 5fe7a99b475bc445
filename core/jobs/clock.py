"""The clock of a running system."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """A `Clock` that reads the machine's time."""

    def now(self) -> datetime:
        """Return the present moment in UTC, with a zone."""
        return datetime.now(UTC)
