"""The use case: play documents in the order of their times, as if they came now, and watch what is raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from typing import Any

from core.streams.windows import WIDTHS, Width, start_of
from verticals.finance.intake import Document
from verticals.finance.policy.rules import TICK
from verticals.finance.service.documents import Documents
from verticals.finance.service.stream import Stream

Evaluate = Callable[[str, datetime], Any]
"""Judges the rules of a tenant at a moment."""


class SimulatedClock:
    """A clock that stands where the replay is; a `core.ports.Clock`.

    Args:
        start: Where it stands first.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the simulated moment."""
        return self._now

    def move(self, to: datetime) -> None:
        """Stand at another moment."""
        self._now = to


@dataclass(frozen=True, slots=True)
class Alerted:
    """Something that happened to an alert.

    Attributes:
        at: The simulated moment.
        name: What happened, e.g. `alert.firing`.
        data: As in the stream.
    """

    at: datetime
    name: str
    data: Mapping[str, Any]


def moment_of(document: Document) -> datetime | None:
    """Return when a document came: its moment, noon UTC of a bare date, None where it bears neither."""
    story = document.story
    if story.published_at is not None:
        return story.published_at.astimezone(UTC)
    return None if story.day is None else datetime.combine(story.day, time(12), UTC)


class Player:
    """Plays documents for a tenant.

    Args:
        documents: Takes and reads them, by `clock`.
        stream: Tells of alerts.
        evaluate: Judges the rules.
        judged_at: Tells when a tenant's rules were judged last.
        clock: Moved from step to step.
        step: Simulated time between two looks at the rules.
    """

    def __init__(
        self,
        documents: Documents,
        stream: Stream,
        evaluate: Evaluate,
        judged_at: Callable[[str], datetime | None],
        clock: SimulatedClock,
        *,
        step: Width = "1h",
    ) -> None:
        self._documents = documents
        self._stream = stream
        self._evaluate = evaluate
        self._judged_at = judged_at
        self._clock = clock
        self._step = step

    def play(
        self,
        tenant: str,
        documents: Sequence[tuple[datetime, Document]],
        *,
        taken: Callable[[str], None] = lambda _status: None,
        wait: Callable[[timedelta], None] = lambda _time: None,
    ) -> Iterator[Alerted]:
        """Yield what happens to alerts, step by step.

        What came within a step is taken and read in its last moment, at which the rules are judged: a tick
        later, a day's window would hold nothing of that day but its midnight. A file that was played for the
        tenant before raises nothing anew, and one that was cut off goes on where the rules were judged last.

        Args:
            tenant: Whose they become.
            documents: With their moments, in order.
            taken: Called with what became of each.
            wait: Called with the simulated time that passes before each step.
        """
        last = self._stream.end(tenant)
        width = WIDTHS[self._step]
        self._clock.move(start_of(documents[0][0], self._step))
        judged = self._judged_at(tenant)
        news = judged is None
        if judged is not None and not documents[0][0] <= judged <= documents[-1][0] + width:
            judged = None  # by another clock
        for end, batch in self._steps(documents):
            wait(width)
            now = end - TICK
            self._clock.move(now)
            if batch:
                became, _ = self._documents.take(tenant, batch, actor="replay", replayed=True, observed=True)
                for each in became:
                    taken(each.status)
                read = self._documents.read(tenant, _unheard, replayed=True)
                news = news or read > 0 or any(each.status != "duplicate" for each in became)
            if not news and (judged is None or now <= judged):
                continue
            self._evaluate(tenant, now)
            events, last = self._since(tenant, last)
            yield from (Alerted(now, name, data) for name, data in events)

    def _steps(
        self, documents: Sequence[tuple[datetime, Document]]
    ) -> Iterator[tuple[datetime, list[Document]]]:
        """Yield the end of every step with what came in it; steps in which nothing came are there too."""
        width = WIDTHS[self._step]
        end: datetime | None = None
        for start, group in groupby(documents, key=lambda each: start_of(each[0], self._step)):
            while end is not None and end < start:
                end += width
                yield end, []
            end = start + width
            yield end, [document for _, document in group]

    def _since(self, tenant: str, last: str) -> tuple[list[tuple[str, Mapping[str, Any]]], str]:
        found: list[tuple[str, Mapping[str, Any]]] = []
        while True:
            events, after = self._stream.after(tenant, last)
            found += [(each.name, each.data) for each in events if each.name.startswith("alert.")]
            if after == last:
                return found, last
            last = after


def _unheard(share: float, line: str) -> None:
    """Tell nobody: a replay tells of its steps itself."""
