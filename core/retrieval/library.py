"""The documents of all tenants: put, read, listed and deleted, each as a whole or not at all.

Reading and encoding take seconds and happen before the transaction; the transaction looks whether the
document is still the one it was, swaps text and passages, and raises the collection's generation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from core.errors import FieldError, InvalidInput, PayloadTooLarge
from core.inference.reading import as_text
from core.ports import Encoder
from core.records import Example
from core.retrieval import documents
from core.retrieval.chunk import chunk
from core.retrieval.documents import Address, Prepared
from core.retrieval.parse import MEDIA_TYPES, PARSER, format_of, parse
from core.retrieval.records import Chunk, DocumentInfo, Parsed
from core.retrieval.tables import Document
from core.storage.engine import Storage
from core.storage.types import canonical_json
from core.text.language import UNDETERMINED, detect
from core.text.types import fault

MAX_BYTES = 64 * 2**20
"""Largest file of a document, by default."""
_BATCH = 256
_COLLECTION = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_DOCUMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,119}")
_MOST_META, _LONGEST_KEY, _LONGEST_VALUE = 32, 64, 400


class Library:
    """Documents in collections.

    Args:
        storage: Where they are.
        encoder: Makes the vectors of passages.
        max_bytes: Larger files are refused.
    """

    def __init__(self, storage: Storage, encoder: Encoder, *, max_bytes: int = MAX_BYTES) -> None:
        self._storage = storage
        self._encoder = encoder
        self._max_bytes = max_bytes

    def put(
        self,
        tenant: str,
        collection: str,
        document_id: str,
        data: bytes,
        *,
        filename: str,
        media_type: str | None = None,
        title: str | None = None,
        meta: Mapping[str, str] | None = None,
        actor: str,
    ) -> DocumentInfo:
        """Store a document or its next version; the same again, made by the same encoder, changes nothing.

        Args:
            tenant: Whose it is.
            collection: `[a-z0-9][a-z0-9_.-]*`, up to 64; made when its first document comes.
            document_id: `[A-Za-z0-9][A-Za-z0-9._:-]*`, up to 120.
            data: The file.
            filename: Tells the format, and the title where there is no other.
            media_type: As the client declared it.
            title: Shown with citations; default: the file's own.
            meta: Texts to filter by.
            actor: For the audit.

        Raises:
            InvalidInput: a name, the meta or the file is wrong; see `core.retrieval.parse.parse`.
            PayloadTooLarge: the file or its text is too large.
            Conflict: the document was replaced or deleted while this was being read; nothing was changed.
        """
        _check_names(collection, document_id)
        kept = _checked_meta(meta or {})
        if len(data) > self._max_bytes:
            raise PayloadTooLarge(
                f"The document has {len(data):,} bytes; {self._max_bytes:,} are taken.", remedy="Split it."
            )
        at = Address(tenant, collection, document_id)
        digest, kind = sha256(data).hexdigest(), MEDIA_TYPES[format_of(data, filename, media_type)]
        request = self._request(digest, filename, kind, title, kept)
        with self._storage.read(tenant) as session:
            known = documents.find(session, at)
            if known is not None and documents.request_of(session, at) == request:
                return known
            standing = documents.last_version(session, at)
        parsed = parse(data, filename=filename, media_type=media_type, title=title)
        columns = {"sha256": digest, "media_type": kind, "request": request, "meta": kept, **_columns(parsed)}
        prepared = Prepared(columns, self._passages(parsed))
        return self._storage.write(
            tenant, lambda session: documents.swap(session, at, prepared, standing, actor)
        )

    def get(self, tenant: str, collection: str, document_id: str) -> DocumentInfo:
        """Return what is known of a document.

        Raises:
            NotFound: this tenant has none of this id in this collection.
        """
        at = Address(tenant, collection, document_id)
        with self._storage.read(tenant) as session:
            found = documents.find(session, at)
        if found is None:
            raise at.absent()
        return found

    def text(self, tenant: str, collection: str, document_id: str) -> str:
        """Return the text that passages and citations refer to.

        Raises:
            NotFound: this tenant has none of this id in this collection.
        """
        at = Address(tenant, collection, document_id)
        mine = (Document.tenant_id == tenant, Document.collection == collection, Document.id == document_id)
        with self._storage.read(tenant) as session:
            found = session.scalar(select(Document.text).where(*mine))
        if found is None:
            raise at.absent()
        return found

    def list(
        self, tenant: str, collection: str, *, cursor: str | None = None, limit: int = 50
    ) -> Sequence[DocumentInfo]:
        """Return up to `limit` documents in the order of their ids, those after the id `cursor`.

        A collection that does not exist has none.
        """
        with self._storage.read(tenant) as session:
            return documents.page_of(session, tenant, collection, cursor, limit)

    def delete(self, tenant: str, collection: str, document_id: str, *, actor: str) -> None:
        """Delete a document with all its passages; the next query does not find it.

        Raises:
            NotFound: this tenant has none of this id in this collection.
        """
        at = Address(tenant, collection, document_id)
        self._storage.write(tenant, lambda session: documents.remove(session, at, actor))

    def _request(self, *parts: Any) -> str:
        made_by = (self._encoder.fingerprint, PARSER)
        return sha256(canonical_json([*parts, *made_by]).encode()).hexdigest()

    def _passages(self, parsed: Parsed) -> Sequence[Mapping[str, Any]]:
        pieces = chunk(parsed)
        found = []
        for first in range(0, len(pieces), _BATCH):
            batch = pieces[first : first + _BATCH]
            vectors = self._encoder.encode([_embedded(parsed, piece) for piece in batch], role="passage")
            halves = vectors.astype("<f2")
            found += [
                _passage(parsed, piece, half.tobytes(), self._encoder.fingerprint)
                for piece, half in zip(batch, halves, strict=True)
            ]
        return found


def _columns(parsed: Parsed) -> dict[str, Any]:
    return {
        "title": parsed.title,
        "lang": parsed.lang,
        "text": parsed.text,
        "suspicious": [found.as_json() for found in parsed.suspicious],
    }


def _embedded(parsed: Parsed, piece: Chunk) -> Any:
    """Return what the encoder reads: the headings above, then the passage; folded, without personal data."""
    text = parsed.text[piece.start : piece.end]
    return as_text(Example(f"{piece.heading}\n{text}" if piece.heading else text))


def _passage(parsed: Parsed, piece: Chunk, vector: bytes, encoder: str) -> dict[str, Any]:
    text = parsed.text[piece.start : piece.end]
    lang = detect(text)
    return {
        "start": piece.start,
        "end": piece.end,
        "page": piece.page,
        "heading": piece.heading,
        "text": text,
        "lang": parsed.lang if lang == UNDETERMINED else lang,
        "vector": vector,
        "encoder": encoder,
    }


def _check_names(collection: str, document_id: str) -> None:
    for what, name, pattern in (
        ("collection", collection, _COLLECTION),
        ("document", document_id, _DOCUMENT),
    ):
        if not pattern.fullmatch(name):
            raise InvalidInput(
                f"{name[:200]!r} cannot name a {what}.",
                remedy=f"Use letters, digits and '._-' as in {pattern.pattern}.",
                errors=[FieldError(f"/{what}", f"does not match {pattern.pattern}")],
            )


def _checked_meta(meta: Mapping[str, str]) -> dict[str, str]:
    if len(meta) > _MOST_META:
        raise _wrong_meta("/meta", f"more than {_MOST_META} entries")
    for key, value in meta.items():
        if not isinstance(value, str):
            raise _wrong_meta(f"/meta/{key}", "is no text")
        if not 1 <= len(key) <= _LONGEST_KEY or len(value) > _LONGEST_VALUE:
            raise _wrong_meta(
                f"/meta/{key[:_LONGEST_KEY]}", f"longer than {_LONGEST_KEY} or {_LONGEST_VALUE}"
            )
        found = fault(key) or fault(value)
        if found:
            raise _wrong_meta("/meta", found)
    return dict(meta)


def _wrong_meta(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(
        f"The meta of the document is wrong: {pointer} {detail}.",
        remedy="Send up to 32 short names with short texts.",
        errors=[FieldError(pointer, detail)],
    )
