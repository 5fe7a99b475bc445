"""Cuts passages into what can be quoted by itself: a sentence, a row of a table, the answer of a question.

What a stretch needs to be understood goes with it: the heading, the column names or the question above it as
context, and the line that introduces a list as `lead`, which is quoted too ("We cannot take back:").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.records import Span
from core.retrieval.chunk import JOINT
from core.retrieval.parse.clean import instructions
from core.retrieval.records import Hit
from core.text.segment import sentences

_BLOCK = re.compile(r"[^\n]+(?:\n[^\n]+)*")
_LINE = re.compile(r"[^\n]+")
_QUESTION = re.compile(r"[?？]\s*$")
_FIELD = re.compile(r"[^\n:]{1,40}: \S")
_LABEL = re.compile(r"[^\n:：。！？!?]{1,30}(?:：|: )\S")
_ENDED = re.compile(r"[.。!！;；?？:：,，)）”\"]\s*$")
_ITEM = re.compile(r"\s*(?:[-*•·]|\d{1,3}[.)、])\s")
_INTRODUCES = re.compile(r"[:：]\s*$")
# What a sentence that begins with it, this, otherwise … speaks of stands in the one before it.
_LEANS = re.compile(
    r"(?:it|its|they|their|them|this|that|these|those|he|she|there|then|otherwise|after that|afterwards|"
    r"instead|in (?:this|that|such) case|if (?:so|not|it|they|this|that))\b"
    r"|它|他们|它们|该|其|这|那|此|否则|不然|之后|之前|随后|然后|如是|届时|但|不过|超过",
    re.IGNORECASE,
)
_BARE = 16
"""A sentence up to this length, e.g. "Yes.", is quoted together with the next."""
_TABLE = " | "
_WHOLE = 320
"""Code points up to which a labelled line or an answer is not cut."""
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of a hit that can be quoted.

    Attributes:
        start: In code points of the document, as all places here.
        end: One past the last.
        context: What stands above it, for the eyes of the encoder.
        lead: A stretch that must be quoted before it.
    """

    hit: Hit
    start: int
    end: int
    context: str
    lead: Span | None = None

    @property
    def text(self) -> str:
        """The words of the document, as they stand there."""
        return quote(self.hit, Span(self.start, self.end))

    @property
    def introduced(self) -> str:
        """The words of the lead; empty where there is none."""
        return "" if self.lead is None else quote(self.hit, self.lead)

    @property
    def embedded(self) -> str:
        """What an encoder reads."""
        return "\n".join(part for part in (self.context, self.introduced, self.text) if part)


def quote(hit: Hit, span: Span) -> str:
    """Return the words of the document at a place inside the hit."""
    return hit.text[span.start - hit.start : span.end - hit.start]


def units(hit: Hit) -> list[Unit]:
    """Return what can be quoted of a passage, in order.

    A paragraph that speaks to a machine ("ignore previous instructions") is left out as a whole: the sentence
    behind such a one is no more to be trusted than the sentence itself.
    """
    bad = [
        Span(mark.start, mark.end) for mark in instructions(hit.text) if mark.start is not None and mark.end
    ]
    return list(_Cutter(hit, bad).cut())


class _Cutter:
    def __init__(self, hit: Hit, bad: list[Span]) -> None:
        self._hit = hit
        self._text = hit.text
        self._bad = bad
        self._context = hit.heading.rpartition(JOINT)[2] or hit.title
        self._lead: Span | None = None

    def cut(self) -> Iterator[Unit]:
        blocks = [Span(*match.span()) for match in _BLOCK.finditer(self._text)]
        for place, block in enumerate(blocks):
            if any(mark.start < block.end and mark.end > block.start for mark in self._bad):
                continue
            last = place == len(blocks) - 1
            text = self._slice(block)
            if not last and self._is_heading(text):
                self._context, self._lead = text.strip(), None
            elif not last and _INTRODUCES.search(text) and "\n" not in text:
                self._lead = block
            else:
                yield from self._of_block(block, text)
                self._lead = None

    def _is_heading(self, text: str) -> bool:
        if "\n" in text or len(text) > 200 or _ITEM.match(text) or _TABLE in text:
            return False
        known = text.strip() in self._hit.heading.split(JOINT)
        return known or bool(_QUESTION.search(text)) or not _ENDED.search(text)

    def _of_block(self, block: Span, text: str) -> Iterator[Unit]:
        lines = [Span(block.start + m.start(), block.start + m.end()) for m in _LINE.finditer(text)]
        texts = [self._slice(line) for line in lines]
        if len(lines) > 1 and _QUESTION.search(texts[0]):
            yield from self._answer(Span(lines[1].start, block.end), texts[0])
        elif all(_TABLE in line for line in texts):
            yield from self._table(lines, texts)
        elif len(lines) > 1 and len(text) <= _LONGEST and all(_FIELD.match(line) for line in texts):
            yield self._unit(block)
        else:
            for line in lines:
                yield from self._of_line(line)

    def _answer(self, span: Span, question: str) -> Iterator[Unit]:
        if span.end - span.start <= _WHOLE:
            yield self._unit(span, question.strip())
            return
        for part in self._sentences(span):
            yield self._unit(part, question.strip())

    def _table(self, lines: list[Span], texts: list[str]) -> Iterator[Unit]:
        named = len(lines) > 1 and not any(sign.isdigit() for sign in texts[0])
        names = texts[0] if named else ""
        for line in lines[named:]:
            yield self._unit(line, f"{self._context}\n{names}".strip())

    def _of_line(self, line: Span) -> Iterator[Unit]:
        text = self._slice(line)
        if _ITEM.match(text) or (_LABEL.match(text) and line.end - line.start <= _WHOLE):
            yield self._unit(line)
            return
        previous: Span | None = None
        for part in self._sentences(line):
            words = self._slice(part)
            leans = previous is not None and bool(_LEANS.match(words))
            bare = previous is not None and previous.end - previous.start <= _BARE
            start = previous.start if previous is not None and (leans or bare) else part.start
            yield self._unit(Span(start, part.end) if part.end - start <= _LONGEST else part)
            previous = part

    def _sentences(self, span: Span) -> list[Span]:
        found = sentences(self._slice(span), self._hit.lang)
        return [Span(span.start + each.start, span.start + each.end) for each in found]

    def _unit(self, span: Span, context: str | None = None) -> Unit:
        shift = self._hit.start
        lead = self._lead
        moved = None if lead is None else Span(lead.start + shift, lead.end + shift)
        above = self._context if context is None else context
        return Unit(self._hit, span.start + shift, span.end + shift, above, moved)

    def _slice(self, span: Span) -> str:
        return self._text[span.start : span.end]
