"""Item-to-item weights while they are fitted: dense blocks thinned to the strongest targets of each item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.ranking.item_model import Floats, ItemModel

TOP = 200
"""Targets kept for each item; what that costs is in docs/benchmarks.md."""
_BLOCK = 8_000_000


def check(**values: float) -> None:
    """Refuse a hyper-parameter that is not above 0.

    Raises:
        InvalidInput: one is 0, negative or not finite; the message names it.
    """
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise InvalidInput(f"{name} is {value!r}.", remedy=f"Give a {name} above 0.")


def thin(weights: Floats, top: int) -> Any:
    """Return a scipy CSR matrix with the `top` weights of each row that are largest by absolute value.

    Args:
        weights: (n, n), dense; the diagonal is left out.
        top: At most so many a row.
    """
    from scipy.sparse import csr_matrix, vstack

    n = len(weights)
    step = max(1, _BLOCK // max(n, 1))
    parts = [_thin_rows(weights, start, min(n, start + step), top) for start in range(0, n, step)]
    return vstack(parts, format="csr") if parts else csr_matrix((0, 0), dtype=np.float32)


def _thin_rows(weights: Floats, start: int, stop: int, top: int) -> Any:
    from scipy.sparse import csr_matrix

    block = np.array(weights[start:stop])
    block[np.arange(stop - start), np.arange(start, stop)] = 0
    n = block.shape[1]
    if top < n:
        size = np.abs(block)
        weak = np.argpartition(size, n - top, axis=1)[:, : n - top]
        np.put_along_axis(block, weak, 0, axis=1)
    return csr_matrix(block)


def strongest(matrix: Any, top: int) -> Any:
    """Return a sparse CSR matrix with only the `top` largest entries of each row; equals in column order."""
    matrix.sort_indices()
    keep = np.ones(matrix.nnz, np.bool_)
    for row in np.flatnonzero(np.diff(matrix.indptr) > top):
        start, stop = matrix.indptr[row], matrix.indptr[row + 1]
        keep[start + np.argsort(-matrix.data[start:stop], kind="stable")[top:]] = False
    matrix.data = np.where(keep, matrix.data, 0)
    matrix.eliminate_zeros()
    return matrix


def model(
    kind: str,
    items: tuple[str, ...],
    matrix: Any,
    decay: float,
    parameters: Mapping[str, Any],
    bias: Floats | None = None,
    fresh_days: float | None = None,
) -> ItemModel:
    """Make the serving form of a scipy CSR matrix (items, items); without a bias every prior is 0."""
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return ItemModel(
        kind,
        items,
        np.asarray(matrix.indptr, np.int64),
        np.asarray(matrix.indices, np.int32),
        np.asarray(matrix.data, np.float32),
        np.zeros(len(items), np.float32) if bias is None else bias,
        decay,
        fresh_days,
        dict(parameters),
    )


def spread(matrix: Any, active: NDArray[np.int64], n: int) -> Any:
    """Return a CSR matrix (n, n) that has `matrix` in the rows and columns `active`."""
    from scipy.sparse import csr_matrix

    entries = matrix.tocoo()
    return csr_matrix((entries.data, (active[entries.row], active[entries.col])), shape=(n, n))
