"""Rows some at a time, for commands that read files of any size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

Row = TypeVar("Row")


def batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    """Yield rows some at a time."""
    while batch := list(islice(rows, size)):
        yield batch
