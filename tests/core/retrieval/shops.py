"""A library and a searcher over the same storage, and short ways to fill and ask them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.ports import Encoder
from core.retrieval.library import Library
from core.retrieval.records import Hit
from core.retrieval.search import Searcher
from core.retrieval.shelf import Shelf
from core.settings import Settings
from core.storage.engine import Storage
from core.testing.encoder import FixedEncoder


class Shop:
    """Documents that can be put, deleted and found.

    Args:
        storage: Migrated, with the tenants `demo` and `other`.
        data: COLONNADE_DATA.
        vectors: `faiss` or `pgvector`.
        limits: Of the shelf.
    """

    def __init__(
        self,
        storage: Storage,
        data: Path,
        *,
        vectors: str = "faiss",
        encoder: Encoder | None = None,
        **limits: int,
    ) -> None:
        self.storage = storage
        self.encoder = encoder or FixedEncoder()
        self.settings = Settings(data=data, vectors=vectors)
        self.library = Library(storage, self.encoder)
        self.shelf = Shelf(self.settings.data, **limits)
        self.searcher = Searcher(storage, self.encoder, self.settings, shelf=self.shelf)

    def put(
        self,
        document_id: str,
        text: str,
        *,
        tenant: str = "demo",
        collection: str = "kb",
        meta: Mapping[str, str] | None = None,
        title: str | None = None,
    ) -> None:
        """Store a text document."""
        self.library.put(
            tenant,
            collection,
            document_id,
            text.encode(),
            filename=f"{document_id}.txt",
            title=title,
            meta=meta,
            actor="test",
        )

    def delete(self, document_id: str, *, tenant: str = "demo", collection: str = "kb") -> None:
        """Delete a document."""
        self.library.delete(tenant, collection, document_id, actor="test")

    def hits(self, query: str, *, tenant: str = "demo", collection: str = "kb", **options: Any) -> list[Hit]:
        """Search."""
        return self.searcher.search(tenant, collection, query, **options)

    def found(self, query: str, **options: Any) -> list[str]:
        """Search; return the documents' ids, the best first."""
        return [hit.document_id for hit in self.hits(query, **options)]
