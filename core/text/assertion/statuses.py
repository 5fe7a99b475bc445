"""The six statuses, and the cues that lead to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a mention is meant."""

    PRESENT = "present"
    ABSENT = "absent"
    UNCERTAIN = "uncertain"
    HISTORICAL = "historical"
    FAMILY = "family"
    HYPOTHETICAL = "hypothetical"


PRECEDENCE = (Status.FAMILY, Status.HYPOTHETICAL, Status.UNCERTAIN, Status.ABSENT, Status.HISTORICAL)
"""Which status stands where cues of several reach one mention. Uncertain beats absent: doubt goes up."""

FORWARD: Mapping[str, Status] = {
    "no": Status.ABSENT,
    "denies": Status.ABSENT,
    "maybe": Status.UNCERTAIN,
    "past": Status.HISTORICAL,
    "kin": Status.FAMILY,
    "iffy": Status.HYPOTHETICAL,
}
"""Cues that reach the mentions behind them. `denies` reaches over commas, `no` over lists only."""

BACKWARD: Mapping[str, Status] = {
    "no_after": Status.ABSENT,
    "out_after": Status.ABSENT,
    "maybe_after": Status.UNCERTAIN,
    "past_after": Status.HISTORICAL,
    "kin_after": Status.FAMILY,
}
"""Cues that reach the mentions before them; `no_after` only the one it touches ("chest pain: no")."""

ALSO: Mapping[str, tuple[str, ...]] = {
    "past": ("past_after",),
    "maybe": ("maybe_after",),
    "kin": ("kin_after",),
    "no": ("out_after",),
    "stop": ("recent",),
}
"""Which kinds serve as another one too: "last year" reaches both ways, and "now" ends the scope of a cue.

Two kinds reach nothing: `pseudo` (only looks like a cue) and `recent` (takes a mention out of the past).
"""

ORDER = (
    *("pseudo", "no_after", "out_after", "maybe_after", "past_after", "kin_after"),
    *("denies", "maybe", "iffy", "kin", "past", "recent", "stop", "no"),
)
"""Which kind takes a phrase that several could: the first."""


@dataclass(frozen=True, slots=True)
class Cues:
    """The cues of one language.

    Attributes:
        pattern: One alternation with a named group for each kind; `pseudo` first, so that it swallows.
        reach: How many characters a forward cue of `no` may stand before its mention.
        joins: What joins the items of a list that a `no` goes through.
        doubts: What may or may not continue such a list: the mention becomes uncertain.
        ends_list: What puts a whole list under one `no` ("no a, b or c").
    """

    pattern: re.Pattern[str]
    reach: int
    joins: re.Pattern[str]
    doubts: re.Pattern[str]
    ends_list: re.Pattern[str]


def compiled(kinds: Mapping[str, str]) -> re.Pattern[str]:
    """Return one pattern of all kinds, in `ORDER`; each value is an alternation in verbose syntax.

    In verbose syntax blanks mean nothing, so a blank between words is written as `_`.
    """
    parts = (f"(?P<{kind}>{kinds[kind].replace('_', '[ ]')})" for kind in ORDER)
    # No cue begins inside a Latin word; said once in front, it spares most places of a text the alternation.
    return re.compile(rf"(?:(?<![a-z0-9])|(?=[?(:\-–—]))(?:{'|'.join(parts)})", re.VERBOSE)
