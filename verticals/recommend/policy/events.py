"""What an event means: its own name for other systems' names, and what it weighs."""

from __future__ import annotations

from verticals.recommend.recipe import ALIASES, GOOD_STARS, TYPES, WEIGHTS


def kind(name: str) -> str | None:
    """Return our name of a type; None where it is none that we know."""
    plain = name.strip().lower()
    for each in (plain, plain.replace(" ", "_"), plain.replace("-", "_")):
        found = ALIASES.get(each, each)
        if found in TYPES:
            return found
    return None


def weight(kind: str, value: float | None) -> float:
    """Return the interest that an event tells of; 0 where it tells of none."""
    if kind == "rating":
        return 0.0 if value is None or value < GOOD_STARS else value - GOOD_STARS + 1.0
    return WEIGHTS.get(kind, 0.0)


def disliked(kind: str, value: float | None) -> bool:
    """Tell whether the person does not want the item."""
    return kind == "dislike" or (kind == "rating" and value is not None and value < GOOD_STARS)
