"""Groups texts into batches of like length under a budget of tokens, so that little is spent on padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

TOKEN_BUDGET = 2048
"""Padded tokens a batch: large enough to fill the cores, small enough to stay near the cache."""


def by_length(lengths: Sequence[int], budget: int = TOKEN_BUDGET) -> Iterator[list[int]]:
    """Yield batches of indices, longest texts first; `max(length) * len(batch)` stays within the budget.

    Args:
        lengths: Tokens of each text.
        budget: Padded tokens of one batch; a text longer than that is a batch of its own.
    """
    order = sorted(range(len(lengths)), key=lambda index: (-lengths[index], index))
    batch: list[int] = []
    for index in order:
        if batch and lengths[batch[0]] * (len(batch) + 1) > budget:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
