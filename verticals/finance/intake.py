"""Maps a connector's Record to a story; pure, so that a feed can be replayed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import FieldError, InvalidInput
from core.records import Record

_TITLES = ("title", "headline")
_BODIES = ("content", "text", "summary", "body", "description")


@dataclass(frozen=True, slots=True)
class Story:
    """One text of the news or of social media.

    Attributes:
        text: Headline and body, as they came.
        lang: ISO 639 code where the source tells it.
        published_at: When it appeared, with a zone.
    """

    text: str
    lang: str | None = None
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A story with the identity it has at its source."""

    source: str
    external_id: str
    story: Story


def document(record: Record) -> Document:
    """Return a record as a document.

    Raises:
        InvalidInput: see `story`.
    """
    return Document(record.source, record.external_id, story(record))


def story(record: Record) -> Story:
    """Return the story in a record: its title, and its body behind it on a line of its own.

    Raises:
        InvalidInput: the record has neither, or its time has no zone.
    """
    parts = [part for names in (_TITLES, _BODIES) if (part := _first(record.payload, names))]
    if len(parts) == 2 and parts[1].startswith(parts[0]):
        parts = parts[1:]  # many feeds repeat the title as the beginning of the body
    if not parts:
        raise _faulty(record, "has no text", f"Give it one of {', '.join(_TITLES + _BODIES)}.")
    if record.published_at is not None and record.published_at.tzinfo is None:
        raise _faulty(record, "has a time without a zone", "Configure the zone of its source.")
    return Story("\n".join(parts), _first(record.payload, ("lang", "language")) or None, record.published_at)


def _first(payload: Mapping[str, Any], names: Iterable[str]) -> str:
    for name in names:
        value = payload.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def _faulty(record: Record, fault: str, remedy: str) -> InvalidInput:
    where = f"{record.source}:{record.external_id}"
    return InvalidInput(f"The record {where} {fault}.", remedy=remedy, errors=[FieldError(where, fault)])
