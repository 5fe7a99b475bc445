"""From which confidence the assistant acts on an intent."""

from __future__ import annotations

from verticals.service.policy.reading import Reading
from verticals.service.recipe import PERSON

CONFIDENT = 0.5
"""An approved answer is given from here on: the intent is likelier than all others together."""
PLAUSIBLE = 0.2
"""Both of two intents must be at least this likely to be asked about."""
CLOSE = 0.5
"""The second of two close intents has at least this share of the first one's probability."""
STRICT = 0.8
"""A passage must answer with this confidence where the message seems to be none of the intents."""
MOST_FAILURES = 1
"""So many replies in a row may answer nothing; after the next one a person takes over."""


def confident(reading: Reading) -> bool:
    """Tell whether the intent is sure enough for its approved answer."""
    return not reading.out_of_scope and reading.confidence >= CONFIDENT


def wants_person(reading: Reading) -> bool:
    """Tell whether the customer asks for a person."""
    return reading.intent == PERSON and confident(reading)


def close_intents(reading: Reading) -> tuple[str, str] | None:
    """Return the two intents that compete for the message, if two do."""
    if reading.out_of_scope or len(reading.ranked) < 2:
        return None
    (first, p), (second, q) = reading.ranked[:2]
    if q < PLAUSIBLE or q < CLOSE * p:
        return None
    return first, second
