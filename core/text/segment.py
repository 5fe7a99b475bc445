"""Words and sentences in English and Chinese, each with its place in the original text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from core.records import Span
from core.text.language import detect

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_LETTER, _SIGN = rf"(?![{_HAN}])[^\W\d_]", rf"(?![{_HAN}])[^\W_]"
_WORD = re.compile(
    rf"(?P<han>[{_HAN}]+)"
    r"|\d+(?:[.,]\d+)*%?"  # 1,234.50 and 12.5%
    r"|(?:[A-Za-z]\.){2,}"  # U.S.
    rf"|{_LETTER}(?:{_SIGN})*(?:['\u2019&-](?:{_SIGN})+)*"  # O'Neil, AT&T, iPhone15
)
_CLOSERS = "\u201d\u2019\"')）」』】》\u300d"
_ZH_END = re.compile(rf"(?:[。！？!?；]|…{{1,2}}|\.{{3,6}})+[{_CLOSERS}]*|\n+")
_SENTENCE_LIMIT = 20_000
"""Longer stretches are given to spaCy in parts: its time and memory grow with the text."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its range [start, end) in the text it stands in."""

    text: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """Return the words of `text` without punctuation, Chinese ones by dictionary (rjieba).

    Numbers stay whole (1,234.50, 12.5%), and so do U.S., O'Neil and AT&T. The language need not be told: runs
    of Han characters are cut by the dictionary, everything else by letters, so mixed texts work.
    """
    found: list[Word] = []
    for match in _WORD.finditer(text):
        if match["han"]:
            found.extend(_chinese(match["han"], match.start()))
        else:
            found.append(Word(match.group(), match.start(), match.end()))
    return found


def _chinese(run: str, offset: int) -> Iterator[Word]:
    import rjieba

    for word, start, end in rjieba.tokenize(run):
        yield Word(word, offset + start, offset + end)


def sentences(text: str, lang: str | None = None) -> list[Span]:
    """Return the sentences of `text` as ranges without blanks at their ends, in order, none empty.

    Chinese is cut after 。！？；… and closing quotes, English by spaCy's rule-based sentencizer, which knows
    U.S., Dr. and 3.5; a line end always ends a sentence.

    Args:
        text: Any text.
        lang: ISO 639-1 code; detected where not given.
    """
    if (lang or detect(text)) in {"zh", "ja"}:
        return [span for start, end in _chinese_bounds(text) if (span := _trim(text, start, end))]
    return [span for start, end in _ruled_bounds(text) if (span := _trim(text, start, end))]


def _chinese_bounds(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _ZH_END.finditer(text):
        yield start, match.end()
        start = match.end()
    yield start, len(text)


def _ruled_bounds(text: str) -> Iterator[tuple[int, int]]:
    pipeline = _sentencizer()
    for line in re.finditer(r"[^\n\r]+", text):
        for start in range(line.start(), line.end(), _SENTENCE_LIMIT):
            part = text[start : min(start + _SENTENCE_LIMIT, line.end())]
            for sentence in pipeline(part).sents:
                yield start + sentence.start_char, start + sentence.end_char


def _trim(text: str, start: int, end: int) -> Span | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end) if start < end else None


@cache
def _sentencizer() -> Any:
    import spacy

    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer")
    return pipeline
