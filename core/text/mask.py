"""Masks personal data that has a structure: what goes to logs and into embeddings holds none of it.

    mask("Call 13812345678 or write to li@example.com")  ->  "Call <PHONE> or write to <EMAIL>"

Found are e-mail addresses, phone numbers, Chinese resident ids and US social security numbers (ID), payment
cards, IBANs, passports, number plates, IP addresses and Colonnade's own API keys. Names and addresses of
people are not: they have no structure to go by. Check digits decide where there are any, the words around a
number where there are none; prices, dates, tickers and counts stay.

Every pattern is linear: possessive quantifiers, bounded repetition, and starts that only one place of a run
can take (a test holds hostile text of two sizes against it).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.records import Span
from core.text.normalise import fold_same_length
from core.text.patterns import FINDERS
from core.text.phones import phones

_PASSES = 6
"""Hiding one thing can lay open another beside it; real texts settle after one pass."""


@dataclass(frozen=True, slots=True)
class Found:
    """Personal data in a text: its kind (EMAIL, PHONE, ID, CARD …) and where it stands."""

    kind: str
    span: Span


def find(text: str) -> list[Found]:
    """Return the personal data in `text`, from left to right, none overlapping.

    Full-width digits and letters count as plain ones; the ranges are those of `text` as given.
    """
    plain = fold_same_length(text)
    taken: list[Found] = []
    for kind, finder in (*FINDERS, ("PHONE", phones)):
        fresh = [Found(kind, Span(start, end)) for start, end in finder(plain)]
        taken = _merge(taken, fresh) if fresh else taken
    return taken


def mask(text: str) -> str:
    """Return `text` with personal data replaced by its kind in brackets; masking twice changes nothing."""
    for _ in range(_PASSES):
        found = find(text)
        if not found:
            break
        text = "".join(_pieces(text, found))
    return text


def _pieces(text: str, found: list[Found]) -> Iterator[str]:
    place = 0
    for item in found:
        yield text[place : item.span.start]
        yield f"<{item.kind}>"
        place = item.span.end
    yield text[place:]


def _merge(taken: list[Found], fresh: list[Found]) -> list[Found]:
    """Add the fresh finds that touch nothing taken before; both lists are sorted and free of overlap."""
    kept: list[Found] = []
    index = 0
    for item in fresh:
        while index < len(taken) and taken[index].span.end <= item.span.start:
            index += 1
        if index == len(taken) or taken[index].span.start >= item.span.end:
            kept.append(item)
    return sorted((*taken, *kept), key=lambda found: found.span.start)
