"""What the lexical index knows a text by: words and Chinese bigrams, folded, English ones stemmed.

A run of Han characters is kept twice: as the words of the dictionary, which carry meaning, and as overlapping
pairs of characters, which still match where the dictionary cuts question and passage differently or does not
know a name. Documents and questions pass the same function, so nothing in a question is ever read as syntax.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from core.text.normalise import fold
from core.text.segment import words

VERSION = 1
"""Raise it when `terms` changes: indexes of other versions are made again."""
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]+")
_JOINTS = re.compile(r"[-\u2010\u2011]")
_LONGEST = 64
"""Longer words (base64, URLs without a break) are cut: nobody asks for their ends."""


def terms(text: str) -> list[str]:
    """Return the terms of `text` in order, repeated as often as they stand there; none holds a blank."""
    plain = fold(text).text.casefold().replace("\u2019", "'")
    found = [part for word in words(plain) for part in _parts(word.text)]
    found.extend(pair for run in _HAN.findall(plain) for pair in _pairs(run))
    stemmed: list[str] = _stemmer().analyze(" ".join(found)) if found else []
    return stemmed


def _parts(word: str) -> list[str]:
    """Return long-term as long and term, 1,234.50 as 1234.50; a Han word of one character is no term."""
    if _HAN.fullmatch(word):
        return [word] if len(word) > 1 else []
    if word[0].isdigit():
        return [word.replace(",", "")[:_LONGEST]]
    return [part[:_LONGEST] for part in _JOINTS.split(word) if part]


def _pairs(run: str) -> list[str]:
    if len(run) == 1:
        return [run]
    return [run[place : place + 2] for place in range(len(run) - 1)]


@cache
def _stemmer() -> Any:
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    return TextAnalyzerBuilder(Tokenizer.whitespace()).filter(Filter.stemmer("english")).build()
