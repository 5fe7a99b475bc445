"""What the wording of news says of a doubtful name: "Target recalls" is the company, "Target dates" is not.

Nothing is learnt: whoever does what only companies do, or has what only companies have, is one; so is a
common word with a capital inside a sentence, where neither an article nor another name stands before it.
"""

from __future__ import annotations

import re

from verticals.finance.policy.companies.folding import Key
from verticals.finance.policy.companies.words import (
    ACTED_ON,
    AFTER_MODALS,
    BETWEEN,
    DETERMINERS,
    DOES,
    DOES_OR_PERSON,
    HAS,
    LEADS,
    MODALS,
    PERSON_ACTED_ON,
    PREPOSITIONS,
    RELATIONS,
    ZH_BEFORE,
    ZH_BEHIND,
    ZH_LEADS,
)

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.&/'\u2019-]*")
_NEXT = re.compile(r" ?([A-Za-z0-9$][A-Za-z0-9.&/'\u2019-]*)")
_POSSESSIVE = re.compile(r"['\u2019]s?(?![A-Za-z])")
_COMPOUND = re.compile(r"-(?P<owned>owned|backed|led|made|branded|listed)?")
_LONG_WORD = re.compile(r"[A-Za-z]{4,}")
_STARTS = frozenset("\n.!?:;|()[]\"'#@*>\u2014\u2013\u2022\u201c\u201d\u2018\u2026-")
_JOINED = re.compile(r"\s?(?:,|/|&|、|,? ?\b(?:and|or|vs\.?|versus)\b|[和与及跟或])\s?")
_AROUND, _BEHIND, _BEFORE = 150, 80, 40
_SKIPPED = 4


def acts(folded: Key, start: int, end: int, *, person: bool) -> bool:
    """Whether a name at [start, end) does, has or suffers what companies do, have and suffer.

    Args:
        folded: The text.
        start: Where the name begins.
        end: Where it ends.
        person: It may be a person's or a place's name as well, and those say and win things, too.
    """
    plain = folded.plain
    if ZH_BEFORE.search(folded.text, max(0, start - 8), start):
        return True
    if ZH_BEHIND.match(folded.text, end):
        return not (_within_a_han_name(plain, start, end) or named_otherwise(plain, start))
    if named_otherwise(plain, start):
        return False
    compound = _COMPOUND.match(plain, end)
    if compound:
        return compound["owned"] is not None
    alone = _previous(plain, start).lower() not in DETERMINERS
    return _does(plain, end, person=person, verbs=alone) or _suffers(plain, start, person=person)


def proper(plain: str, start: int, end: int) -> bool:
    """Whether the capital of a word at [start, end) says by itself that it is a name."""
    if not plain[start].isupper() or named_otherwise(plain, start) or _COMPOUND.match(plain, end):
        return False
    if _previous(plain, start).lower() in DETERMINERS:
        return False
    possessive = _POSSESSIVE.match(plain, end)
    if possessive is not None and possessive.end() - possessive.start() > 1:
        return True
    following = _NEXT.match(plain, end)
    if following and following[1][0].isupper() and not _said_of_companies(following[1]):
        return False
    loud = plain[start:end].isupper() and end - start > 1
    return not _shouted(plain, start, end) if loud else _within_a_sentence(plain, start, end)


def joined(between: str) -> bool:
    """Whether two names with this between them stand in one list."""
    return _JOINED.fullmatch(between) is not None


def named_otherwise(plain: str, start: int) -> bool:
    """Whether the word before makes a longer name of it: Harrison Ford, Price Target."""
    previous = _previous(plain, start)
    if not previous or not previous[0].isupper():
        return False
    small = previous.lower()
    return not (
        small in LEADS
        or small in ACTED_ON
        or small in PREPOSITIONS
        or small.endswith(("'s", "s'", "\u2019s"))
    )


def _previous(plain: str, start: int) -> str:
    """Return the word right before a name; empty where punctuation or nothing stands there."""
    before = plain[max(0, start - _BEFORE) : start]
    if not before.endswith(" "):
        return ""
    word = before[:-1].rsplit(" ", 1)[-1].rsplit("\n", 1)[-1]
    return word if _WORD.fullmatch(word) else ""


def _does(plain: str, end: int, *, person: bool, verbs: bool) -> bool:
    possessive = _POSSESSIVE.match(plain, end)
    place = possessive.end() if possessive else end
    modal = False
    for _ in range(_SKIPPED):
        word = _NEXT.match(plain, place, place + _BEHIND)
        if word is None:
            return False
        small, place = word[1].lower().rstrip("."), word.end()
        if small in HAS or (verbs and (small in DOES or (modal and small in AFTER_MODALS))):
            return True
        if small in DOES_OR_PERSON:
            return verbs and not person
        if small == "in":
            return verbs and plain[place : place + 6].lower() == " talks"
        modal = modal or small in MODALS
        if small not in BETWEEN and small not in MODALS:
            return False
    return False


def _suffers(plain: str, start: int, *, person: bool) -> bool:
    words = plain[max(0, start - _BEFORE) : start].lower().split(" ")[:-1]
    if not words:
        return False
    if words[-1] in ACTED_ON:
        return not (person and words[-1] in PERSON_ACTED_ON)
    return len(words) > 1 and words[-1] in PREPOSITIONS and words[-2] in RELATIONS


def _within_a_han_name(plain: str, start: int, end: int) -> bool:
    """Whether a short name may be the end of a longer one, as 运通 of 广电运通."""
    before = plain[start - 1 : start]
    short = end - start == 2 or plain[start:end].isdigit()
    return short and "\u3400" <= before <= "\u9fff" and before not in ZH_LEADS


def _said_of_companies(word: str) -> bool:
    small = word.lower()
    return small in HAS or small in DOES or small in DOES_OR_PERSON or small in BETWEEN or small in MODALS


def _line(plain: str, start: int, end: int) -> str:
    low = max(plain.rfind("\n", max(0, start - _AROUND), start) + 1, start - _AROUND, 0)
    high = plain.find("\n", end, end + _AROUND)
    return plain[low : high if high >= 0 else end + _AROUND]


def _within_a_sentence(plain: str, start: int, end: int) -> bool:
    """Whether its capital is its own: it does not begin a sentence, and most words around it have none."""
    before = plain[max(0, start - 3) : start].rstrip(" ")
    if not before or before[-1] in _STARTS:
        return False
    around: list[str] = _LONG_WORD.findall(_line(plain, start, end))
    return 2 * sum(word[0].isupper() for word in around) < len(around) + 1


def _shouted(plain: str, start: int, end: int) -> bool:
    """Whether all around it is in capitals, too."""
    around: list[str] = _LONG_WORD.findall(_line(plain, start, end))
    return 2 * sum(word.isupper() for word in around) >= max(1, len(around))
