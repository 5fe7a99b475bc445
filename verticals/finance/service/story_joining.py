"""Moves a document between stories: out of the one it was in, into the one it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.storage.ids import new_id
from verticals.finance.policy.joining import Text
from verticals.finance.service import story_texts
from verticals.finance.service.story_desk import Desk
from verticals.finance.service.story_groups import absorb, regroup
from verticals.finance.service.story_standing import begun, plain_lead, restate
from verticals.finance.service.story_texts import CORRECTED, CORRECTS, NEAR, Neighbours
from verticals.finance.tables import FinanceDocument, FinanceStory, FinanceStoryText


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of a document, and of the stories around it.

    Attributes:
        story_id: Its story.
        created: Whether the story is new.
        absorbed: Stories that went into others; they count no more.
        corrected: Stories that are taken back now and were not before.
        changed: Every story of which lead, reach, documents or worth changed, those above included.
        compared: Number of texts that it was compared with.
    """

    story_id: str
    created: bool = False
    absorbed: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    compared: int = 0


class Joining:
    """One step: what it changes is told at its end.

    Args:
        session: Of a write.
        tenant: Whose.
        desk: Holds the texts and stories around the document.
    """

    def __init__(self, session: Session, tenant: str, desk: Desk) -> None:
        self._session = session
        self._tenant = tenant
        self._desk = desk
        self._changed: set[str] = set()
        self._created: set[str] = set()
        self._corrected: set[str] = set()
        self._compared = 0

    def leave(self, row: FinanceDocument) -> str | None:
        """Take a document out of its story; return the id of the story if that is empty now."""
        if row.story_text is None or row.story_id is None:
            return None
        story = row.story_id
        self._desk.flush()
        text = self._session.get_one(FinanceStoryText, (self._tenant, row.story_text))
        row.story_text, row.story_id = None, None
        self._session.flush()
        self._changed.add(story)
        text.copies -= 1
        if not text.copies:
            return self._remove(text, story)
        other = story_texts.earliest(self._session, text.id)
        if text.first_id == row.id and other is not None:
            _lead(text, other)
        self._session.flush()
        self._regroup({story})
        return None

    def _remove(self, text: FinanceStoryText, story: str) -> str | None:
        remarked = self._around(text, CORRECTS, CORRECTED) - {story}
        near = self._around(text, NEAR) - {story}
        story_texts.remove(self._session, text)
        self._desk.forget(text.id)
        empty = not story_texts.of_stories(self._session, {story})
        if empty:
            self._session.get_one(FinanceStory, (self._tenant, story)).reach = 0
        if near or not empty:
            self._regroup(near if empty else near | {story})
        self._restate(remarked)
        return story if empty else None

    def enter(self, row: FinanceDocument, text: Text, former: str | None) -> None:
        """Put a document into the story it belongs to.

        Args:
            row: Of no story.
            text: What joining looks at of it.
            former: A story that it left empty; it goes on if the document needs one of its own.
        """
        known = self._desk.text(text.id)
        if known is not None:
            self._repeat(row, known)
        else:
            self._add(row, text, former)
        if former is not None and row.story_id != former:
            self._desk.flush()
            absorb(self._session, self._tenant, former, str(row.story_id))

    def _repeat(self, row: FinanceDocument, text: FinanceStoryText) -> None:
        row.story_text, row.story_id = text.id, text.story_id
        self._changed.add(text.story_id)
        story = self._desk.story(text.story_id)
        text.copies += 1
        earlier = _key(row) < story_texts.order(text)
        if earlier:
            _lead(text, row)
        if story is None or (earlier and story.entangled):
            self._regroup({text.story_id})
        elif earlier and story.remarked:
            self._restate({story.id})
        else:
            story.reach += 1
            plain_lead(story, text)

    def _add(self, row: FinanceDocument, text: Text, former: str | None) -> None:
        found = self._desk.neighbours(text)
        self._compared = found.compared
        alike = {other.story_id for other, _ in found.alike}
        simple = self._simple(found, alike)
        story = alike.pop() if simple and alike else former or new_id()
        new = self._desk.add(text, row, story)
        row.story_text, row.story_id = text.id, story
        self._connect(text.id, found)
        self._changed.add(story)
        if not simple:
            self._regroup({story, *alike})
        elif not found.alike and not found.speaks_of and not found.spoken_of_by and former is None:
            self._desk.begin(begun(self._tenant, new))
            self._created.add(story)
        elif found.speaks_of or found.spoken_of_by or not self._grow(story, new):
            self._restate({story})

    def _simple(self, found: Neighbours, alike: Collection[str]) -> bool:
        """Tell whether the text goes to the one story around it, or to none, and nothing else moves."""
        if len(alike) > 1 or any(kind == NEAR for _, kind in found.alike):
            return False
        known = [self._desk.story(story) for story in alike]
        return not any(story is None or story.entangled for story in known)

    def _grow(self, story: str, text: FinanceStoryText) -> bool:
        """Add a text to a plain story without looking at its others; tell whether that was done."""
        row = self._desk.story(story)
        if row is None or row.remarked or row.reach == 0:
            return False
        row.reach += 1
        plain_lead(row, text)
        return True

    def _connect(self, text: int, found: Neighbours) -> None:
        near = [other.id for other, kind in found.alike if kind == NEAR]
        for others, kind in (
            (near, NEAR),
            ([other.id for other in found.speaks_of], CORRECTS),
            ([other.id for other in found.spoken_of_by], CORRECTED),
        ):
            story_texts.connect(self._session, self._tenant, text, others, kind)

    def _around(self, text: FinanceStoryText, *kinds: str) -> set[str]:
        links = story_texts.linked(self._session, [text.id], *kinds)
        return {row.story_id for row in story_texts.by_id(self._session, {other for _, other, _ in links})}

    def _regroup(self, stories: Iterable[str]) -> None:
        self._desk.flush()
        changed = regroup(self._session, self._tenant, set(stories))
        self._changed |= changed
        self._restate(changed | set(stories))

    def _restate(self, stories: Collection[str]) -> None:
        self._desk.flush()
        changed, corrected, created = restate(self._session, self._tenant, stories)
        self._changed |= changed
        self._created |= created
        self._corrected |= corrected
        self._session.flush()

    def done(self, row: FinanceDocument) -> Joined:
        """Return what was done; the document has its story."""
        known = {id_: self._desk.story(id_) for id_ in sorted(self._changed)}
        stories = {id_: story for id_, story in known.items() if story is not None}
        return Joined(
            story_id=str(row.story_id),
            created=row.story_id in self._created,
            absorbed=tuple(id_ for id_, story in stories.items() if story.absorbed_into is not None),
            corrected=tuple(sorted(self._corrected)),
            changed=tuple(stories),
            compared=self._compared,
        )


def settled(first: FinanceStoryText | None, row: FinanceDocument) -> bool:
    """Tell whether a document stands where it belongs already, with its time.

    Args:
        first: What is stored of the text that it has now.
        row: The document.
    """
    if first is None or row.story_id is None or row.story_text != first.id:
        return False
    if first.first_id == row.id:
        return story_texts.order(first) == _key(row)
    return story_texts.order(first) < _key(row)


def _key(row: FinanceDocument) -> tuple[datetime, str, str]:
    return row.event_at, row.source, row.external_id


def _lead(text: FinanceStoryText, row: FinanceDocument) -> None:
    text.first_at, text.first_source, text.first_external_id = _key(row)
    text.first_id = row.id
