"""Column types that mean the same on SQLite and PostgreSQL, and the one way JSON is written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

from core.errors import InvalidInput


def now() -> datetime:
    """Return the present moment in UTC, with a zone."""
    return datetime.now(UTC)


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no blanks, no NaN or Infinity.

    Raises:
        InvalidInput: the value has no JSON form.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(
            f"A value cannot be stored as JSON: {error}.",
            remedy="Send strings, finite numbers, lists and objects.",
        ) from error


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, `timestamptz` on PostgreSQL, UTC without a zone on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment into UTC.

        Raises:
            InvalidInput: the moment has no zone, so nobody knows when it is.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise InvalidInput(f"The time {value.isoformat()} has no zone.", remedy="Use datetime.now(UTC).")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the stored moment its zone back."""
        if value is None:
            return None
        del dialect  # PostgreSQL answers with a zone, SQLite without
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
