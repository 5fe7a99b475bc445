"""Tells the text on a PDF page that no reader sees: invisible, tiny, white on white, off the page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

SMALLEST = 2.0
"""Points; smaller letters are not for people."""
_WHITE = 0.97
_MOST_GROUNDS = 2_000
_PAINTS = {b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"}
_ENDS = _PAINTS | {b"n", b"S", b"s"}
_SHOWS = {b"Tj", b"TJ", b"'", b'"'}
_INVISIBLE = (3, 7)

Matrix = list[float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _State:
    white: bool = False
    mode: int = 0
    size: float = 12.0


def _numbers(operands: Any) -> list[float]:
    return [float(value) for value in operands if isinstance(value, int | float)]


def _white(operator: bytes, operands: Any) -> bool:
    values = _numbers(operands)
    if operator == b"k" or len(values) == 4:
        return bool(values) and max(values) <= 1 - _WHITE
    return bool(values) and min(values) >= _WHITE


def _at(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    return matrix[0] * x + matrix[2] * y + matrix[4], matrix[1] * x + matrix[3] * y + matrix[5]


class Watcher:
    """A visitor of pypdf's text extraction that empties what is not to be seen before it is read.

    Args:
        box: The page: left, bottom, right, top.
        images: Names of the page's pictures; white text on one can be seen.
        keep_invisible: Leave text in render mode 3 in: that of a scanned page whose letters were recognised.

    Attributes:
        hidden: How many strings were left out.
        invisible: How many strings were in render mode 3 or 7.
    """

    def __init__(self, box: Box, images: frozenset[str], *, keep_invisible: bool = False) -> None:
        self.hidden = 0
        self.invisible = 0
        self._box = box
        self._images = images
        self._keep = keep_invisible
        self._state = _State()
        self._stack: list[_State] = []
        self._path: list[tuple[float, float]] = []
        self._grounds: list[Box] = []

    def before(self, operator: bytes, operands: Any, cm: Matrix, tm: Matrix) -> None:
        """Called by pypdf before each operator."""
        if operator in _SHOWS:
            if operands and self._unseen(cm, tm):
                self._empty(operator, operands)
        elif operator in (b"q", b"Do"):
            self._stack.append(self._state)
            if operator == b"Do" and operands and str(operands[0]) in self._images:
                self._ground([_at(cm, x, y) for x, y in ((0, 0), (1, 0), (0, 1), (1, 1))])
        elif operator == b"Q":
            self._pop()
        else:
            self._set(operator, operands)
            self._draw(operator, operands, cm)

    def after(self, operator: bytes, operands: Any, cm: Matrix, tm: Matrix) -> None:
        """Called by pypdf after each operator: a form that was drawn leaves the state as it was."""
        del operands, cm, tm
        if operator == b"Do":
            self._pop()

    def _pop(self) -> None:
        if self._stack:
            self._state = self._stack.pop()

    def _set(self, operator: bytes, operands: Any) -> None:
        values = _numbers(operands)
        if operator in (b"g", b"rg", b"k", b"sc", b"scn"):
            self._state = replace(self._state, white=_white(operator, operands))
        elif operator == b"cs":
            self._state = replace(self._state, white=False)
        elif operator == b"Tr" and values:
            self._state = replace(self._state, mode=int(values[0]))
        elif operator == b"Tf" and values:
            self._state = replace(self._state, size=abs(values[-1]))

    def _draw(self, operator: bytes, operands: Any, cm: Matrix) -> None:
        values = _numbers(operands)
        if operator == b"re" and len(values) == 4:
            x, y, width, height = values
            self._path += [_at(cm, x, y), _at(cm, x + width, y + height)]
        elif operator in (b"m", b"l", b"c") and len(values) >= 2:
            self._path.append(_at(cm, values[-2], values[-1]))
        elif operator in _ENDS:
            if operator in _PAINTS and not self._state.white:
                self._ground(self._path)
            self._path = []

    def _ground(self, points: list[tuple[float, float]]) -> None:
        if points and len(self._grounds) < _MOST_GROUNDS:
            across, along = zip(*points, strict=True)
            self._grounds.append((min(across), min(along), max(across), max(along)))

    def _unseen(self, cm: Matrix, tm: Matrix) -> bool:
        if self._state.mode in _INVISIBLE:
            self.invisible += 1
            return not self._keep
        x, y = _at(cm, tm[4], tm[5])
        area = abs((tm[0] * tm[3] - tm[1] * tm[2]) * (cm[0] * cm[3] - cm[1] * cm[2]))
        if area and self._state.size * area**0.5 < SMALLEST:
            return True
        if not _inside(self._box, x, y):
            return True
        return self._state.white and not any(_inside(ground, x, y) for ground in self._grounds)

    def _empty(self, operator: bytes, operands: Any) -> None:
        self.hidden += 1
        operands[-1] = type(operands[-1])() if operator == b"TJ" else b""


def _inside(box: Box, x: float, y: float) -> bool:
    slack = 2.0
    return box[0] - slack <= x <= box[2] + slack and box[1] - slack <= y <= box[3] + slack
