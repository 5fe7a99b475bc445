"""From rows of a file or of standard input to complaints: a CSV has words where a complaint has numbers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from core.errors import FieldError, InvalidInput
from core.inference.rows import read_chunks
from core.records import Record
from core.registry import find_connectors
from core.text.types import safe
from verticals.medical.intake import RANGES, Complaint, from_record

_YES, _NO = {"true", "yes", "y", "1", "是"}, {"false", "no", "n", "0", "否"}
_STDIN = "stdin"


def records(source: str) -> Iterator[Record]:
    """Yield the rows of a file, or of standard input (JSONL) for `-`.

    Raises:
        NotFound: no such file.
        InvalidInput: a row does not parse.
    """
    if source != "-":
        yield from (record for record, _ in find_connectors()["file"](source).read(None))
        return
    number = 0
    for chunk in read_chunks("-", sys.stdin):
        for row in chunk:
            number += 1
            yield Record(_STDIN, str(row.get("id") or f"{_STDIN}:{number}"), _safe(row))


def complaint_of(record: Record) -> Complaint:
    """Return the complaint in a row: vital signs are an object, or a column each, e.g. `heart_rate`.

    Raises:
        InvalidInput: a value is wrong; see `intake.from_payload`.
    """
    payload = {str(key): value for key, value in record.payload.items() if value not in (None, "")}
    vitals = _object(payload.pop("vitals", {}), "vitals")
    columns = {name: payload.pop(name) for name in (*RANGES, "consciousness") if name in payload}
    merged = {**columns, **vitals}
    payload["vitals"] = {
        name: value if name == "consciousness" else _number(value) for name, value in merged.items()
    }
    if "age" in payload:
        payload["age"] = _number(payload["age"])
    if isinstance(payload.get("pregnant"), str):
        payload["pregnant"] = _truth(payload["pregnant"])
    if isinstance(payload.get("conditions"), str):
        payload["conditions"] = payload["conditions"].replace("；", ";").split(";")
    payload["answers"] = _object(payload.pop("answers", {}), "answers")
    return from_record(Record(record.source, record.external_id, payload, record.published_at))


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, Mapping):
        raise InvalidInput(
            f"The column {name} holds no JSON object.",
            remedy='Write {"heart_rate": 90}, or a column each.',
            errors=[FieldError(f"/{name}", "no JSON object")],
        )
    return value


def _number(value: Any) -> Any:
    """Return the number that a cell says; what is none stays, and is refused with its name later."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return value


def _truth(word: str) -> bool | str:
    known = word.strip().lower()
    return True if known in _YES else False if known in _NO else word


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, dict):
        return {safe(str(key)): _safe(inner) for key, inner in value.items()}
    return [_safe(inner) for inner in value] if isinstance(value, list) else value
