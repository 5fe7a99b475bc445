"""One transaction that takes documents: what is known, what is new, what is a revision.

Plain statements on the tables, not mapped objects: this runs for every request on the one thread that writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from core.storage.ids import new_id
from core.storage.types import canonical_json
from core.text.language import detect
from verticals.finance.intake import Document, Story
from verticals.finance.policy.counting import when
from verticals.finance.policy.revising import changes, told
from verticals.finance.tables import FinanceDocument

_MANY = 512
"""So many ids stand in one statement."""
_TABLE = cast(Table, FinanceDocument.__table__)
_KEPT = ("sha256", "text", "published_at", "first_seen_at", "revised_at", "told_at")
_KNOWN = select(_TABLE.c.source, _TABLE.c.external_id, *(_TABLE.c[name] for name in _KEPT)).where(
    _TABLE.c.tenant_id == bindparam("tenant"),
    _TABLE.c.source == bindparam("of"),
    _TABLE.c.external_id.in_(bindparam("ids", expanding=True)),
)
_REVISE = update(_TABLE).where(
    _TABLE.c.tenant_id == bindparam("tenant"),
    _TABLE.c.source == bindparam("of"),
    _TABLE.c.external_id == bindparam("known_as"),
)

Status = Literal["accepted", "duplicate", "rejected"]
Key = tuple[str, str]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of one row: accepted, duplicate or rejected; with the reason where there is one."""

    status: Status
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A document with what can be told of it before the write.

    Attributes:
        document: It.
        lang: Said by its source, or detected.
        digest: Of text, language and time.
    """

    document: Document
    lang: str
    digest: str

    @classmethod
    def of(cls, document: Document) -> Given:
        """Look at a document."""
        story = document.story
        return cls(document, story.lang or detect(story.text), _digest(story))

    @property
    def key(self) -> Key:
        """Its identity within the tenant."""
        return self.document.source, self.document.external_id


class Taking:
    """One transaction that takes documents.

    Args:
        session: Of the write.
        tenant: The session's.
        given: All that it will be given.
        now: When they are seen.
    """

    def __init__(self, session: Session, tenant: str, given: Sequence[Given], now: datetime) -> None:
        self._session = session
        self._tenant = tenant
        self._now = now
        self._known = _known(session, tenant, {each.key for each in given})
        self._new: list[Row] = []
        self._revised: dict[Key, Row] = {}

    def one(self, given: Given, *, live: bool, arrived: bool, observed: bool) -> Intake:
        """Take one document, or tell why not; `store` writes it.

        Args:
            given: The document.
            live: See `Documents.take`.
            arrived: Whether the present moment tells something of when it appeared.
            observed: See `Documents.take`.
        """
        known, revised_at = self._known.get(given.key), given.document.story.revised_at
        if known is None:
            self._known[given.key] = row = self._row(given, live, arrived)
            self._new.append(row)
            return Intake("accepted")
        if observed:
            return self._observe(given, known)
        if known["sha256"] == given.digest:
            return Intake("duplicate", "known already")
        if revised_at is None:
            return Intake("duplicate", "another text is known under this source and external_id")
        if known["revised_at"] is not None and revised_at <= known["revised_at"]:
            return Intake("duplicate", "a later revision is known already")
        changed = {"text": given.document.story.text, "revised_at": revised_at, "told_at": revised_at}
        return self._change(given, known, changed)

    def _observe(self, given: Given, known: Row) -> Intake:
        changed = changes(known, given.document.story, self._now)
        if not changed:
            same = given.document.story.text == known["text"]
            return Intake("duplicate", "known already" if same else "a later revision is known already")
        return self._change(given, known, changed)

    def _change(self, given: Given, known: Row, changed: Row) -> Intake:
        """Note what becomes of a known document; it is read anew where that says or counts something else."""
        if "text" in changed:
            changed |= {"sha256": given.digest, "lang": given.lang}
        anew = "text" in changed or "published_at" in changed
        if anew:
            changed["read_at"] = None
        known.update(changed)
        if "id" not in known:  # it stands in the database; a new row is inserted with what it became
            self._revised[given.key] = self._revised.get(given.key, {}) | changed
        if not anew:
            return Intake("duplicate", "known already")
        return Intake("accepted", "a revision of what was known")

    def _row(self, given: Given, live: bool, arrived: bool) -> Row:
        story = given.document.story
        counted_at, dated = when(story.published_at, story.day, self._now, arrived=arrived)
        return {
            "tenant_id": self._tenant,
            "id": new_id(),
            "source": given.document.source,
            "external_id": given.document.external_id,
            "text": story.text,
            "sha256": given.digest,
            "lang": given.lang,
            "published_at": story.published_at,
            "first_seen_at": self._now,
            "revised_at": story.revised_at,
            "told_at": told(story, self._now),
            "counted_at": counted_at,
            "dated": dated,
            "live": live,
            "read_at": None,
        }

    def store(self) -> None:
        """Write what was taken."""
        connection = self._session.connection()
        if self._new:
            connection.execute(insert(_TABLE), self._new)
        for (source, external_id), changed in self._revised.items():
            which = {"tenant": self._tenant, "of": source, "known_as": external_id}
            connection.execute(_REVISE.values(changed), which)


def _known(session: Session, tenant: str, keys: Iterable[Key]) -> dict[Key, Row]:
    wanted: dict[str, list[str]] = defaultdict(list)
    for source, external_id in sorted(keys):
        wanted[source].append(external_id)
    found: dict[Key, Row] = {}
    connection = session.connection()
    for source, ids in wanted.items():
        for start in range(0, len(ids), _MANY):
            asked = {"tenant": tenant, "of": source, "ids": _padded(ids[start : start + _MANY])}
            for row in connection.execute(_KNOWN, asked):
                found[row.source, row.external_id] = {name: getattr(row, name) for name in _KEPT}
    return found


def _padded(ids: list[str]) -> list[str]:
    """Fill up to a power of two with the last: a few statements in all, so that their texts stay cached."""
    return ids + ids[-1:] * ((1 << (len(ids) - 1).bit_length()) - len(ids))


def _digest(story: Story) -> str:
    published = story.published_at.isoformat() if story.published_at else story.day and story.day.isoformat()
    return sha256(canonical_json([story.text, story.lang, published]).encode()).hexdigest()
