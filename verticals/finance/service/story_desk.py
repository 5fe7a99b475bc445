"""What a batch needs to be joined: fetched at once, held in memory, written at once.

A document that is like nothing costs no statement of its own; neither does the repetition of a plain story.
What needs the database in the middle of a batch (texts that connect stories, corrections, revised texts) asks
for `flush` first, and finds there all that was decided before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import insert, inspect, select
from sqlalchemy.orm import Session

from core.storage.tables import Base
from core.text.near import similarities
from verticals.finance.policy.joining import Text, link, speaks
from verticals.finance.policy.marks import marks, may_agree
from verticals.finance.service import story_texts
from verticals.finance.service.story_keys import WEEK, Span, searches, stored
from verticals.finance.service.story_texts import Neighbours, parts, plain
from verticals.finance.tables import FinanceDocument, FinanceStory, FinanceStoryBand, FinanceStoryText

_KEYS = 1_024
"""So many keys are looked up by one statement."""
_WEEKS = 4

Index = dict[int, list[tuple[int, int]]]
"""Day and id of the texts under each key."""
Found = tuple[set[int], set[int], set[int]]


class Desk:
    """Texts and stories around a batch.

    Args:
        session: Of a write.
        tenant: Whose.
        texts: Of all documents that will be joined.
        also: Ids of texts that these documents had before.
    """

    def __init__(
        self, session: Session, tenant: str, texts: Sequence[Text], also: Iterable[int] = ()
    ) -> None:
        self._session = session
        self._tenant = tenant
        self._rows: dict[int, FinanceStoryText] = {}
        self._plain: dict[int, Text] = {}
        self._stories: dict[str, FinanceStory] = {}
        self._stored: Index = defaultdict(list)
        self._fresh: Index = defaultdict(list)
        self._marks: dict[int, int] = {}
        self._candidates: dict[int, Found] = {}
        self._new: list[FinanceStory | FinanceStoryText] = []
        self._bands: list[dict[str, Any]] = []
        with session.no_autoflush:
            self._load(texts, also)

    def _load(self, texts: Sequence[Text], also: Iterable[int]) -> None:
        self._look_up(span for text in texts for span in searches(text))
        self._candidates = {text.id: self._under(text, self._stored) for text in texts}
        found = {id_ for three in self._candidates.values() for ids in three for id_ in ids}
        for row in story_texts.by_id(self._session, {*self._candidates, *also, *found}):
            self._rows[row.id] = row
        for part in parts(sorted({row.story_id for row in self._rows.values()})):
            for story in self._session.scalars(select(FinanceStory).where(FinanceStory.id.in_(part))):
                self._stories[story.id] = story

    def _look_up(self, spans: Iterable[Span]) -> None:
        """Fetch what stands under the keys, a few weeks at a time; a key's own days are looked at later."""
        wanted: dict[int, set[int]] = defaultdict(set)
        for span in spans:
            for week in range(span.first // WEEK, span.last // WEEK + 1):
                wanted[week].update(span.bands)
        for weeks in parts(sorted(wanted), _WEEKS):
            for bands in parts(sorted(set().union(*(wanted[week] for week in weeks))), _KEYS):
                query = select(
                    FinanceStoryBand.band,
                    FinanceStoryBand.day,
                    FinanceStoryBand.text_id,
                    FinanceStoryBand.marks,
                ).where(FinanceStoryBand.week.in_(weeks), FinanceStoryBand.band.in_(bands))
                for band, day, text, marked in self._session.execute(query):
                    self._stored[band].append((day, text))
                    self._marks[text] = marked

    def _under(self, text: Text, index: Index) -> Found:
        """Return the texts found by each of the `searches`; of those alike, the ones that may agree."""
        alike, said, asked = (
            {id_ for band in span.bands for day, id_ in index.get(band, ()) if span.first <= day <= span.last}
            for span in searches(text)
        )
        own = marks(text.facts, text.companies)
        return {id_ for id_ in alike if may_agree(own, self._marks[id_])}, said, asked

    def text(self, id_: int) -> FinanceStoryText | None:
        """Return a text by its id, if a document has it."""
        return self._rows.get(id_)

    def story(self, id_: str) -> FinanceStory | None:
        """Return a story by its id."""
        if id_ not in self._stories:
            found = self._session.get(FinanceStory, (self._tenant, id_))
            if found is None:
                return None
            self._stories[id_] = found
        return self._stories[id_]

    def neighbours(self, text: Text) -> Neighbours:
        """Return the texts around one that is not stored yet."""
        known = self._candidates.get(text.id) or self._under(text, self._stored)
        both = zip(known, self._under(text, self._fresh), strict=True)
        alike, said, asked = (self._found(before | now) for before, now in both)
        shares = similarities(text.signature, [row.signature for row in alike]) if alike else []
        links = [
            (row, link(text, self._as_text(row), share)) for row, share in zip(alike, shares, strict=True)
        ]
        return Neighbours(
            alike=tuple((row, kind) for row, kind in links if kind is not None),
            speaks_of=tuple(row for row in said if speaks(text, self._as_text(row))),
            spoken_of_by=tuple(row for row in asked if speaks(self._as_text(row), text)),
            compared=len(alike) + len(said) + len(asked),
        )

    def _found(self, ids: set[int]) -> list[FinanceStoryText]:
        return [self._rows[id_] for id_ in sorted(ids) if id_ in self._rows]

    def _as_text(self, row: FinanceStoryText) -> Text:
        if row.id not in self._plain:
            self._plain[row.id] = plain(row)
        return self._plain[row.id]

    def add(self, text: Text, document: FinanceDocument, story: str) -> FinanceStoryText:
        """Store a new text with its keys; at the latest by `finish`."""
        row = FinanceStoryText(
            tenant_id=self._tenant,
            id=text.id,
            story_id=story,
            day=text.day,
            kind=text.kind,
            headline=text.headline,
            signature=text.signature,
            facts=sorted(text.facts),
            denied=sorted(text.denied),
            companies=sorted(text.companies),
            copies=1,
            first_at=document.event_at,
            first_source=document.source,
            first_external_id=document.external_id,
            first_id=document.id,
        )
        self._rows[text.id], self._plain[text.id] = row, text
        self._new.append(row)
        self._marks[text.id] = marks(text.facts, text.companies)
        for band in stored(text):
            self._fresh[band].append((text.day, text.id))
            self._bands.append(
                {
                    "tenant_id": self._tenant,
                    "week": text.day // WEEK,
                    "band": band,
                    "text_id": text.id,
                    "day": text.day,
                    "marks": self._marks[text.id],
                }
            )
        return row

    def begin(self, story: FinanceStory) -> None:
        """Store a new story; at the latest by `finish`."""
        self._stories[story.id] = story
        self._new.append(story)

    def forget(self, text: int) -> None:
        """Find a text no more that was removed from the database."""
        self._rows.pop(text, None)
        self._plain.pop(text, None)

    def flush(self) -> None:
        """Write what is waiting; the session knows it from now on."""
        self._session.add_all(self._new)
        self._new = []
        self._write_bands()
        self._session.flush()

    def finish(self) -> None:
        """Write what is waiting, past the session: nobody will look at these objects again."""
        self._session.flush()
        for table in (FinanceStory, FinanceStoryText):
            rows = [_values(each) for each in self._new if isinstance(each, table)]
            if rows:
                self._session.connection().execute(insert(table), rows)
        self._new = []
        self._write_bands()

    def _write_bands(self) -> None:
        if self._bands:
            self._session.connection().execute(insert(FinanceStoryBand), self._bands)
        self._bands = []


def _values(row: Base) -> dict[str, Any]:
    return {attribute.key: getattr(row, attribute.key) for attribute in inspect(type(row)).column_attrs}
