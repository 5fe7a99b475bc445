"""Which concepts a complaint mentions, how they are meant, and which red flags they make together."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from core.records import Span
from core.text.assertion import Status, assess
from verticals.medical.policy.finding import Reason
from verticals.medical.policy.pack import Pack, RedFlag
from verticals.medical.policy.person import Person
from verticals.medical.policy.reading import Reading
from verticals.medical.policy.terms import find

COUNTS = frozenset({Status.PRESENT, Status.UNCERTAIN})
"""Statuses under which a mention counts for every red flag: doubt goes up."""

WHO = "who_"
"""Concepts that only tell who it is about; they are there or not, and have no status."""

_END = re.compile(r"[.!?;。！？；\n]+")

_FIRST = 100
"""So many mentions of a concept are looked at first."""

_SHOWN = 3
"""Evidence spans a concept shows at most."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept in a text, how it is meant, and where (None in an answer)."""

    concept: str
    status: Status
    span: Span | None


def mentions(pack: Pack, reading: Reading, *, placed: bool = True) -> list[Mention]:
    """Return all mentions of a pack's concepts in a text.

    Args:
        pack: Whose terms are searched.
        reading: The folded text.
        placed: False for a text that is not the complaint's own, such as an answer.
    """
    placed_at: dict[str, list[tuple[int, int]]] = {}
    for concept, start, end in sorted(set(find(pack.lexicon, reading.text)), key=lambda one: one[1:]):
        placed_at.setdefault(concept, []).append((start, end))
    first = {concept: places[:_FIRST] for concept, places in placed_at.items()}
    statuses = _statuses(reading.text, first)
    # A concept that counts already needs no more mentions; one that does not is looked at to the last.
    settled = {name for name, places in first.items() if any(statuses[one] in COUNTS for one in places)}
    rest = {concept: places for concept, places in placed_at.items() if concept not in settled}
    if any(len(places) > _FIRST for places in rest.values()):
        statuses |= _statuses(reading.text, rest)
    return [
        Mention(concept, statuses[place], reading.span(*place) if placed else None)
        for concept, places in placed_at.items()
        for place in (first[concept] if concept in settled else places)
    ]


def _statuses(text: str, places: Mapping[str, list[tuple[int, int]]]) -> dict[tuple[int, int], Status]:
    found = dict.fromkeys((place for group in places.values() for place in group), Status.PRESENT)
    spans = sorted({place for name, group in places.items() if not name.startswith(WHO) for place in group})
    return found | dict(zip(spans, assess(text, [Span(*place) for place in spans]), strict=True))


def by_concept(all_: Iterable[Mention]) -> Mapping[str, list[Mention]]:
    """Return mentions by their concept."""
    grouped: dict[str, list[Mention]] = {}
    for one in all_:
        grouped.setdefault(one.concept, []).append(one)
    return grouped


def raised(
    pack: Pack, person: Person, found: Mapping[str, list[Mention]]
) -> Iterator[tuple[RedFlag, list[Mention]]]:
    """Yield each red flag that counts, with the mentions that make it."""
    for flag in pack.red_flags:
        if not person.may_be(flag.age):
            continue
        groups = [_counting(flag, group, found) for group in flag.all_of]
        if all(groups):
            yield flag, [mention for group in groups for mention in group]


def _counting(flag: RedFlag, group: Iterable[str], found: Mapping[str, list[Mention]]) -> list[Mention]:
    allowed = COUNTS | {Status.HISTORICAL} if flag.historical else COUNTS
    return [one for concept in group for one in found.get(concept, ()) if one.status in allowed]


def apart(
    text: str, all_: Iterable[Mention], flags: Iterable[tuple[RedFlag, list[Mention]]]
) -> list[Mention]:
    """Return the mentions without those that tell who it is in a sentence that tells of a red flag.

    Args:
        text: The complaint as it came.
        all_: What it mentions.
        flags: Those raised.
    """
    ends = [match.end() for match in _END.finditer(text)]
    alarming = {
        bisect_right(ends, one.span.start) for _, made_of in flags for one in made_of if one.span is not None
    }
    return [
        one
        for one in all_
        if not (
            one.concept.startswith(WHO)
            and one.span is not None
            and bisect_right(ends, one.span.start) in alarming
        )
    ]


def reason(flag: RedFlag, made_of: Iterable[Mention]) -> Reason:
    """Return the reason of a red flag, with a few spans of each concept."""
    shown: list[Span] = []
    seen: dict[str, int] = {}
    for one in made_of:
        seen[one.concept] = seen.get(one.concept, 0) + 1
        if one.span is not None and seen[one.concept] <= _SHOWN and one.span not in shown:
            shown.append(one.span)
    evidence = tuple(sorted(shown, key=lambda span: (span.start, span.end)))
    return Reason(f"flag.{flag.id}", flag.en, flag.zh, flag.level, evidence)
