"""Makes Records of rows: fields as JSON values, an identity, a moment with a zone."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from connectors.common.times import moment
from core.errors import InvalidInput
from core.records import Record, Refused
from core.text.types import safe

IDS = ("external_id", "id", "guid", "url", "link")
REVISIONS = ("revised_at", "updated_at", "updated", "modified")
TIMES = ("published_at", "time", "datetime", "published", "date", "timestamp")
_LONGEST_RAW = 2_000


def to_record(
    row: Mapping[str, Any],
    source: str,
    zone: tzinfo,
    *,
    external_id: str | None = None,
    times: Sequence[str] = TIMES,
) -> Record:
    """Return a row as a Record.

    Args:
        row: Its fields; empty ones are left out.
        source: Name of the connection.
        zone: Of times that have none.
        external_id: Its id; default: the first of `IDS` that it has, else the hash of its content.
        times: Names of the field that tells when it appeared; the first that it has counts.

    Raises:
        InvalidInput: a text that cannot be stored, or a time that is none.
    """
    payload = {safe(str(key)): plain(value) for key, value in row.items() if not _empty(value)}
    told = next((row[name] for name in times if not _empty(row.get(name))), None)
    published = None if told is None else moment(told, zone)
    revised = revised_at([row.get(name) for name in REVISIONS], zone)
    given = external_id or next((str(payload[name]) for name in IDS if payload.get(name)), None)
    return Record(source, given or digest(payload), payload, published, revised)


def revised_at(values: Iterable[object], zone: tzinfo) -> datetime | None:
    """Return the first moment that one of `values` tells; what is no time is no fault of the row."""
    for value in values:
        try:
            found = moment(value, zone) if isinstance(value, str | datetime) else None
        except InvalidInput:
            continue
        if found is not None:
            return found
    return None


def plain(value: Any) -> Any:
    """Return a value as one that JSON can tell, all texts in NFC.

    Raises:
        InvalidInput: a text holds a lone surrogate or a NUL; a number is infinite or none.
    """
    match value:
        case str():
            return safe(value)
        case None | bool() | int():
            return value
        case float():
            return _finite(value)
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {safe(str(key)): plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case _:
            return safe(str(value))


def digest(payload: Mapping[str, Any]) -> str:
    """Return the hash of a payload: the identity of what has no id."""
    text = json.dumps(payload, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def refused(place: str, error: InvalidInput, raw: object) -> Refused:
    """Return a row that cannot be a Record, with what can be shown of it."""
    text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, default=str)
    return Refused(place, error.detail, shown(text))


def shown(text: str) -> str:
    """Return the beginning of a text, with what cannot be stored written as escapes."""
    encoded = text[:_LONGEST_RAW].encode("utf-8", "backslashreplace")
    return encoded.decode().replace("\x00", "\\x00")


def _empty(value: Any) -> bool:
    # A missing number in Parquet arrives as NaN.
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise InvalidInput(f"The number {value} is not finite.", remedy="Leave it out.")
    return value
