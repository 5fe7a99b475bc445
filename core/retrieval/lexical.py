"""BM25 over tantivy, in memory. Texts come in as terms (core.retrieval.terms) and leave as passage ids.

Questions become term queries; tantivy's query language is never used, so AND, quotes and brackets in a
question are words or nothing. Removed passages are not found from the next search on; their postings go, and
with them their share in document frequencies, when they outnumber a quarter of the living.

Source: Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond"; tantivy has
k1 = 1.2, b = 0.75.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.retrieval.terms import terms

Ids = NDArray[np.int64]
Ranking = list[tuple[int, float]]
"""Passage ids with their scores, the best first; equal scores by id."""

_MOST_TERMS = 512
"""Different terms of one question; what a longer one says behind them changes no ranking worth the time."""
_ANALYZER = "colonnade_terms"
_HEAP = 15_000_000  # the least that tantivy takes
_SLACK = 256


class LexicalIndex:
    """The terms of a collection's passages. Searches may run side by side; changes must run alone."""

    def __init__(self) -> None:
        self._schema, self._index = _empty()
        self._ids: set[int] = set()
        self._dead = 0

    def __len__(self) -> int:
        """Return how many passages it holds, as tantivy counts them."""
        return int(self._index.searcher().num_docs)

    @property
    def ids(self) -> frozenset[int]:
        """The passages it holds."""
        return frozenset(self._ids)

    def change(self, removed: Iterable[int], added: Iterable[tuple[int, str]]) -> None:
        """Take passages out and put passages in; one whose id is there already takes the old one's place.

        Args:
            removed: Ids; unknown ones are passed over.
            added: Ids and texts.
        """
        self._apply(removed, ((number, " ".join(terms(text))) for number, text in added))

    def _apply(self, removed: Iterable[int], added: Iterable[tuple[int, str]]) -> None:
        writer = self._index.writer(_HEAP, 1)
        self._drop(writer, removed)
        for number, joined in added:
            self._drop(writer, [number])
            writer.add_document(_document(number, joined))
            self._ids.add(number)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        if self._dead > _SLACK + len(self._ids) // 4:
            self._compact()

    def _drop(self, writer: Any, numbers: Iterable[int]) -> None:
        from tantivy import Query

        known = [number for number in numbers if number in self._ids]
        if known:
            # By query: tantivy-py 0.27 finds nothing to delete by a term of an unsigned field.
            writer.delete_documents_by_query(Query.term_set_query(self._schema, "id", known))
            self._ids.difference_update(known)
            self._dead += len(known)

    def _compact(self) -> None:
        kept = list(self._stored())
        self._schema, self._index = _empty()
        self._ids, self._dead = set(), 0
        self._apply((), kept)

    def search(self, query: str, k: int, allowed: Ids | None = None) -> Ranking:
        """Return the passages that share terms with `query`, at most `k`.

        Args:
            allowed: Only these ids may be found; None: all.
        """
        if k < 1 or not self._ids or (allowed is not None and not len(allowed)):
            return []
        wanted = list(dict.fromkeys(terms(query)))[:_MOST_TERMS]
        if not wanted:
            return []
        searcher = self._index.searcher()
        found = searcher.search(self._query(wanted, allowed), min(k, len(self._ids)), count=False).hits
        numbers = searcher.fast_field_values("id", [address for _, address in found])
        ranking = [(int(number), float(score)) for number, (score, _) in zip(numbers, found, strict=True)]
        return sorted(ranking, key=lambda pair: (-pair[1], pair[0]))

    def _query(self, wanted: Sequence[str], allowed: Ids | None) -> Any:
        from tantivy import Occur, Query

        shared = Query.boolean_query(
            [(Occur.Should, Query.term_query(self._schema, "terms", term, "freq")) for term in wanted]
        )
        if allowed is None:
            return shared
        ids = Query.const_score_query(Query.term_set_query(self._schema, "id", allowed.tolist()), 0.0)
        return Query.boolean_query([(Occur.Must, shared), (Occur.Must, ids)])

    def _stored(self) -> Iterator[tuple[int, str]]:
        from tantivy import Query

        searcher = self._index.searcher()
        if not searcher.num_docs:
            return
        for _, address in searcher.search(Query.all_query(), searcher.num_docs, count=False).hits:
            document = searcher.doc(address)
            yield int(document.get_first("id")), str(document.get_first("terms"))

    def save(self, path: Path) -> None:
        """Write the terms of every passage, one JSON line each."""
        with path.open("w", encoding="utf-8") as file:
            for number, joined in self._stored():
                file.write(json.dumps([number, joined], ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, path: Path) -> LexicalIndex:
        """Read what `save` wrote; whoever calls has checked that the bytes are those that were written."""
        index = cls()
        with path.open(encoding="utf-8") as file:
            index._apply((), ((number, joined) for number, joined in map(json.loads, file)))
        return index


def _empty() -> tuple[Any, Any]:
    from tantivy import Index, SchemaBuilder, TextAnalyzerBuilder, Tokenizer

    builder = SchemaBuilder()
    builder.add_unsigned_field("id", stored=True, indexed=True, fast=True)
    builder.add_text_field("terms", stored=True, tokenizer_name=_ANALYZER, index_option="freq")
    schema = builder.build()
    index = Index(schema)  # without a path: in memory
    index.register_tokenizer(_ANALYZER, TextAnalyzerBuilder(Tokenizer.whitespace()).build())
    return schema, index


def _document(number: int, joined: str) -> Any:
    from tantivy import Document

    document = Document()
    document.add_unsigned("id", number)
    document.add_text("terms", joined)
    return document
