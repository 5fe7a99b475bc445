"""Reads items and events of files, through the connector that the registry finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from core.errors import InvalidInput
from core.ranking.interactions import Row
from core.records import Record
from core.registry import find_connectors
from verticals.recommend.intake import event
from verticals.recommend.policy.events import kind, weight

Each = TypeVar("Each")


def bodies(
    file: Path, zone: str | None, shape: Callable[[Record], dict[str, Any]], left_out: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file as bodies; tell of a row that cannot be read, and go on."""
    for record, place in find_connectors()["file"](file, zone=zone).read(None):
        try:
            yield shape(record)
        except InvalidInput as error:
            left_out()
            Console(stderr=True).print(f"row {place} is left out: {error.detail}", markup=False)


def interactions(file: Path, zone: str | None) -> Iterator[Row]:
    """Yield who took what and when, of the events in a file that tell of an interest."""
    for body in bodies(file, zone, event, lambda: None):
        found = kind(str(body["type"]))
        worth = 0.0 if found is None else weight(found, body.get("value"))
        who = body.get("user_id") or body.get("session_id")
        if worth > 0 and who and body.get("item_id") and body.get("timestamp"):
            yield str(who), str(body["item_id"]), worth, datetime.fromisoformat(str(body["timestamp"]))


def batches(rows: Iterator[Each], size: int) -> Iterator[list[Each]]:
    """Yield lists of up to `size` rows."""
    while batch := list(islice(rows, size)):
        yield batch
