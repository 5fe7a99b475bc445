"""Hostile input: what a route must answer with a 4xx, or take, and never with a 5xx."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

LITERALS: Mapping[str, str] = {
    "lone surrogate": r'"a \ud800 b"',
    "surrogates in the wrong order": r'"\udc00\ud800"',
    "NUL": r'"a \u0000 b"',
    "empty": '""',
    "blanks": r'"  \t\n\u3000 "',
    "zero width": '"\u200b\u2060\ufeff"',
    "right to left": '"\u202eabc\u202c \u05e9\u05dc\u05d5\u05dd"',
    "emoji": '"👩‍👩‍👧‍👦 🏳️‍🌈 📉"',
    "full width": '"ＡＢＣ１２３％"',
    "combining": json.dumps("e" + "\u0301" * 500),
    "terminal codes": r'"\u001b[31mred\u001b[0m\r\nGET / HTTP/1.1"',
    "expanding": json.dumps("\ufdfa" * 200),
    "markup": '"<b onclick=x>{{7*7}} \'; DROP TABLE tenants;--"',
    "not a number": "NaN",
    "infinity": "-Infinity",
    "overflow": "1e999",
    "5,000 digits": "9" * 5000,
    "negative": "-1",
    "float": "0.5",
    "null": "null",
    "true": "true",
    "array": "[]",
    "object": "{}",
    "nested": "[" * 60 + "]" * 60,
}
"""JSON texts that are put in the place of each value of a valid body, by name."""

BODIES: Mapping[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "array": b"[]",
    "string": b'"text"',
    "no JSON": b"{text: 'a'",
    "cut": b'{"texts": [{"text": "a',
    "two values": b"{} {}",
    "depth 100,000": b"[" * 100_000,
    "duplicate keys": b'{"a": 1, "a": 2}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": "b"}'.encode("utf-16"),
    "no UTF-8": b'{"a": "\xff\xfe\xb0\xa1"}',
    "NUL bytes": b'{"a": "\x00"}',
    "form": b"a=b&c=d",
    "12 MB": b'{"a": "' + b"x" * 12_000_000 + b'"}',
}
"""Whole bodies, by name."""

_PLACE = "\ue000place\ue000"


def mutations(body: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield named bodies: each value of `body` in turn replaced by each literal; a field added."""
    for path in _paths(body):
        template = json.dumps(_with(body, path, _PLACE), ensure_ascii=False)
        for name, literal in LITERALS.items():
            text = template.replace(json.dumps(_PLACE, ensure_ascii=False), literal)
            yield f"{name} at /{'/'.join(map(str, path))}", text.encode("utf-8")
    yield "unknown field", json.dumps({**body, "no_such_field": 1}).encode("utf-8")


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _paths(inner, (*path, index))


def _with(body: Mapping[str, Any], path: tuple[str | int, ...], value: Any) -> Any:
    changed: Any = copy.deepcopy(dict(body))
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed
