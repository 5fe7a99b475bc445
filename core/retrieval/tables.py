"""Documents and their passages. The database is the truth; every index is a cache that can be made again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables import Base, TenantScoped
from core.storage.types import now


class Collection(TenantScoped, Base):
    """A set of documents that is searched together.

    Attributes:
        generation: Raised by one in the transaction of every change of its documents.
        next_passage: The id of the next passage; ids are never used twice.
    """

    __tablename__ = "collections"

    collection: Mapped[str] = mapped_column(String(64), primary_key=True)
    generation: Mapped[int] = mapped_column(Integer, default=0)
    next_passage: Mapped[int] = mapped_column(Integer, default=1)


class Document(TenantScoped, Base):
    """The current version of a document; the texts of older versions are gone.

    Attributes:
        version: From 1, counts up with every change, also past a deletion.
        sha256: Of the bytes that were sent.
        request: Digest of all that the version was made from: bytes, names, title, meta, encoder, parser.
        text: What was read from the bytes; offsets of passages and citations are code points of it.
        suspicious: What looked like hidden text or instructions: `{"reason", "start"?, "end"?}`.
    """

    __tablename__ = "documents"

    collection: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(500))
    media_type: Mapped[str] = mapped_column(String(100))
    lang: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[str] = mapped_column(String(64))
    request: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    meta: Mapped[dict[str, Any]] = mapped_column(default=dict)
    suspicious: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Passage(TenantScoped, Base):
    """A piece of a document's text with its vector.

    Attributes:
        id: Unique in its collection, never used again.
        ordinal: Its place among the passages of the document, from 0.
        start: First code point in the document's text.
        end: One past the last.
        page: Page it begins on, from 1; None where the format has no pages.
        heading: The headings above it, joined by " › ".
        vector: Little-endian float16 unit vector.
        encoder: Fingerprint of the encoder that made the vector.
        generation: The collection's generation that it came with.
    """

    __tablename__ = "passages"
    __table_args__ = (
        Index(None, "tenant_id", "collection", "document_id"),
        Index(None, "tenant_id", "collection", "generation"),
    )

    collection: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    document_id: Mapped[str] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(Integer)
    ordinal: Mapped[int] = mapped_column(Integer)
    start: Mapped[int] = mapped_column(Integer)
    end: Mapped[int] = mapped_column(Integer)
    page: Mapped[int | None] = mapped_column(Integer)
    heading: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    lang: Mapped[str] = mapped_column(String(8))
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    encoder: Mapped[str] = mapped_column(String(64))
    generation: Mapped[int] = mapped_column(Integer)


class Removal(TenantScoped, Base):
    """A passage that is gone, so that an index can catch up without reading everything.

    Attributes:
        generation: The collection's generation that it went with.
        document_id: Whose passage it was; a document put again after a deletion counts its versions on.
    """

    __tablename__ = "passage_removals"
    __table_args__ = (
        Index(None, "tenant_id", "collection", "generation"),
        Index(None, "tenant_id", "collection", "document_id"),
    )

    collection: Mapped[str] = mapped_column(String(64), primary_key=True)
    passage_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    generation: Mapped[int] = mapped_column(Integer)
    document_id: Mapped[str] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(Integer)
