"""Bodies of the document and search routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from core.text.types import SafeText
from verticals.service.schemas.closed import MAX_CHARS, Closed, DocumentId, Message, Name

Mode = Literal["hybrid", "lexical", "dense"]
Meta = Annotated[
    dict[Annotated[SafeText, Field(min_length=1, max_length=64)], Annotated[SafeText, Field(max_length=400)]],
    Field(max_length=32, description="Texts to filter by, e.g. company or region."),
]
MOST_HITS = 100


class _Content(Closed):
    title: Annotated[Name | None, Field(description="Default: the file's own.")] = None
    text: Annotated[
        SafeText | None, Field(max_length=16 * MAX_CHARS, description="Plain text or Markdown.")
    ] = None
    content_base64: Annotated[str | None, Field(description="The bytes of a file.")] = None
    filename: Annotated[Name | None, Field(description="Its ending tells the format.")] = None
    media_type: Annotated[SafeText | None, Field(max_length=200)] = None
    meta: Meta = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        if (self.text is None) == (self.content_base64 is None):
            raise ValueError("give either text or content_base64")
        if self.content_base64 is not None and self.filename is None and self.media_type is None:
            raise ValueError("content_base64 needs a filename or a media_type")
        return self


class DocumentPut(_Content):
    """A document, whole: it takes the place of what was there."""


class DocumentIn(_Content):
    """A document; without an id it gets one."""

    id: DocumentId | None = None


class SuspicionOut(Closed):
    """Something hidden in a document, or an instruction to a machine, and where it stands in its text."""

    reason: str
    start: int | None = None
    end: int | None = None


class DocumentOut(Closed):
    """A stored document without its text."""

    id: str
    version: int
    title: str
    media_type: str
    lang: str
    sha256: str
    characters: int
    passages: int
    meta: dict[str, str]
    suspicious: list[SuspicionOut]
    created_at: datetime
    updated_at: datetime


class DocumentWithText(DocumentOut):
    """A stored document with the text that offsets refer to."""

    text: str


class QueuedOut(Closed):
    """A document that a job reads; `GET /v1/jobs/{job_id}` tells when it can be found."""

    id: str
    job_id: str


class FiltersIn(Closed):
    """What a hit must fulfil."""

    documents: Annotated[list[DocumentId] | None, Field(max_length=1000)] = None
    lang: Annotated[str | None, Field(pattern=r"^[a-z]{2,3}$")] = None
    meta: Meta = Field(default_factory=dict)


class SearchIn(Closed):
    """A question to the documents."""

    query: Message
    k: Annotated[int, Field(ge=1, le=MOST_HITS)] = 10
    filters: FiltersIn = FiltersIn()
    mode: Mode = "hybrid"


class HitOut(Closed):
    """A passage; `text` is the document's text from `start` to `end`, in code points, end exclusive."""

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
    suspicious: bool


class SearchOut(Closed):
    """Passages, the best first."""

    data: list[HitOut]
