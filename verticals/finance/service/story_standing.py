"""What a story is worth: its lead, its reach, and whether it was taken back. Told anew from its texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from verticals.finance.policy.joining import in_time
from verticals.finance.policy.remarks import voids
from verticals.finance.service.story_texts import (
    CORRECTED,
    CORRECTS,
    NEAR,
    by_id,
    linked,
    of_stories,
    order,
)
from verticals.finance.tables import FinanceStory, FinanceStoryText

_FIELDS = (
    "kind",
    "lead_id",
    "lead_external_id",
    "source",
    "event_at",
    "reach",
    "counted",
    "retracted_at",
    "entangled",
    "remarked",
)
_RETRACTED, _WORTH = 7, 8
"""Place of `retracted_at`; how many of the fields others care for."""


def restate(session: Session, tenant: str, stories: Collection[str]) -> tuple[set[str], set[str], set[str]]:
    """Tell the standing of stories anew, and of those that they speak of or that speak of them.

    Args:
        session: Of a write.
        tenant: Whose.
        stories: Ids of those whose texts changed; one without texts is passed over.

    Returns:
        The ids of stories that are not as before, those of them that are taken back now and were not, and
        those that are new.
    """
    if not stories:
        return set(), set(), set()
    texts, remarks = _reached(session, stories)
    near = {text for text, _, _ in linked(session, [text.id for text in texts], NEAR)}
    by_story: dict[str, list[FinanceStoryText]] = {}
    for text in texts:
        by_story.setdefault(text.story_id, []).append(text)
    changed: set[str] = set()
    corrected: set[str] = set()
    created: set[str] = set()
    for id_, own in by_story.items():
        before, after = _state(session, tenant, id_, _worth(own, remarks, near))
        changed.update([id_] if before != after else [])
        corrected.update([id_] if after[_RETRACTED] and not before[_RETRACTED] else [])
        created.update([id_] if before[0] is None else [])
    return changed, corrected, created


def begun(tenant: str, text: FinanceStoryText) -> FinanceStory:
    """Return the story of a text that is like no other and that nobody speaks of."""
    worth = _worth([text], _Remarks({}, ()), ())
    values = dict(zip(_FIELDS, worth, strict=True))
    return FinanceStory(tenant_id=tenant, id=text.story_id, absorbed_into=None, **values)


def plain_lead(story: FinanceStory, text: FinanceStoryText) -> None:
    """Let a plain story begin with this text if it is earlier than its lead."""
    if order(text) < (story.event_at, story.source, story.lead_external_id):
        story.kind, story.lead_id = text.kind, text.first_id
        story.event_at, story.source, story.lead_external_id = order(text)


def _reached(session: Session, stories: Collection[str]) -> tuple[list[FinanceStoryText], _Remarks]:
    """Return the texts of these stories and of those that remarks connect with them, in order."""
    texts = of_stories(session, stories)
    links = linked(session, [text.id for text in texts], CORRECTS, CORRECTED)
    around = {text.story_id for text in by_id(session, {other for _, other, _ in links})} - set(stories)
    if around:
        texts = sorted((*texts, *of_stories(session, around)), key=order)
        links = linked(session, [text.id for text in texts], CORRECTS, CORRECTED)
    known = {text.id: text for text in texts}
    known |= {text.id: text for text in by_id(session, {other for _, other, _ in links} - known.keys())}
    return texts, _Remarks(known, links)


class _Remarks:
    """Who speaks of whom, and in time."""

    def __init__(self, texts: dict[int, FinanceStoryText], links: Iterable[tuple[int, int, str]]) -> None:
        self._texts = texts
        self._links: dict[int, list[tuple[int, str]]] = {}
        for text, other, kind in links:
            self._links.setdefault(text, []).append((other, kind))

    def any(self, texts: Iterable[FinanceStoryText]) -> bool:
        """Tell whether a text of these speaks of another or is spoken of, in time or not."""
        return any(text.id in self._links for text in texts)

    def retracted(self, texts: Iterable[FinanceStoryText]) -> datetime | None:
        """Return when the first correction or denial of these texts appeared."""
        found = (self._texts[o] for text in texts for o in self._others(text, CORRECTED))
        return min((remark.first_at for remark in found), default=None)

    def retracts(self, texts: Iterable[FinanceStoryText]) -> bool:
        """Tell whether one of these texts takes another story back."""
        return any(self._others(text, CORRECTS) for text in texts)

    def _others(self, text: FinanceStoryText, wanted: str) -> list[int]:
        return [
            other
            for other, kind in self._links.get(text.id, ())
            if kind == wanted and self._holds(text, self._texts[other], wanted)
        ]

    @staticmethod
    def _holds(text: FinanceStoryText, other: FinanceStoryText, wanted: str) -> bool:
        remark, report = (text, other) if wanted == CORRECTS else (other, text)
        timely = in_time(order(remark), order(report), denial=voids(remark.kind))
        return timely and text.story_id != other.story_id


def _worth(texts: list[FinanceStoryText], remarks: _Remarks, near: Collection[int]) -> tuple[Any, ...]:
    """Return the values of `_FIELDS`; the texts are in order."""
    lead = texts[0]
    retracted_at = remarks.retracted(texts)
    # A denial that takes nothing back is an event of its own; a retraction is none.
    denies = lead.kind == "retraction" or (lead.kind == "denial" and remarks.retracts(texts))
    return (
        lead.kind,
        lead.first_id,
        lead.first_external_id,
        lead.first_source,
        lead.first_at,
        sum(text.copies for text in texts),
        retracted_at is None and not denies,
        retracted_at,
        any(text.id in near for text in texts),
        remarks.any(texts),
    )


def _state(
    session: Session, tenant: str, id_: str, values: tuple[Any, ...]
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Write the values to the story's row; return what it was worth before and what now."""
    story = session.get(FinanceStory, (tenant, id_))
    if story is None:
        session.add(FinanceStory(id=id_, **dict(zip(_FIELDS, values, strict=True))))
        return (None,) * _WORTH, values[:_WORTH]
    before = tuple(getattr(story, field) for field in _FIELDS)
    for field, value in zip(_FIELDS, values, strict=True):
        setattr(story, field, value)
    return before[:_WORTH], values[:_WORTH]
