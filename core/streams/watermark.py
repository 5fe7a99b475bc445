"""Watermarks: how far a stream has come in event time, source by source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far each source has come.

    Attributes:
        latest: Source to the latest event time seen of it.
        lateness: How much later than its successors an event may arrive and still find its window open.
    """

    latest: Mapping[str, datetime]
    lateness: timedelta = timedelta(hours=1)

    @property
    def at(self) -> datetime | None:
        """The moment before which every source is done; None where nothing was seen yet."""
        return min(self.latest.values()) - self.lateness if self.latest else None

    def final(self, end: datetime) -> bool:
        """Tell whether a window that ends then is done; a later event still corrects it, as a late one."""
        at = self.at
        return at is not None and end <= at

    def seen(self, source: str, at: datetime) -> Watermark:
        """Return the watermark after one event more; an older one changes nothing."""
        known = self.latest.get(source)
        return (
            self
            if known is not None and known >= at
            else Watermark({**self.latest, source: at}, self.lateness)
        )
