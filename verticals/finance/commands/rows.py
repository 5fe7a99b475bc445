"""Rows some at a time, for commands that read files of any size, and those that they leave out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from core.collecting.letters import Letter, letter
from core.records import ASSUMED, Record, Refused

Row = TypeVar("Row")
_SHOWN = 5
"""So many of the rows that are left out are told to whoever watches; the rest is counted."""
_MANY = 500


def batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    """Yield rows some at a time."""
    while batch := list(islice(rows, size)):
        yield batch


class Zoneless:
    """Counts the times of a file that bear no zone, where none was named for them."""

    def __init__(self) -> None:
        self._count = 0

    def watch(self, row: Record) -> None:
        """Look at a row."""
        self._count += row.published_at is not None and row.published_at.tzinfo is ASSUMED

    def end(self) -> None:
        """Tell on standard error how many there were, if any."""
        if self._count:
            told = f"times without a zone, taken for UTC: {self._count}; if theirs is another: --zone NAME"
            Console(stderr=True).print(told, markup=False, highlight=False, soft_wrap=True)


class LeftOut:
    """The rows of a file that cannot be taken; the first few are shown on standard error.

    Args:
        file: Theirs.
        keep: Given all of them, some at a time.

    Attributes:
        count: How many there were.
    """

    def __init__(self, file: Path, keep: Callable[[Sequence[Letter]], None] = lambda _letters: None) -> None:
        self._name = file.name
        self._keep = keep
        self._waiting: list[Letter] = []
        self.count = 0

    def add(self, row: Record | Refused, number: str, reason: str = "") -> None:
        """Leave a row out.

        Args:
            row: It.
            number: Its place among the rows; what the connector refused tells its line itself.
            reason: Why; what the connector refused tells that too.
        """
        made = letter(row, reason)
        if isinstance(row, Record):
            made = replace(made, place=f"{self._name}:row {number}")
        self.count += 1
        if self.count <= _SHOWN:
            told = f"{made.place} is left out: {made.reason}"
            Console(stderr=True).print(told, markup=False, highlight=False, soft_wrap=True)
        self._waiting.append(made)
        if len(self._waiting) >= _MANY:
            self.end()

    def end(self) -> None:
        """Hand over what was not handed over yet."""
        if self._waiting:
            self._keep(self._waiting)
        self._waiting = []
