"""The strict reader of JSON bodies (reliability.md item 23)."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.jsonbody import parse
from core.errors import InvalidInput, MalformedRequest

DEPTH = 32


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": -1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 0.' + b"1" * 5000 + b"}",
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "\\u0062": 2}}',
        b'["\\ud800"]',
        b'["\\udc00\\ud800"]',
        b'["a\\u0000"]',
        b'{"\\ud800": 1}',
        b"[" * 33 + b"]" * 33,
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
)
def test_json_that_is_not_taken_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse(body, max_depth=DEPTH)


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-16-le"),
        '{"a": 1}'.encode("utf-16-be"),
        '{"a": 1}'.encode("utf-32"),
        '{"a": "亏损"}'.encode("gbk"),
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\x00"}',
        b'{"a": "line\nbreak"}',
        b"{",
        b"{} {}",
        b"{'a': 1}",
        b"[1,]",
        b'"' + b'\\"' * 100_000,
        b'"open',
        b"\\",
    ],
)
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        parse(body, max_depth=DEPTH)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 32 + b"]" * 32,
        b'["' + b"[" * 1000 + b'"]',
        b'["' + b"9" * 5000 + b'"]',
        b'["\\"[[[[[\\\\"]',
        '["\\ud83d\\udcc9", "👩‍👩‍👧‍👦", "\u202eabc\u202c", "\u200b"]'.encode(),
        b'{"a": 12345678901234567890123456789, "b": 1e308, "c": -0.0}',
        b' \n{"a": null}\t',
    ],
)
def test_json_that_is_merely_odd_is_taken_as_it_is(body: bytes) -> None:
    assert parse(body, max_depth=DEPTH) == json.loads(body)


def test_a_fault_in_a_text_is_pointed_at() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(b'{"a/b": [{"c~": "ok"}, {"c~": "\\ud800"}]}', max_depth=DEPTH)

    assert [fault.pointer for fault in caught.value.errors] == ["/a~1b/1/c~0"]


_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text('ab"\\[{]}é📉 '),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab"\\[{'), inner, max_size=4),
    max_leaves=20,
)


@given(_values, st.booleans())
def test_every_value_of_json_comes_back(value: object, ascii_only: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode(), max_depth=64) == value


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


@given(_values, st.integers(1, 6))
def test_the_depth_is_counted_rightly(value: object, limit: int) -> None:
    body = json.dumps(value).encode()
    if _depth(value) > limit:
        with pytest.raises(InvalidInput):
            parse(body, max_depth=limit)
    else:
        parse(body, max_depth=limit)


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_value_or_an_error_of_ours(body: bytes) -> None:
    with contextlib.suppress(InvalidInput, MalformedRequest):
        parse(body, max_depth=DEPTH)
