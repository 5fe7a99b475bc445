"""Finds which cues reach which mentions. Linear in the text, n log n in the mentions."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from core.records import Span
from core.text.assertion.chinese import CHINESE
from core.text.assertion.english import ENGLISH
from core.text.assertion.statuses import ALSO, BACKWARD, FORWARD, PRECEDENCE, Cues, Status

_BORDER = re.compile(r"[。！!？；;\n\r\u2028\u2029]+|\?(?=\s*(?:\S{4}|$))|\.(?=\s|$)|[•●▪]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[a-z]")
_AND = re.compile(r"\band\b")
_BACK_REACH = 48
"""A backward cue reaches so many characters; `no_after` touches its mention."""
_TOUCH = 3
_LIST = 300
"""So many characters behind a "no" are searched for the "or" that closes its list."""
_WIDE = 400
"""No forward cue reaches farther."""


_WIDE_KINDS = frozenset({"maybe", "maybe_after", "iffy"})
"""These reach over pronouns and verbs ("might be that my chest …"); only a "but" ends them."""


class _Cue(NamedTuple):
    start: int
    end: int


def status(text: str, span: Span, lang: str | None = None) -> Status:
    """Return how one mention is meant; see `assess`."""
    return assess(text, [span], lang)[0]


def assess(text: str, spans: Sequence[Span], lang: str | None = None) -> list[Status]:
    """Return how each mention is meant, in the order given.

    Give all mentions of a text at once: where two follow each other without a conjunction ("no fever chest
    pain"), only the first is surely under the "no".

    Args:
        text: The whole text; sentences are cut here.
        spans: Ranges of `text`, in any order; they may overlap.
        lang: "en" or "zh" to use one language's cues; None for those of every script in the text.
    """
    plain = _lower(text)
    borders = [match.start() for match in _BORDER.finditer(plain)]
    ordered = sorted((span.start, span.end) for span in spans)
    languages = tuple(_languages(plain, lang))
    sentences: dict[int, list[_Sentence]] = {}
    found = []
    for span in spans:
        index = bisect_right(borders, span.start)
        if index not in sentences:
            start = borders[index - 1] if index else 0
            end = borders[index] + 1 if index < len(borders) else len(plain)
            sentences[index] = [_Sentence(plain, start, end, cues, ordered) for cues in languages]
        reached = {one for sentence in sentences[index] for one in sentence.reached(span)}
        found.append(next((one for one in PRECEDENCE if one in reached), Status.PRESENT))
    return found


def _lower(text: str) -> str:
    lowered = text.lower()
    if len(lowered) != len(text):  # "İ" becomes two code points
        lowered = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
    return lowered.replace("\u2019", "'")


def _languages(plain: str, lang: str | None) -> Iterable[Cues]:
    if lang != "zh" and _LATIN.search(plain):
        yield ENGLISH
    if lang != "en" and _HAN.search(plain):
        yield CHINESE


class _Sentence:
    """The cues of one sentence by kind, each kind from left to right."""

    def __init__(self, plain: str, start: int, end: int, cues: Cues, spans: list[tuple[int, int]]) -> None:
        self._plain, self._end, self._cues, self._spans = plain, end, cues, spans
        self._found: dict[str, list[_Cue]] = {}
        for match in cues.pattern.finditer(plain, start, end):
            self._found.setdefault(str(match.lastgroup), []).append(_Cue(match.start(), match.end()))
        for kind, others in ALSO.items():
            both = [cue for one in (kind, *others) for cue in self._found.get(one, ())]
            self._found[kind] = sorted(both)

    def reached(self, span: Span) -> Iterable[Status]:
        """Return the statuses whose cues reach `span`; none for a plainly present one."""
        for kind, meant in FORWARD.items():
            cue = self._last_before(kind, span.start)
            if cue is not None and not self._stopped(cue.end, span.start, kind):
                outcome = self._listed(kind, cue, span) if meant is Status.ABSENT else meant
                if outcome is not None and not self._now(kind, cue, span):
                    yield outcome
        for kind, meant in BACKWARD.items():
            cue = self._first_after(kind, span.end)
            reach = _TOUCH if kind == "no_after" else _BACK_REACH
            near = cue is not None and cue.start - span.end <= reach
            if (
                cue is not None
                and near
                and not self._stopped(span.end, cue.start, kind)
                and not self._now(kind, cue, span)
            ):
                yield meant

    def _last_before(self, kind: str, place: int) -> _Cue | None:
        cues = self._found.get(kind, [])
        index = bisect_right(cues, place, key=lambda cue: cue.end)
        return cues[index - 1] if index and place - cues[index - 1].end <= _WIDE else None

    def _first_after(self, kind: str, place: int) -> _Cue | None:
        cues = self._found.get(kind, [])
        index = bisect_left(cues, place, key=lambda cue: cue.start)
        return cues[index] if index < len(cues) else None

    def _stopped(self, start: int, end: int, kind: str) -> bool:
        """Tell whether something between a cue and its mention ends the scope."""
        if kind in _WIDE_KINDS:
            return any(word in self._plain[start:end] for word in (" but ", " however ", "但", "不过", "却"))
        stop = self._last_before("stop", end)
        return stop is not None and stop.start >= start

    def _now(self, kind: str, cue: _Cue, span: Span) -> bool:
        """Tell whether the sentence says "now" of what a cue puts into the past or into the family."""
        if not kind.startswith(("past", "kin")):
            return False
        low, high = min(cue.start, span.start), max(cue.end, span.end)
        recent = self._first_after("recent", low if kind.startswith("past") else 0)
        return recent is not None and (kind.startswith("kin") or recent.end <= high)

    def _listed(self, kind: str, cue: _Cue, span: Span) -> Status | None:
        """Return what a negation makes of a mention that may be an item of its list."""
        between = self._plain[cue.end : span.start]
        if kind == "denies":
            return Status.ABSENT
        doubtful = self._cues.doubts.search(between) is not None
        if not doubtful and self._cues.joins.search(between) is None:
            if len(between) > self._cues.reach:
                return None
            return Status.UNCERTAIN if self._mention_between(cue.end, span.start) else Status.ABSENT
        if not doubtful:
            return Status.ABSENT
        if self._cues is CHINESE:
            return None
        return Status.ABSENT if self._closed_list(cue, span) else Status.UNCERTAIN

    def _mention_between(self, start: int, end: int) -> bool:
        index = bisect_left(self._spans, (start, start))
        return index < len(self._spans) and self._spans[index][1] <= end

    def _closed_list(self, cue: _Cue, span: Span) -> bool:
        """Tell whether commas only part the items of "no a, b or c" up to the mention."""
        stop = self._first_after("stop", span.end)
        end = min(self._end, cue.end + _LIST, stop.start if stop else self._end)
        closings = [match.end() for match in self._cues.ends_list.finditer(self._plain, cue.end, end)]
        if not closings or _AND.search(self._plain, cue.end, span.start):
            return False
        return span.start < closings[-1] or "," not in self._plain[closings[-1] : span.start]
