"""Cuts rows into a part to learn from and a part to choose by."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence

from core.records import Example


def _unit(index: int, row: Example) -> str:
    """Return what must stay on one side: the row's group, else rows that differ in digits and spaces only."""
    if row.group is not None:
        return f"group {row.group}"
    folded = unicodedata.normalize("NFKC", row.text).lower()
    bare = "".join(char for char in folded if not char.isdigit() and not char.isspace())
    return bare or f"row {index}"


def split(
    rows: Sequence[Example], share: float, seed: int
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Split rows at random, each label set in its share, groups and templated near-copies kept together.

    Args:
        rows: At least two.
        share: Of the rows that go to the second part, in (0, 1).
        seed: The same seed splits the same rows alike.

    Returns:
        The rows to learn from, and the rows to choose by; both in their old order, neither empty.
    """
    units: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        units[_unit(index, row)].append(index)
    strata: dict[tuple[str, ...], list[list[int]]] = defaultdict(list)
    frequency = Counter(label for row in rows for label in row.labels)
    for unit in units.values():
        # A unit belongs to its rarest label, so that rare labels of multi-label rows reach both parts.
        labels = rows[unit[0]].labels
        strata[(min(labels, key=lambda label: (frequency[label], label)),) if labels else ()].append(unit)
    held = _draw(strata, share, random.Random(seed))
    if not held or len(held) == len(rows):
        held = _one_side(list(units.values()), share, len(rows))
    return (
        tuple(row for index, row in enumerate(rows) if index not in held),
        tuple(row for index, row in enumerate(rows) if index in held),
    )


def _one_side(units: list[list[int]], share: float, rows: int) -> set[int]:
    """Choose where the units are so large that their labels' shares hold none of them, or all."""
    if len(units) == 1:  # nothing can be kept together
        return set(range(rows)[-min(rows - 1, max(1, round(share * rows))) :])
    nearest = min(range(len(units)), key=lambda place: abs(len(units[place]) - share * rows))
    return set(units[nearest])


def _draw(strata: dict[tuple[str, ...], list[list[int]]], share: float, rng: random.Random) -> set[int]:
    held: set[int] = set()
    for _, units in sorted(strata.items()):
        rng.shuffle(units)
        wanted = share * sum(map(len, units))
        taken = 0
        for unit in units:
            if taken + len(unit) / 2 > wanted:
                break
            held.update(unit)
            taken += len(unit)
    return held
