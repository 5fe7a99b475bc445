"""Quotes of documents as they stand now: those of a version that is gone have no words any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.records import Citation
from core.retrieval.tables import Document


@dataclass(frozen=True, slots=True)
class Quote:
    """A citation as it is shown; without words and title where its version of the document is gone."""

    document_id: str
    version: int
    start: int
    end: int
    quote: str | None
    page: int | None
    title: str | None


def kept(citation: Citation) -> dict[str, Any]:
    """Return what is stored of a citation: where it stands, not what it says."""
    place = asdict(citation)
    return {name: place[name] for name in ("document_id", "version", "start", "end", "page")}


def shown(citation: Citation) -> Quote:
    """Return a citation of this moment."""
    return Quote(**asdict(citation))


def recalled(session: Session, collection: str, places: Sequence[Mapping[str, Any]]) -> list[Quote]:
    """Return stored citations with their words, as far as their documents are still of that version."""
    return [_recall(session, collection, place) for place in places]


def _recall(session: Session, collection: str, place: Mapping[str, Any]) -> Quote:
    start, end = int(place["start"]), int(place["end"])
    words = func.substr(Document.text, start + 1, end - start)
    row = session.execute(
        select(words, Document.title).where(
            Document.collection == collection,
            Document.id == place["document_id"],
            Document.version == place["version"],
        )
    ).one_or_none()
    quote, title = (None, None) if row is None else row
    return Quote(place["document_id"], place["version"], start, end, quote, place["page"], title)
