"""Compiles the terms of a pack to patterns, and finds them in a text.

A term is words with five signs: `[a|b]` one of, `(a|b)` one of or nothing, `~` a short gap without a
negation, `word*` any ending, `{!a|b}` at the end: not followed by. No term is a regular expression, so that
no pack can make the search slow: every pattern is literal words with bounded gaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_HAN = "\u3400-\u9fff"
_HAS_HAN = re.compile(f"[{_HAN}]")
_NEGATIONS = (
    r"(?:no|not|never|without|nor|neither|denies|isn'?t|doesn'?t|don'?t|didn'?t|hasn'?t|haven'?t|but)\b"
)
_GAP_EN = rf"[\s,-]{{0,3}}(?:(?!{_NEGATIONS})[\w'%/]{{1,24}}[\s-]{{1,3}}){{0,4}}"
_GAP_ZH = r"(?:不停|不断|不住|不时|不止|不是不|不知为何|不明原因|没完没了|[^。！？；，,\n不没无未否]){0,8}"
_TOKEN = re.compile(r"\[[^\[\]()]*\]|\([^\[\]()]*\)|[^\[\]()]+")
_OPTIONAL_END = re.compile(r"\s*\([^()]*\)$")
_WORDS = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_WORD_END = r"(?:(?<![a-z0-9])|(?![a-z0-9]))"
"""A Latin word must be over; behind a Han character a number may stand (怀孕36周)."""
_SIGNS = {" ": r"[\s,-]{1,3}", "*": r"[a-z]{0,12}", "'": "'?", "-": r"[\s-]?"}


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a concept.

    Attributes:
        concept: Id of the concept.
        keys: Groups of alternatives; a text that holds the words of no alternative of some group is let off.
        pattern: What is searched otherwise.
    """

    concept: str
    keys: tuple[tuple[frozenset[str], ...], ...]
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All terms of a pack, and the Latin words in them."""

    terms: tuple[Term, ...]
    words: frozenset[str]


def compile_terms(concepts: Mapping[str, Sequence[str]]) -> Lexicon:
    """Return the compiled terms of concepts.

    Raises:
        ValueError: a term is empty, or its brackets are not closed or stand inside each other.
    """
    terms = [_term(concept, one.lower()) for concept, all_ in concepts.items() for one in all_]
    words = {word for all_ in concepts.values() for one in all_ for word in _WORDS.findall(one.lower())}
    return Lexicon(tuple(terms), frozenset(words))


def find(lexicon: Lexicon, text: str) -> Iterator[tuple[str, int, int]]:
    """Yield (concept, start, end) for each mention in a text as `reading.read` folds it."""
    present = keys_of(text)
    for term in lexicon.terms:
        if all(any(keys <= present for keys in group) for group in term.keys):
            for match in term.pattern.finditer(text):
                if not _in_word(text, match.start()):
                    yield term.concept, match.start(), match.end()


def keys_of(text: str) -> frozenset[str]:
    """Return the Latin words, Han characters and pairs of Han characters of a folded text."""
    keys = {word.replace("'", "") for word in _WORDS.findall(text)}
    for run in re.findall(f"[{_HAN}]+", text):
        keys.update(run)
        keys.update(map("".join, pairwise(run)))
    return frozenset(keys)


def _in_word(text: str, place: int) -> bool:
    before, first = text[place - 1 : place] if place else "", text[place]
    return all(one.isascii() and one.isalnum() for one in (before or " ", first))


def _term(concept: str, term: str) -> Term:
    body, _, excluded = term.partition("{!")
    tokens = _TOKEN.findall(_OPTIONAL_END.sub("", body))
    if not body.strip() or "".join(_TOKEN.findall(body)) != body or (excluded and not excluded.endswith("}")):
        raise ValueError(
            f"the term {term!r} is empty or has brackets that are not closed or stand in each other"
        )
    gap = _GAP_ZH if _HAS_HAN.search(body) else _GAP_EN
    source = "".join(_source(token, gap) for token in tokens) + _WORD_END
    if excluded:
        source += f"(?!{'|'.join(re.escape(one) for one in excluded[:-1].split('|'))})"
    keys = tuple(_keys(token) for token in tokens if not token.startswith("("))
    return Term(concept, keys, re.compile(source))


def _source(token: str, gap: str) -> str:
    if token[0] not in "[(":
        return gap.join(_literal(piece) for piece in token.split("~"))
    choices = sorted(token[1:-1].split("|"), key=len, reverse=True)
    return f"(?:{'|'.join(gap.join(_literal(piece) for piece in one.split('~')) for one in choices)})" + (
        "?" if token[0] == "(" else ""
    )


def _literal(words: str) -> str:
    return "".join(_SIGNS.get(letter, re.escape(letter)) for letter in words)


def _keys(token: str) -> tuple[frozenset[str], ...]:
    """Return the words that each alternative of a token needs; none for a piece of a word."""
    choices = token[1:-1].split("|") if token[0] == "[" else [token]
    return tuple(_needed(one) for one in choices)


def _needed(words: str) -> frozenset[str]:
    found: set[str] = set()
    for piece in re.split(r"[~ ]", words):
        if piece and "*" not in piece and "-" not in piece:
            keys = keys_of(piece)
            found |= {key for key in keys if len(key) > 1 or not _HAS_HAN.match(key) or len(piece) == 1}
    return frozenset(found)
