"""An index that says in every part of which generation it is."""

from __future__ import annotations

import numpy as np

from core.retrieval.index import CollectionIndex, Space

SPACE = Space("f" * 64, 8)
SIZE = 20


def made(generation: int, space: Space = SPACE) -> CollectionIndex:
    """Return an index of SIZE passages whose ids, words and vectors are those of `generation` alone."""
    index = CollectionIndex(space)
    ids = np.arange(SIZE, dtype=np.int64) + 1000 * generation
    index.lexical.change((), ((number, f"generation{generation} passage") for number in ids.tolist()))
    vectors = np.zeros((SIZE, space.dimension), np.float16)
    vectors[:, generation] = 1.0
    assert index.dense is not None
    index.dense.add(ids, vectors)
    index.generation = generation
    return index


def is_wholly(index: CollectionIndex, generation: int) -> bool:
    """Tell whether every part is of that generation."""
    ids = [number for number, _ in index.lexical.search(f"generation{generation}", 100)]
    assert index.dense is not None
    near = index.dense.search(np.eye(index.space.dimension, dtype=np.float32)[generation], 100)
    expected = list(range(1000 * generation, 1000 * generation + SIZE))
    alike = sorted(ids) == expected and near == [(number, 1.0) for number in expected]
    return alike and index.generation == generation and len(index.lexical) == SIZE
