"""The candidates of a question: what words and vectors find, each asked about the other's finds as well."""

from __future__ import annotations

import numpy as np

from core.retrieval.dense import DenseIndex, Floats
from core.retrieval.lexical import Ids, LexicalIndex, Ranking

DEPTH = 100
"""How many passages each of words and vectors proposes before they are fused."""


def propose(
    lexical: LexicalIndex,
    dense: DenseIndex,
    text: str,
    vector: Floats,
    *,
    depth: int = DEPTH,
    allowed: Ids | None = None,
) -> tuple[Ranking, Ranking]:
    """Return the `depth` best of words and of vectors, each completed by what the other proposed.

    Args:
        lexical: The words.
        dense: The vectors.
        text: The question.
        vector: The question's, shape (dimension,), unit length.
        depth: How many each proposes.
        allowed: Only these ids; None: all.
    """
    words = lexical.search(text, depth, allowed)
    near = dense.search(vector, depth, allowed)
    return (
        words + lexical.search(text, depth, _missing(near, words)),
        near + dense.search(vector, depth, _missing(words, near)),
    )


def _missing(from_there: Ranking, here: Ranking) -> Ids:
    """Return the ids that one ranking has and the other lacks."""
    known = {number for number, _ in here}
    return np.array([number for number, _ in from_there if number not in known], np.int64)
