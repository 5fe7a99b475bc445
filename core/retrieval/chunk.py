"""Cuts a parsed document into passages along its structure.

    parsed = parse(data, filename="returns.md")
    [parsed.text[chunk.start : chunk.end] for chunk in chunk(parsed)]

A passage stays below one heading and on one page. Questions with their answers, table rows and sentences stay
whole as long as they fit. Every character that is no blank is in a passage; where a section is longer than
one passage, the next repeats the last sentence of the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from core.records import Span
from core.retrieval.records import Block, Chunk, Parsed
from core.text.segment import sentences

TARGET = 900
"""Weight of a passage: 900 letters, or 350 Chinese characters; some 250 tokens."""
OVERLAP = 120
JOINT = " › "
"""Between the headings of a path."""

_WIDE = re.compile(
    "[\u2e80-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60\U00020000-\U000323af]"
)
_WIDE_WEIGHT = 18 / 7
_STRETCH = 2.0
"""A table or a row is kept whole up to so many times the target."""
_TINY = 1 / 12
"""A section below this share of the target is joined with its next sibling."""
_LINE = re.compile(r"[^\n]+")
_SOFT = re.compile(r"[,，、;；:：)）\s]")


@dataclass(frozen=True, slots=True)
class _Section:
    """Successive blocks below one heading, on one page; or several such joined.

    Attributes:
        path: What all of it stands below.
        last: The path of the last that was joined.
    """

    path: tuple[str, ...]
    last: tuple[str, ...]
    page: int | None
    blocks: tuple[Block, ...]

    @property
    def start(self) -> int:
        return self.blocks[0].start

    @property
    def end(self) -> int:
        return self.blocks[-1].end


class _Scale:
    """Weighs stretches of a text in constant time."""

    def __init__(self, text: str) -> None:
        wide = (match.start() for match in _WIDE.finditer(text))
        marks = bytearray(len(text))
        for place in wide:
            marks[place] = 1
        self._wide = [0, *accumulate(marks)]

    def weigh(self, start: int, end: int) -> float:
        """Return the length of [start, end), a wide character counting more."""
        return end - start + (_WIDE_WEIGHT - 1) * (self._wide[end] - self._wide[start])


def chunk(parsed: Parsed, *, target: int = TARGET, overlap: int = OVERLAP) -> list[Chunk]:
    """Return the passages of a document, in order.

    Args:
        parsed: From `core.retrieval.parse.parse`.
        target: Weight that a passage does not go beyond, tables and rows excepted: these reach twice that.
        overlap: Weight up to which the last sentence of a passage is repeated in the next.
    """
    return _Chunker(parsed.text, target, overlap).cut(parsed.blocks)


class _Chunker:
    def __init__(self, text: str, target: int, overlap: int) -> None:
        self._text = text
        self._scale = _Scale(text)
        self._target = target
        self._overlap = min(overlap, target // 2)

    def cut(self, blocks: Sequence[Block]) -> list[Chunk]:
        return [piece for section in self._joined(_sections(blocks)) for piece in self._pack(section)]

    def _joined(self, sections: Iterator[_Section]) -> Iterator[_Section]:
        """Join a section that is only a heading with what it heads, and tiny ones with their next sibling."""
        held: _Section | None = None
        for section in sections:
            if held is not None and self._joins(held, section):
                bare = all(block.kind == "heading" for block in held.blocks)
                path = section.path if bare else _common(held.path, section.path)
                held = _Section(path, section.path, held.page, held.blocks + section.blocks)
                continue
            if held is not None:
                yield held
            held = section
        if held is not None:
            yield held

    def _joins(self, first: _Section, second: _Section) -> bool:
        if first.page != second.page or self._scale.weigh(first.start, second.end) > self._target:
            return False
        if all(block.kind == "heading" for block in first.blocks):
            return second.path[: len(first.path)] == first.path
        siblings = (
            bool(first.last) and len(first.last) == len(second.path) and first.last[:-1] == second.path[:-1]
        )
        tiny = self._scale.weigh(first.start, first.end) <= _TINY * self._target
        return siblings and tiny

    def _pack(self, section: _Section) -> Iterator[Chunk]:
        """Fill passages with whole units, as many as fit."""
        heading = JOINT.join(section.path)
        taken: list[Span] = []
        for unit, alone in self._units(section.blocks):
            most = float(self._target)
            if alone and taken and self._scale.weigh(taken[0].start, taken[-1].end) <= self._overlap:
                most = _STRETCH * self._target  # a heading or a line that introduces a table stays with it
            if taken and self._scale.weigh(taken[0].start, unit.end) > most:
                yield Chunk(taken[0].start, taken[-1].end, heading, section.page)
                taken = [] if alone else self._repeated(taken, unit)
            taken.append(unit)
            if alone:
                yield Chunk(taken[0].start, unit.end, heading, section.page)
                taken = []
        if taken:
            yield Chunk(taken[0].start, taken[-1].end, heading, section.page)

    def _repeated(self, taken: list[Span], unit: Span) -> list[Span]:
        last = taken[-1]
        small = self._scale.weigh(last.start, last.end) <= self._overlap
        fits = self._scale.weigh(last.start, unit.end) <= self._target
        return [last] if len(taken) > 1 and small and fits else []

    def _units(self, blocks: Sequence[Block]) -> Iterator[tuple[Span, bool]]:
        """Yield what is not to be cut, and whether it makes a passage by itself."""
        for block in blocks:
            weight = self._scale.weigh(block.start, block.end)
            large = block.kind == "table" and weight > self._target
            if (large or block.kind == "row") and weight <= _STRETCH * self._target:
                yield Span(block.start, block.end), True
            elif weight <= self._target:
                yield Span(block.start, block.end), False
            else:
                yield from ((span, False) for span in self._parts(block))

    def _parts(self, block: Block) -> Iterator[Span]:
        for line in _LINE.finditer(self._text, block.start, block.end):
            if not line.group().strip():
                continue
            if self._scale.weigh(line.start(), line.end()) <= self._overlap or block.kind in (
                "table",
                "list",
                "code",
            ):
                yield from self._forced(Span(line.start(), line.end()))
                continue
            for found in sentences(line.group()):
                yield from self._forced(Span(line.start() + found.start, line.start() + found.end))

    def _forced(self, span: Span) -> Iterator[Span]:
        """Cut what is over the target by itself: at a comma or blank of its last quarter, else anywhere."""
        start = span.start
        while self._scale.weigh(start, span.end) > self._target:
            end = self._reach(start, span.end)
            breaks = [
                match.end() for match in _SOFT.finditer(self._text, start + 3 * (end - start) // 4, end)
            ]
            end = breaks[-1] if breaks else end
            yield from self._trimmed(start, end)
            start = end
        yield from self._trimmed(start, span.end)

    def _trimmed(self, start: int, end: int) -> Iterator[Span]:
        text = self._text[start:end]
        if text.strip():
            yield Span(start + len(text) - len(text.lstrip()), end - len(text) + len(text.rstrip()))

    def _reach(self, start: int, end: int) -> int:
        """Return the furthest place at which [start, place) still fits."""
        low, high = start + 1, end
        while low < high:
            middle = (low + high + 1) // 2
            if self._scale.weigh(start, middle) <= self._target:
                low = middle
            else:
                high = middle - 1
        return low


def _sections(blocks: Sequence[Block]) -> Iterator[_Section]:
    part, previous = 0, None
    numbered = []
    for block in blocks:
        # Two sections of one name may follow each other: a heading always begins a new one.
        part += block.kind == "heading" or previous != (block.heading, block.page)
        previous = (block.heading, block.page)
        numbered.append((part, block))
    for _, group in groupby(numbered, key=lambda item: item[0]):
        members = tuple(block for _, block in group)
        yield _Section(members[0].heading, members[0].heading, members[0].page, members)


def _common(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    same = 0
    while same < min(len(first), len(second)) and first[same] == second[same]:
        same += 1
    return first[:same]
