"""Nearest vectors. `FaissIndex` holds a collection's vectors in memory and compares with every one of them.

Comparing with all is exact, needs no tuning, and is fast enough for what one collection of a help desk holds
(100,000 vectors of 384 values: some 15 ms); the filter is looked at inside the search, so k hits are k
allowed hits. core.retrieval.dense_pgvector does the same inside PostgreSQL.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.retrieval.lexical import Ids, Ranking

Floats = NDArray[np.float32]
Halves = NDArray[np.float16]


class DenseIndex(Protocol):
    """Unit vectors by passage id. core.testing.index_contract says what every implementation keeps."""

    def __len__(self) -> int:
        """Return how many vectors it holds."""
        ...

    def add(self, ids: Ids, vectors: Halves) -> None:
        """Put vectors in; an id that is there already gets the new vector.

        Args:
            ids: Shape (n,), each once.
            vectors: Shape (n, dimension), unit length.
        """
        ...

    def remove(self, ids: Ids) -> None:
        """Take vectors out; unknown ids are passed over."""
        ...

    def search(self, vector: Floats, k: int, allowed: Ids | None = None) -> Ranking:
        """Return the `k` ids of the largest cosine, or fewer where there are fewer.

        Args:
            vector: Shape (dimension,), unit length.
            allowed: Only these ids may be found; None: all.
        """
        ...


def best_first(pairs: Ranking) -> Ranking:
    """Return the pairs by falling score, equal scores by id."""
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


class FaissIndex:
    """`DenseIndex` in memory. Searches may run side by side; changes must run alone."""

    def __init__(self, dimension: int) -> None:
        import faiss

        self.dimension = dimension
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self._ids: set[int] = set()

    def __len__(self) -> int:
        """Return how many vectors it holds."""
        return len(self._ids)

    def add(self, ids: Ids, vectors: Halves) -> None:
        """Put vectors in; see `DenseIndex`."""
        if not len(ids):
            return
        self.remove(ids)
        self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(ids))
        self._ids.update(ids.tolist())

    def remove(self, ids: Ids) -> None:
        """Take vectors out; see `DenseIndex`."""
        known = np.array([number for number in ids.tolist() if number in self._ids], np.int64)
        if len(known):
            self._index.remove_ids(known)
            self._ids.difference_update(known.tolist())

    def search(self, vector: Floats, k: int, allowed: Ids | None = None) -> Ranking:
        """Return the nearest; see `DenseIndex`."""
        import faiss

        k = min(k, len(self._ids))
        if k < 1 or (allowed is not None and not len(allowed)):
            return []
        chosen: Any = None
        if allowed is not None:
            selector = faiss.IDSelectorBatch(np.ascontiguousarray(allowed, np.int64))
            chosen = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        question = np.ascontiguousarray(vector[None, :], np.float32)
        scores, numbers = self._index.search(question, k, params=chosen)
        pairs = zip(numbers[0].tolist(), scores[0].tolist(), strict=True)
        return best_first([(number, score) for number, score in pairs if number != -1])

    def save(self, path: Path) -> None:
        """Write ids and vectors as safetensors, vectors in float16 as the database has them."""
        import faiss
        from safetensors.numpy import save_file

        ids = faiss.vector_to_array(self._index.id_map).astype(np.int64)
        flat = faiss.downcast_index(self._index.index)
        vectors = flat.reconstruct_n(0, flat.ntotal).astype(np.float16)
        save_file({"ids": ids, "vectors": vectors.reshape(-1, self.dimension)}, path)

    @classmethod
    def load(cls, path: Path, dimension: int) -> FaissIndex:
        """Read what `save` wrote; whoever calls has checked that the bytes are those that were written."""
        from safetensors.numpy import load_file

        arrays = load_file(path)
        index = cls(dimension)
        index.add(arrays["ids"], arrays["vectors"])
        return index
