"""How things came out, and whether that is denied: on which side of which axis a headline stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from verticals.finance.policy.opposites import (
    BREAKS,
    INNOCENT,
    LEXICON,
    MOVE,
    NEGATIONS,
    REVOKES,
    SOFT,
    TWO_SIDED,
    Meanings,
)

_HAN_WORDS = sorted(
    {w for w in (*LEXICON, *NEGATIONS, *INNOCENT, *BREAKS, *REVOKES) if not w.isascii()},
    key=len,
    reverse=True,
)
_TOKEN = re.compile(
    rf"(?P<han>{'|'.join(_HAN_WORDS)})|(?P<word>[a-z]+(?:['\u2019][a-z]+)?)"
    r"|(?P<stop>[,;:!?，。；！？、：()（）]|\.(?=\s|$))"
)
_PHRASES = {word for words in (LEXICON, NEGATIONS, INNOCENT, REVOKES) for word in words if "_" in word}
_BEGIN_PHRASES = {phrase.partition("_")[0] for phrase in _PHRASES}
_DECLINES = {"decline_to", "declines_to", "declined_to"}
_TO_DO = re.compile(r" (?!(?:an?|the|its|about|around|near|just|below|under|over|rs|us|eur|usd)\b|\w+-)[a-z]")
_JOINED = re.compile(r"[ -]{1,2}")
_FIGURE = re.compile(r"\.?(?: by)?\s*[\"\u201c\u201d']?[$€£¥+-]?\d")
_SENTENCE = re.compile(r"[。！？!?;；]|(?<=\w{5})\.(?=\s)")
_HAN = re.compile("[\u3400-\u9fff]")
_LONG, _LONG_HAN = 200, 100
"""Code points of the longest headline."""
_LEAST = 15
"""A sentence has more code points than this; 突发！ is none."""
_REACH, _REACH_HAN = 30, 6
"""So far behind a negation, in code points, stands what it denies."""
_SOFT_REACH = 40
_DENIED = {"+": "u", "-": "d", "=": "x"}
_OTHER = {"+": "-", "-": "+", "=": "x"}
_LONGEST = 3


@dataclass(slots=True)
class _Said:
    """A known word at its place; `stop` ends what a negation says."""

    start: int
    end: int
    word: str
    meanings: Meanings = ()
    negates: bool = False
    stop: bool = False


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What a headline says.

    Attributes:
        sides: Axis to the places and sides named, in the order of the text: `+`, `-`, `=` (neither), and
            `u`, `d`, `x` where that is denied and the axis has more than two sides.
        denies: Whether its first sentence denies something that is on no axis; None where it is no headline,
            but a long text in which to deny is a detail.
    """

    sides: dict[str, list[tuple[int, str]]]
    denies: bool | None


def outcomes(line: str) -> Outcomes:
    """Return the outcomes of a headline in lower case, simplified Chinese and with plain blanks."""
    first = next((match.start() for match in _SENTENCE.finditer(line, _LEAST)), len(line))
    sides: dict[str, list[tuple[int, str]]] = {}
    denies = False
    pending: _Said | None = None
    for said in (*_said(line), _Said(len(line), len(line), "", stop=True)):
        if pending is not None and said.start - pending.end <= _reach(pending.word) and not said.stop:
            if said.meanings:
                _note(sides, said, denied=True)
            if said.meanings or said.negates:  # two negations are none
                pending = None
                continue
        if pending is not None and (said.stop or said.meanings or said.negates):
            denies |= _unsays(sides, line, pending, first)
            pending = None
        if said.negates:
            pending = said
        _note(sides, said, denied=False)
        denies |= said.word in REVOKES and said.start < first
    longest = _LONG_HAN if _HAN.search(line, 0, first) else _LONG
    return Outcomes(sides, denies if first <= longest else None)


def movements(text: str) -> list[tuple[int, str]]:
    """Return places and signs of the rises and falls in a text in lower case."""
    return [
        (said.start, sign)
        for said in _said(text)
        for axis, sign in said.meanings
        if axis == MOVE and sign in "+-"
    ]


def is_outcome(word: str) -> bool:
    """Tell whether an English word, in lower case, has a side: it is no name then."""
    return word in LEXICON


def _reach(word: str) -> int:
    return _REACH if word.isascii() else _REACH_HAN


def _unsays(sides: dict[str, list[tuple[int, str]]], line: str, negation: _Said, first: int) -> bool:
    """Tell whether a negation that denies no outcome denies something else."""
    if negation.word == "拒绝":  # to reject something, not to do something
        sides.setdefault("approve", []).append((negation.start, "-"))
        return False
    return negation.start < first and not _FIGURE.match(line, negation.end)


def _note(sides: dict[str, list[tuple[int, str]]], said: _Said, *, denied: bool) -> None:
    for axis, sign in said.meanings:
        named = sides.setdefault(axis, [])
        if said.word in SOFT and named and said.start - named[-1][0] <= _SOFT_REACH:
            continue
        if denied:
            sign = (_OTHER if axis in TWO_SIDED else _DENIED)[sign]
        named.append((said.start, sign))


def _said(text: str) -> Iterator[_Said]:
    """Yield the known words and phrases of a text, in its order."""
    matches = list(_TOKEN.finditer(text))
    place = 0
    while place < len(matches):
        match = matches[place]
        word, size = match.group(), 1
        if word in _BEGIN_PHRASES:
            word, size = _longest(text, matches, place)
        end = matches[place + size - 1].end()
        place += size
        if word in _DECLINES and not _TO_DO.match(text, end):  # prices decline to a level
            word = "decline"
        stop = match["stop"] is not None or word in BREAKS
        negates = word in NEGATIONS or word.endswith(("n't", "n\u2019t"))
        meanings = () if negates else LEXICON.get(word, ())
        if (stop or negates or meanings or word in REVOKES) and word not in INNOCENT:
            yield _Said(match.start(), end, word, meanings, negates, stop)


def _longest(text: str, matches: list[re.Match[str]], place: int) -> tuple[str, int]:
    """Return the longest known phrase that begins with a word, or the word, and how many words it has."""
    words = [matches[place].group()]
    best = (words[0], 1)
    for before, after in pairwise(matches[place : place + _LONGEST]):
        if not after["word"] or not _JOINED.fullmatch(text, before.end(), after.start()):
            break
        words.append(after.group())
        best = (phrase, len(words)) if (phrase := "_".join(words)) in _PHRASES else best
    return best
