"""The cursor of EDGAR: the latest acceptance time, and what was accepted not long before it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta

from core.errors import InvalidInput

# Filings are not published in the order in which they are accepted: what was accepted in the evening comes
# out the next business day.
_OVERLAP = int(timedelta(days=7).total_seconds())
_MOST = 3_000


class EdgarPlace:
    """What was read.

    Args:
        latest: The latest acceptance time, in Unix seconds.
        seen: Acceptance time by accession number.
    """

    def __init__(self, latest: int | None, seen: dict[str, int]) -> None:
        self.latest = latest
        self._seen = seen

    def knows(self, accession: str, accepted: datetime) -> bool:
        """Whether a filing was read."""
        old = self.latest is not None and accepted.timestamp() < self.latest - _OVERLAP
        return old or accession in self._seen

    def add(self, accession: str, accepted: datetime) -> None:
        """Keep a filing as read; those of long ago, or beyond thousands, need not be kept."""
        at = int(accepted.timestamp())
        self.latest = max(self.latest or at, at)
        self._seen[accession] = at
        least = self.latest - _OVERLAP
        newest = sorted(self._seen.items(), key=lambda pair: pair[1])[-_MOST:]
        self._seen = {number: when for number, when in newest if when >= least}

    def takes_odd(self, content: str, now: datetime) -> bool:
        """Keep an entry that is no filing as read; False where it was already."""
        mark = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:20]
        if mark in self._seen:
            return False
        self._seen[mark] = int(now.timestamp()) if self.latest is None else self.latest
        return True

    def encoded(self) -> str:
        """Return the cursor."""
        return json.dumps(["edgar", self.latest, self._seen], separators=(",", ":"))

    @classmethod
    def decoded(cls, cursor: str | None) -> EdgarPlace:
        """Return what a cursor holds.

        Raises:
            InvalidInput: it is none of EDGAR's.
        """
        if cursor is None:
            return cls(None, {})
        try:
            kind, latest, seen = json.loads(cursor)
            if kind != "edgar":
                raise ValueError(kind)
            return cls(None if latest is None else int(latest), {str(n): int(at) for n, at in seen.items()})
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise InvalidInput(
                f"{cursor[:40]!r} is no cursor of EDGAR.", remedy="Use one that this connector gave."
            ) from error
