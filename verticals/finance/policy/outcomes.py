"""How things came out, and whether that is denied: on which side of which axis a headline stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

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
_JOINED = re.compile(r"[ -]{1,2}")
_FIGURE = re.compile(r"\.?(?: by)?\s*[\"\u201c\u201d']?[$€£¥+-]?\d")
_SENTENCE = re.compile(r"[。！？!?;；]|(?<=\w{5})\.(?=\s)")
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
        denies: Whether its first sentence denies something that is on no axis.
    """

    sides: dict[str, list[tuple[int, str]]]
    denies: bool


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
    return Outcomes(sides, denies)


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
    matches = list(_TOKEN.finditer(text))
    place = 0
    while place < len(matches):
        match = matches[place]
        size = 1
        word = match.group()
        if match["stop"]:
            yield _Said(match.start(), match.end(), word, stop=True)
        else:
            word, size = _longest(text, matches, place) if match["word"] else (word, 1)
            if word not in INNOCENT:
                negates = word in NEGATIONS or word.endswith(("n't", "n\u2019t"))
                meanings = () if negates else LEXICON.get(word, ())
                yield _Said(
                    match.start(), matches[place + size - 1].end(), word, meanings, negates, word in BREAKS
                )
        place += size


def _longest(text: str, matches: list[re.Match[str]], place: int) -> tuple[str, int]:
    """Return the longest known phrase that begins with a word, or the word, and how many words it has."""
    words = [matches[place].group()]
    best = (words[0], 1)
    for before, after in zip(matches[place:], matches[place + 1 : place + _LONGEST], strict=False):
        if not after["word"] or not _JOINED.fullmatch(text, before.end(), after.start()):
            break
        words.append(after.group())
        phrase = "_".join(words)
        if any(phrase in known for known in (LEXICON, NEGATIONS, INNOCENT, REVOKES)):
            best = (phrase, len(words))
    return best
