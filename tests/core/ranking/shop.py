"""A made-up shop whose taste drifts: what was taken lately tells what comes next, old takes tell little."""

from __future__ import annotations

import numpy as np

from core.ranking.interactions import Row

DAY = 86_400.0


def drifting(users: int = 60, steps: int = 12, groups: int = 6, size: int = 8, seed: int = 0) -> list[Row]:
    """Users walk from group to group of items: three takes in each, then the next group for good."""
    rng, rows = np.random.default_rng(seed), list[Row]()
    for user in range(users):
        start = int(rng.integers(groups))
        for step in range(steps):
            group = (start + step // 3) % groups
            item = f"g{group}-{int(rng.integers(size))}"
            when = step * DAY + float(rng.integers(0, 40_000))
            rows.append((f"u{user:02d}", item, 1.0, when))
    return rows


def shuffled(rows: list[Row], seed: int = 1) -> list[Row]:
    """The same rows with their time stamps dealt out anew."""
    times = [row[3] for row in rows]
    order = np.random.default_rng(seed).permutation(len(rows))
    return [(user, item, weight, times[at]) for (user, item, weight, _), at in zip(rows, order, strict=True)]
