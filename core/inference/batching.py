"""Groups texts into batches of like length under a budget of tokens, so that little is spent on padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

TOKEN_BUDGET = 2048
"""Padded tokens a batch: large enough to fill the cores, small enough to stay near the cache."""
WASTE = 96
"""Tokens of padding a batch: a compromise, for each batch more costs a pass more through the encoder."""


def by_length(lengths: Sequence[int], budget: int = TOKEN_BUDGET, waste: int = WASTE) -> Iterator[list[int]]:
    """Yield batches of indices, longest texts first; `max(length) * len(batch)` stays within the budget.

    Args:
        lengths: Tokens of each text.
        budget: Padded tokens of one batch; a text longer than that is a batch of its own.
        waste: Padding of one batch, all its rows together.
    """
    order = sorted(range(len(lengths)), key=lambda index: (-lengths[index], index))
    batch: list[int] = []
    padding = 0
    for index in order:
        short = lengths[batch[0]] - lengths[index] if batch else 0
        if batch and (lengths[batch[0]] * (len(batch) + 1) > budget or padding + short > waste):
            yield batch
            batch, padding, short = [], 0, 0
        batch.append(index)
        padding += short
    if batch:
        yield batch
