"""Lists in pages: `{"data": […], "next_cursor"}`. A cursor is opaque; inside is the last row's id."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, Field

from core.errors import FieldError, InvalidInput

Row = TypeVar("Row")
Item = TypeVar("Item")
_ID = re.compile(r"[A-Za-z0-9._:-]{1,120}\Z")

Limit = Annotated[int, Field(ge=1, le=200, description="Rows of one page.")]
Cursor = Annotated[str | None, Field(max_length=400, description="`next_cursor` of the page before.")]


class Page(BaseModel, Generic[Row]):
    """One page of a list; `next_cursor` is null on the last."""

    data: list[Row]
    next_cursor: str | None = None


def after(cursor: str | None) -> str | None:
    """Return the id that a cursor stands for.

    Raises:
        InvalidInput: it is none of ours.
    """
    if cursor is None:
        return None
    try:
        decoded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        decoded = ""
    if not _ID.match(decoded):
        raise InvalidInput(
            "The cursor is none of ours.",
            remedy="Take `next_cursor` of the page before, unchanged.",
            errors=[FieldError("query:cursor", "not a cursor")],
        )
    return decoded


def slice_after(rows: Sequence[Item], cursor: str | None, id_of: Callable[[Item], str]) -> Sequence[Item]:
    """Return what stands behind the row that a cursor names; nothing where that row is gone."""
    last = after(cursor)
    if last is None:
        return rows
    ids = [id_of(row) for row in rows]
    return rows[ids.index(last) + 1 :] if last in ids else ()


def page(
    rows: Sequence[Item], limit: int, shown: Callable[[Item], Row], id_of: Callable[[Item], str]
) -> Page[Row]:
    """Make a page from up to `limit + 1` rows: the one too many says that there is a next page."""
    kept = rows[:limit]
    more = len(rows) > limit
    cursor = base64.urlsafe_b64encode(id_of(kept[-1]).encode()).decode().rstrip("=") if more else None
    return Page(data=[shown(row) for row in kept], next_cursor=cursor)
