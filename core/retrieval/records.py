"""The values of retrieval; all frozen. Offsets are code points of a document's text, the end exclusive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Kind = Literal["heading", "paragraph", "list", "table", "row", "code"]


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a text that its author set off.

    Attributes:
        kind: What it is; tables and rows are not cut where they fit into a chunk.
        heading: The headings it stands below, outermost first; a heading's own path ends with itself.
        page: From 1; None where the format has no pages.
    """

    start: int
    end: int
    kind: Kind
    heading: tuple[str, ...] = ()
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something in a document that a reader would not see, or that speaks to a machine. It is data only.

    Attributes:
        reason: E.g. `instruction`, `hidden text`, `comment`, `zero-width`, `formula`.
        start: Where it stands in the text; None where it was left out of the text.
        end: One past its last code point.
    """

    reason: str
    start: int | None = None
    end: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as the documents table keeps it."""
        if self.start is None or self.end is None:
            return {"reason": self.reason}
        return {"reason": self.reason, "start": self.start, "end": self.end}


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was read from a file.

    Attributes:
        text: The text that offsets refer to.
        blocks: In the order of the text, not overlapping, covering every character that is no blank.
        title: Given, or found in the file, or the file's name.
        lang: ISO 639-1 code, "und" where it cannot be told.
        suspicious: What was found hidden or like an instruction to a machine.
    """

    text: str
    blocks: tuple[Block, ...]
    title: str
    lang: str
    suspicious: tuple[Suspicion, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a text that is embedded, found and cited as one.

    Attributes:
        heading: The headings above it, joined by " › "; empty where there are none.
        page: The page it begins on.
    """

    start: int
    end: int
    heading: str = ""
    page: int | None = None


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A stored document without its text.

    Attributes:
        characters: Length of its text in code points.
        passages: How many passages it has.
    """

    collection: str
    id: str
    version: int
    title: str
    media_type: str
    lang: str
    sha256: str
    characters: int
    passages: int
    meta: Mapping[str, str]
    suspicious: tuple[Suspicion, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a query found.

    Attributes:
        heading: The headings above it, joined by " › ".
        title: The document's.
        text: The document's text[start:end], as it stands there.
        score: What the ranking sorted by; comparable within one answer only.
        dense: Cosine with the query; None where the vectors were not asked.
        lexical: BM25; None where the words were not asked or none was shared.
        suspicious: Whether something suspicious stands inside the passage.
    """

    passage_id: int
    document_id: str
    version: int
    start: int
    end: int
    page: int | None
    heading: str
    title: str
    text: str
    lang: str
    score: float
    dense: float | None = None
    lexical: float | None = None
    suspicious: bool = False


@dataclass(frozen=True, slots=True)
class Filters:
    """What a hit must fulfil; applied inside retrieval, before the top k are taken.

    Attributes:
        documents: Only these documents; None: all.
        lang: Only passages in this language.
        meta: Only documents whose meta holds all of these.
    """

    documents: frozenset[str] | None = None
    lang: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict)
