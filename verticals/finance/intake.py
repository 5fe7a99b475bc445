"""Maps a connector's Record to a story; pure, so that a feed can be replayed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.errors import FieldError, InvalidInput
from core.records import Record
from core.text.language import code_of
from core.text.shorten import shortened
from core.text.types import fault
from verticals.finance.schemas.closed import EARLIEST, LATEST, MAX_EXTERNAL_ID, MAX_SOURCE

_TITLES = ("title", "headline")
_BODIES = ("content", "text", "summary", "body", "description")
_TIMES = ("published_at", "time", "datetime", "published", "date", "timestamp")
_REVISIONS = ("revised_at", "updated_at", "updated", "modified")
_DAY = re.compile(r"(\d{4})(?:-|/|年)(\d{1,2})(?:-|/|月)(\d{1,2})日?\Z")


@dataclass(frozen=True, slots=True)
class Story:
    """One text of the news or of social media.

    Attributes:
        text: Headline and body, as they came.
        lang: ISO 639 code where the source tells it; a tag such as zh-Hans-CN is cut to it.
        published_at: When it appeared, with a zone.
        day: The date it bears, where its source says no more than that.
        revised_at: When this wording replaced an earlier one, with a zone; None for a first wording.
    """

    text: str
    lang: str | None = None
    published_at: datetime | None = None
    day: date | None = None
    revised_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A story with the identity it has at its source."""

    source: str
    external_id: str
    story: Story


def document(record: Record) -> Document:
    """Return a record as a document; an id that is too long is cut so that it stays one identity.

    Raises:
        InvalidInput: see `story`; or its source or id is none that can be kept.
    """
    if len(record.source) > MAX_SOURCE:
        found = f"has a source of {len(record.source)} characters; at most {MAX_SOURCE} are kept"
        raise _faulty(record, found, "Give its connection a shorter name.")
    for name, value in (("a source", record.source), ("an id", record.external_id)):
        if wrong := fault(value):
            raise _faulty(record, f"has {name} that {wrong}", "Mend it at its source.")
    return Document(record.source, shortened(record.external_id, MAX_EXTERNAL_ID), story(record))


def story(record: Record) -> Story:
    """Return the story in a record: its title, and its body behind it on a line of its own.

    Raises:
        InvalidInput: the record has neither, or a time of it has no zone.
    """
    parts = [part for names in (_TITLES, _BODIES) if (part := _first(record.payload, names))]
    if len(parts) == 2 and parts[1].startswith(parts[0]):
        parts = parts[1:]  # many feeds repeat the title as the beginning of the body
    if not parts:
        raise _faulty(record, "has no text", f"Give it one of {', '.join(_TITLES + _BODIES)}.")
    revised = record.revised_at or _revised(record.payload)
    for told in filter(None, (record.published_at, revised)):
        if told.tzinfo is None:
            raise _faulty(record, "has a time without a zone", "Configure the zone of its source.")
        if not EARLIEST <= told < LATEST:
            raise _faulty(record, f"has the time {told.isoformat()}", "Give a time of 1900 to 2199.")
    lang = code_of(_first(record.payload, ("lang", "language")))
    day = None if record.published_at is not None else _day(record.payload)
    return Story("\n".join(parts), lang, record.published_at, day, revised)


def _day(payload: Mapping[str, Any]) -> date | None:
    """Return the bare date in a record that tells no moment."""
    found = _DAY.match(unicodedata.normalize("NFKC", _first(payload, _TIMES)))
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        return None
    return day if day is None or EARLIEST.date() <= day < LATEST.date() else None


def _revised(payload: Mapping[str, Any]) -> datetime | None:
    """Return when the wording was revised, where only the payload says; without a zone it tells nothing."""
    for name in _REVISIONS:
        value = payload.get(name)
        try:
            told = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            continue
        if isinstance(told, datetime) and told.tzinfo is not None:
            return told
    return None


def _first(payload: Mapping[str, Any], names: Iterable[str]) -> str:
    for name in names:
        value = payload.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def _faulty(record: Record, fault: str, remedy: str) -> InvalidInput:
    named = f"{shortened(record.source, MAX_SOURCE)}:{shortened(record.external_id, MAX_EXTERNAL_ID)}"
    where = named.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
    return InvalidInput(f"The record {where} {fault}.", remedy=remedy, errors=[FieldError(where, fault)])
