"""A complaint's text as the rules read it, with the way back to the original.

Full-width and invisible characters are folded, letters lowered, traditional characters made simplified,
blanks inside Chinese words dropped, and words one slip away from a medical word mended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.records import Span
from core.text.normalise import fold
from core.text.script import simplified

_WORD = re.compile(r"[a-z]{5,20}")
_SPACED = re.compile(r"(?<=[\u3400-\u9fff])[ \t]+(?=[\u3400-\u9fff])")
_SWAPPED = 5
"""Words of this length are mended only where two letters are swapped."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A folded text.

    Attributes:
        text: What the rules search.
        origin: For each code point of `text` its offset in the original, and one more for the end.
    """

    text: str
    origin: Sequence[int]

    def span(self, start: int, end: int) -> Span:
        """Return the range of the original that [start, end) came from."""
        return Span(self.origin[start], self.origin[end - 1] + 1)


def read(text: str, words: frozenset[str]) -> Reading:
    """Fold a text for the rules; linear in its length.

    Args:
        text: As it came.
        words: The Latin words of the pack's terms, to mend slips against.
    """
    folded = fold(text)
    plain = "".join(low if len(low := letter.lower()) == 1 else letter for letter in folded.text)
    plain = simplified(plain).translate({0x2019: "'", 0x2018: "'", 0x2010: "-", 0x2011: "-"})
    edits = sorted((*_spaces(plain), *_slips(plain, words)))
    if not edits:
        return Reading(plain, folded.origin)
    pieces: list[str] = []
    origin: list[int] = []
    place = 0
    for start, end, instead in edits:
        pieces += (plain[place:start], instead)
        origin.extend(folded.origin[place:start])
        # A mended word has one letter more or less; each of its letters stands for the place it came from.
        origin.extend(folded.origin[min(start + step, end - 1)] for step in range(len(instead)))
        place = end
    pieces.append(plain[place:])
    origin.extend(folded.origin[place:])
    return Reading("".join(pieces), origin)


def _spaces(text: str) -> Iterator[tuple[int, int, str]]:
    yield from ((match.start(), match.end(), "") for match in _SPACED.finditer(text))


def _slips(text: str, words: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    nearby = _one_away(words)
    mended: dict[str, str] = {}
    for match in _WORD.finditer(text):
        word = match.group()
        if word not in mended:
            mended[word] = word if word in words else _mend(word, nearby)
            if (
                len(word) == _SWAPPED and word not in words
            ):  # so short, other slips make other words: chess is no chest
                mended[word] = next((one for one in _swaps(word) if one in words), word)
        if mended[word] != word:
            yield match.start(), match.end(), mended[word]


_CACHE: dict[frozenset[str], Mapping[str, str]] = {}


def _one_away(words: frozenset[str]) -> Mapping[str, str]:
    """Return every medical word of six letters and more, whole and with one letter left out."""
    if words not in _CACHE:
        _CACHE.clear()
        long = sorted(word for word in words if len(word) >= 6 and word.isalpha())
        _CACHE[words] = {form: word for word in long for form in _deletions(word)} | {
            word: word for word in long
        }
    return _CACHE[words]


def _mend(word: str, nearby: Mapping[str, str]) -> str:
    """Return the medical word that is one slip away (a letter more, less, other, or two swapped)."""
    for form in (word, *_deletions(word)):
        found = nearby.get(form)
        # Endings are grammar and first letters are seldom mistyped: "breathes" is not "breathe" misspelt.
        if (
            found is not None
            and found[0] == word[0]
            and found[:-1] != word[:-1]
            and abs(len(found) - len(word)) < 2
        ):
            if found + "s" == word or word + "s" == found:
                return word
            return found
    return word


def _swaps(word: str) -> Iterator[str]:
    """Yield the word with two neighbours swapped, but for the first letter: chset, chest."""
    for place in range(1, len(word) - 1):
        yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _deletions(word: str) -> Iterator[str]:
    return (word[:place] + word[place + 1 :] for place in range(len(word)))
