"""Maps a connector's Record to an item or an event; pure, so that a file can be read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from core.errors import FieldError, InvalidInput
from core.records import Record

_TITLES = ("title", "name", "product_name")
_TEXTS = ("description", "text", "summary", "body")
_GROUPS = ("variant_of", "variant_group", "item_group_id", "parent_id")
_ITEMS = ("item_id", "product_id", "sku", "movie_id", "movieId", "asin")
_USERS = ("user_id", "userId", "user", "visitor_id", "customer_id")
_SESSIONS = ("session_id", "sessionId", "anonymous_id", "client_id")
_TYPES = ("type", "event_type", "event", "event_name", "eventType")
_TIMES = ("timestamp", "time", "event_time", "unix_timestamp", "ts")
_VALUES = ("value", "rating", "price", "amount")
_TRUE = frozenset({"1", "true", "yes", "y"})
_MILLISECONDS = 1e11


def item(record: Record) -> dict[str, Any]:
    """Return a record as the body of an item, its id included; `schemas.items.ItemIn` checks it.

    Titles and descriptions may stand in one column, or in one a language (`title_en`, `title_zh`).

    Raises:
        InvalidInput: a number is none.
    """
    row = record.payload
    attributes = dict(row["attributes"]) if isinstance(row.get("attributes"), Mapping) else {}
    found: dict[str, Any] = {
        "id": record.external_id,
        "title": _localised(row, _TITLES),
        "description": _localised(row, _TEXTS),
        "category": _first(row, ("category", "product_type", "genre")),
        "currency": _first(row, ("currency",)),
        "variant_of": _first(row, _GROUPS) or _text(attributes.pop("variant_group", None)),
        "price": _number(record, row, "price"),
        "stock": _whole(record, row, "stock"),
        "repurchase_days": _whole(record, {**attributes, **row}, "repurchase_days"),
        "hidden": str(row.get("hidden", "")).strip().lower() in _TRUE,
        "attributes": {key: value for key, value in attributes.items() if key != "repurchase_days"},
    }
    return {name: value for name, value in found.items() if value is not None}


def event(record: Record) -> dict[str, Any]:
    """Return a record as an event; `schemas.events.EventIn` checks it.

    A row without a type is a rating where it has one, else a view; one without an id is known by the hash of
    its content, so that reading a file twice changes nothing.

    Raises:
        InvalidInput: a number or a time is none.
    """
    row = record.payload
    stars = _first(row, ("rating",))
    found: dict[str, Any] = {
        "event_id": _first(row, ("event_id",)) or record.external_id,
        "user_id": _first(row, _USERS),
        "session_id": _first(row, _SESSIONS),
        "item_id": _first(row, _ITEMS),
        "type": _first(row, _TYPES) or ("rating" if stars else "view"),
        "value": next((v for name in _VALUES if (v := _number(record, row, name)) is not None), None),
        "timestamp": _moment(record),
        "recommendation_id": _first(row, ("recommendation_id",)),
    }
    return {name: value for name, value in found.items() if value is not None}


def _localised(row: Mapping[str, Any], names: Iterable[str]) -> Any:
    for name in names:
        value = row.get(name)
        if isinstance(value, Mapping):
            value = {key: text for key, text in value.items() if text}
        if isinstance(value, str | Mapping) and value:
            return value
        by_lang = {
            key[len(name) + 1 :]: value
            for key, value in row.items()
            if key.startswith(f"{name}_")
            and isinstance(value, str)
            and value
            and len(key) - len(name) in (3, 4)
        }
        if by_lang:
            return by_lang
    return None


def _first(row: Mapping[str, Any], names: Iterable[str]) -> str | None:
    return next((found for name in names if (found := _text(row.get(name))) is not None), None)


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None


def _number(record: Record, row: Mapping[str, Any], name: str) -> float | None:
    value = row.get(name)
    if value is None or isinstance(value, bool) or not str(value).strip():
        return None
    try:
        return float(str(value).strip())
    except ValueError:
        raise _faulty(record, f"has the {name} {str(value)[:40]!r}, which is no number") from None


def _whole(record: Record, row: Mapping[str, Any], name: str) -> int | None:
    found = _number(record, row, name)
    if found is not None and found != int(found):
        raise _faulty(record, f"has the {name} {found!r}, which is no whole number")
    return None if found is None else int(found)


def _moment(record: Record) -> str | None:
    """Return RFC 3339; a plain number is seconds, or milliseconds, since 1970."""
    if record.published_at is not None:
        return record.published_at.isoformat()
    seconds = next((n for name in _TIMES if (n := _epoch(record.payload.get(name))) is not None), None)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def _epoch(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    number = number / 1000 if number > _MILLISECONDS else number
    return number if 0 < number < _MILLISECONDS else None


def _faulty(record: Record, fault: str) -> InvalidInput:
    where = f"{record.source}:{record.external_id}"
    return InvalidInput(
        f"The record {where} {fault}.", remedy="Mend the file.", errors=[FieldError(where, fault)]
    )
