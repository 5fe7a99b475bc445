"""The place of a row in the order of a table, written so that the database gets back what it gave."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.errors import InvalidInput

_READ: dict[str, tuple[type, Callable[[str], Any]]] = {
    "int": (int, int),
    "str": (str, str),
    "float": (float, float.fromhex),
    "datetime": (datetime, datetime.fromisoformat),
    "date": (date, date.fromisoformat),
    "decimal": (Decimal, Decimal),
    "uuid": (UUID, UUID),
    "bytes": (bytes, bytes.fromhex),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Behind which row to go on.

    Attributes:
        order: Its value in the column that grows.
        key: Its value in the column that no two rows share.
    """

    order: Any
    key: Any


def encoded(place: Place) -> str:
    """Return a place as a cursor.

    Raises:
        InvalidInput: a column of a type that cannot order rows.
    """
    return json.dumps(["sql", *_told(place.order), *_told(place.key)], separators=(",", ":"))


def decoded(cursor: str | None) -> Place | None:
    """Return the place that a cursor tells.

    Raises:
        InvalidInput: it is no such cursor.
    """
    if cursor is None:
        return None
    try:
        kind, order_type, order, key_type, key = json.loads(cursor)
        if kind != "sql":
            raise ValueError(kind)
        return Place(_READ[order_type][1](order), _READ[key_type][1](key))
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError) as error:
        raise InvalidInput(
            f"{cursor[:40]!r} is no cursor of a table.", remedy="Use one that this connector gave."
        ) from error


def _told(value: Any) -> tuple[str, str]:
    for name, (kind, _) in _READ.items():
        if type(value) is kind:
            return name, _written(value)
    raise InvalidInput(
        f"Rows cannot be ordered by a column of {type(value).__name__}.",
        remedy="Order by a number, a time or a text.",
    )


def _written(value: Any) -> str:
    match value:
        case float() | bytes():
            return value.hex()
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value)
