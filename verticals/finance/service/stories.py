"""The use case: find the story of a document; look at stories.

The same documents make the same stories in any order of arrival: which are joined, the lead, the reach and
what was taken back are functions of the documents that are known, not of when they came. Only the ids of
stories tell of that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.storage.engine import Storage
from verticals.finance.policy.joining import Text, prepare, read
from verticals.finance.service.story_desk import Desk
from verticals.finance.service.story_joining import Joined, Joining, settled
from verticals.finance.service.story_keys import newest, prune
from verticals.finance.service.story_texts import MOMENT
from verticals.finance.tables import FinanceDocument, FinanceStory, FinanceStoryText

LATENESS = timedelta(days=30)
"""Documents that come so late are joined like those that come at once, see `Stories.prune`."""

__all__ = ["LATENESS", "Joined", "Stories", "StoryDocument", "StoryView"]


@dataclass(frozen=True, slots=True)
class StoryView:
    """A story as it stands.

    Attributes:
        lead: Id of its earliest document.
        headline: Of the lead, without agency tags.
        reach: Number of its documents.
        counted: Whether it counts in trends.
        retracted_at: When the first correction or denial of it appeared.
    """

    id: str
    kind: str
    lead: str
    headline: str
    source: str
    event_at: datetime
    reach: int
    counted: bool
    retracted_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoryDocument:
    """A document of a story."""

    id: str
    source: str
    external_id: str
    text: str
    lang: str
    event_at: datetime
    published_at: datetime | None
    first_seen_at: datetime
    revised_at: datetime | None


class Stories:
    """A tenant's stories.

    Args:
        storage: Where they are kept.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @staticmethod
    def prepare(texts: Iterable[str]) -> None:
        """Do the costly part of joining these texts beforehand, outside of a write; it is remembered."""
        for text in texts:
            prepare(text)

    @staticmethod
    def join(session: Session, tenant: str, row: FinanceDocument, entities: Collection[str]) -> Joined:
        """Find the story of a document; call it in the write that stores what was read in the document.

        Sets the document's `story_id` and `story_text`. A document whose text, time or companies changed
        leaves its former story first; done again without a change, it does nothing.

        Args:
            session: Of a write.
            tenant: Whose.
            row: The document, with its times; it has been flushed.
            entities: Ids of the companies that it names.
        """
        return Stories.join_all(session, tenant, [(row, entities)])[0]

    @staticmethod
    def join_all(
        session: Session, tenant: str, documents: Sequence[tuple[FinanceDocument, Collection[str]]]
    ) -> list[Joined]:
        """Find the stories of documents one after the other; see `join`.

        Texts around them are fetched at once, and what is new is written at once.

        Args:
            session: Of a write; it is flushed.
            tenant: Whose.
            documents: Each with the ids of the companies that it names; no document twice.

        Returns:
            What became of each, in their order; a later one may have moved an earlier one on.
        """
        if session.new:  # a document gets its times when it is flushed
            session.flush()
        texts = [read(row.text, row.event_at, entities) for row, entities in documents]
        desk = Desk(session, tenant, texts, [row.story_text for row, _ in documents if row.story_text])
        found = [
            _joined(session, tenant, desk, row, text) for (row, _), text in zip(documents, texts, strict=True)
        ]
        desk.finish()
        return found

    def prune(self, tenant: str, before: datetime | None = None) -> int:
        """Forget the keys by which texts long past are found.

        A document of event time `before` or later is joined as if nothing had been forgotten. An older one
        that comes yet finds the documents of its own text and day, and texts of which the keys are left.

        Args:
            tenant: Whose.
            before: By default `LATENESS` before the newest story, so that a backfill that goes from the past
                to the present is not disturbed, and the clock plays no part.

        Returns:
            How many keys were deleted.
        """
        with self._storage.read(tenant) as session:
            known = newest(session)
        if known is None:
            return 0
        moment = before or known - LATENESS
        return self._storage.write(tenant, lambda session: prune(session, moment))

    def view(self, tenant: str, story_id: str) -> StoryView:
        """Return a story; that of an absorbed one is the story that took it over.

        Raises:
            NotFound: the tenant has no such story.
        """
        with self._storage.read(tenant) as session:
            story = _story(session, tenant, story_id)
            query = select(FinanceStoryText).where(FinanceStoryText.story_id == story.id)
            lead = session.scalar(query.where(FinanceStoryText.first_id == story.lead_id))
            return StoryView(
                id=story.id,
                kind=story.kind,
                lead=story.lead_id,
                headline=lead.headline if lead is not None else "",
                source=story.source,
                event_at=story.event_at,
                reach=story.reach,
                counted=story.counted,
                retracted_at=story.retracted_at,
            )

    def documents(self, tenant: str, story_id: str, *, limit: int = 1_000) -> Sequence[StoryDocument]:
        """Return the documents of a story, the earliest first.

        Raises:
            NotFound: the tenant has no such story.
        """
        with self._storage.read(tenant) as session:
            story = _story(session, tenant, story_id)
            query = select(FinanceDocument).where(FinanceDocument.story_id == story.id).limit(limit)
            order = (MOMENT, FinanceDocument.source, FinanceDocument.external_id)
            return [_document(row) for row in session.scalars(query.order_by(*order))]


def _joined(session: Session, tenant: str, desk: Desk, row: FinanceDocument, text: Text) -> Joined:
    if settled(desk.text(text.id), row):
        return Joined(str(row.story_id))
    joining = Joining(session, tenant, desk)
    former = joining.leave(row)
    joining.enter(row, text, former)
    return joining.done(row)


def _story(session: Session, tenant: str, story_id: str) -> FinanceStory:
    story = session.get(FinanceStory, (tenant, story_id))
    while story is not None and story.absorbed_into is not None:
        story = session.get(FinanceStory, (tenant, story.absorbed_into))
    if story is None:
        raise NotFound(f"There is no story {story_id!r}.", remedy="List the stories of the tenant.")
    return story


def _document(row: FinanceDocument) -> StoryDocument:
    return StoryDocument(
        id=row.id,
        source=row.source,
        external_id=row.external_id,
        text=row.text,
        lang=row.lang,
        event_at=row.event_at,
        published_at=row.published_at,
        first_seen_at=row.first_seen_at,
        revised_at=row.revised_at,
    )
