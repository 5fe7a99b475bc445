"""Reads a JSON body strictly, before any framework sees it.

`json.loads` of the standard library takes NaN, Infinity and 1e999, keeps the last of duplicate keys, turns
"\\ud800" into a string that nothing can write down, and stops with a RecursionError at depth. The faster
parsers (orjson, jiter) cannot tell duplicate keys, and widen or refuse long integers as they please. So: one
linear pass of a regular expression counts the depth and the digits of numbers, then the standard parser runs
with hooks for the rest. What passes is safe for the framework's own, lenient parser.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Never

from core.errors import FieldError, InvalidInput, MalformedRequest
from core.text.types import fault

MAX_DIGITS = 400
"""A float has at most 309 digits before the point; longer integers are nobody's data."""

# Strings are skipped whole (possessive, and closed by the end of the text too, so that it stays linear on any
# input); of numbers only the very long ones are looked at.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[{]|[\]}]|[0-9]{%d,}+' % (MAX_DIGITS + 1), re.DOTALL)
_LONG = re.compile(rb"[0-9]{%d}" % (MAX_DIGITS + 1))
_UTF_16_OR_32 = (b"\xff\xfe", b"\xfe\xff", b"\x00")
_OPEN, _CLOSE = frozenset(b"[{"), frozenset(b"]}")


class _Refused(ValueError):
    """Carries an InvalidInput out of the standard parser."""

    def __init__(self, error: InvalidInput) -> None:
        self.error = error
        super().__init__(str(error))


def parse(body: bytes, *, max_depth: int) -> Any:
    """Return the value of a JSON text.

    Args:
        body: UTF-8 without a byte order mark.
        max_depth: Deepest nesting of arrays and objects.

    Raises:
        MalformedRequest: no JSON, or not in UTF-8. InvalidInput: JSON that we do not take: too deep, a
        duplicate key, a number out of range, NaN, Infinity,
            a lone surrogate or NUL in a string.
    """
    text = _decode(body)
    _scan(body, max_depth)
    try:
        value = json.loads(text, parse_constant=_constant, parse_float=_float, object_pairs_hook=_object)
    except _Refused as refused:
        raise refused.error from None
    except ValueError as error:
        place = (
            f" at line {error.lineno}, column {error.colno}"
            if isinstance(error, json.JSONDecodeError)
            else ""
        )
        raise MalformedRequest(
            f"The body is not JSON{place}.", remedy="Send one JSON value in UTF-8."
        ) from None
    if b"\\u" in body:
        _check_strings(value)
    return value


def _decode(body: bytes) -> str:
    if body.startswith(b"\xef\xbb\xbf") or body.startswith(_UTF_16_OR_32):
        raise MalformedRequest(
            "The body begins with a byte order mark, or is UTF-16 or UTF-32.",
            remedy="Send UTF-8 without a mark.",
        )
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"The body is not UTF-8 (byte {error.start}).", remedy="Send UTF-8.") from None


def _scan(body: bytes, max_depth: int) -> None:
    # Most bodies hold fewer brackets than levels are allowed, and no long run of digits: nothing to look at.
    if body.count(b"[") + body.count(b"{") <= max_depth and _LONG.search(body) is None:
        return
    depth = 0
    for match in _TOKEN.finditer(body):
        first = body[match.start()]
        if first in _OPEN:
            depth += 1
            if depth > max_depth:
                raise InvalidInput(
                    f"The JSON is nested deeper than {max_depth} levels.", remedy="Flatten it."
                )
        elif first in _CLOSE:
            depth -= 1
        elif first != 0x22:
            raise InvalidInput(f"A number has more than {MAX_DIGITS} digits.", remedy="Send it as a string.")


def _constant(name: str) -> Never:
    raise _Refused(InvalidInput(f"{name} is not a JSON number.", remedy="Send null or leave the field out."))


def _float(literal: str) -> float:
    number = float(literal)
    if math.isinf(number):
        raise _Refused(
            InvalidInput(f"The number {literal[:40]} is out of range.", remedy="Send a finite number.")
        )
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        shown = twice[:80].encode("utf-8", "replace").decode()
        raise _Refused(InvalidInput(f"The key {shown!r} stands twice in one object.", remedy="Send it once."))
    return value


def _check_strings(value: Any) -> None:
    faults = [FieldError(pointer, f"the text {found}") for pointer, found in _faults(value, "")]
    if faults:
        raise InvalidInput(
            "A text is not valid Unicode.",
            remedy="Send text without lone surrogates and NUL.",
            errors=faults[:20],
        )


def _faults(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        found = fault(value)
        if found is not None:
            yield pointer, found
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _faults(item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        for key, item in value.items():
            found = fault(key)
            if found is not None:
                yield pointer, f"as a key {found}"
            else:
                yield from _faults(item, f"{pointer}/{escape(key)}")


def escape(token: str) -> str:
    """Return a key as one step of a JSON pointer (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1")
