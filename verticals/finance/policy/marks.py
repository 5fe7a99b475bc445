"""Bits for the facts and companies of a text, by which most texts that cannot be joined are passed over.

News written by programmes has the same words with other names and figures, thousands a day in a reporting
season; all of it is found under the same keys. Marks are compared before a text is fetched.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from itertools import accumulate

_WIDTHS = {"c": 16, "n": 32, "d": 8, "v": 4}
"""Bits for companies, figures, dates, rises and falls; other facts leave no mark."""
_FIRST = dict(zip(_WIDTHS, accumulate(_WIDTHS.values(), initial=0), strict=False))
_MASKS = tuple(((1 << width) - 1) << _FIRST[kind] for kind, width in _WIDTHS.items())


def marks(facts: Iterable[str], companies: Iterable[str]) -> int:
    """Return the marks of a text, 0 to 2^60 - 1; of a figure its direction leaves none.

    Args:
        facts: See `policy.facts`.
        companies: Ids.
    """
    said = [f"c:{name}" for name in companies]
    for fact in facts:
        # Of rises and falls one text may name the beginning only.
        said += [f"v:{sign}" for sign in fact[2:]] if fact[0] == "v" else [_value(fact)]
    bits = 0
    for each in said:
        if each[0] in _WIDTHS:
            place = blake2b(each.encode(), digest_size=8).digest()
            bits |= 1 << _FIRST[each[0]] + int.from_bytes(place, "big") % _WIDTHS[each[0]]
    return bits


def may_agree(one: int, other: int) -> bool:
    """Return False only where texts of these marks cannot `agree` (see `policy.joining`).

    What two texts tell may be one thing where, of each kind, one of them says nothing that the other does not
    say too.
    """
    for mask in _MASKS:
        ours, theirs = one & mask, other & mask
        if ours & theirs not in (ours, theirs):
            return False
    return True


def _value(fact: str) -> str:
    return fact.rpartition(":")[0] if fact[0] == "n" else fact
