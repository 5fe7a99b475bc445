"""Safetensors headers: what we write others read; what is unsound is refused before allocating."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RefusedWeights
from core.models.safetensors_file import MAX_HEADER, parse_header, read_header, read_tensors, write_tensors


def _write(path: Path, header: object, data: bytes = bytes(16), length: int | None = None) -> Path:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(raw) if length is None else length) + raw + data)
    return path


def _entry(dtype: str = "F32", shape: Any = (4,), offsets: Any = (0, 16)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def test_what_is_written_is_what_the_library_reads(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    arrays = {
        "b": np.arange(6, dtype=np.float32).reshape(2, 3),
        "a": np.arange(5, dtype=np.uint8),
        "每": np.asfortranarray(np.arange(6, dtype=np.int64).reshape(3, 2)),
        "empty": np.zeros((0, 4), dtype=np.float16),
        "scalar": np.array(2.5, dtype=np.float64),
    }
    write_tensors(tmp_path / "m.safetensors", arrays)

    read = load_file(tmp_path / "m.safetensors")

    assert read.keys() == arrays.keys()
    assert all(np.array_equal(read[name], arrays[name]) for name in arrays)
    assert all(read[name].dtype == arrays[name].dtype for name in arrays)
    assert read_tensors(tmp_path / "m.safetensors").keys() == arrays.keys()


def test_what_the_library_writes_is_sound(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"a": np.ones(3, np.float32), "b": np.ones((2, 2), np.int8)}, tmp_path / "m.safetensors")

    tensors = read_header(tmp_path / "m.safetensors")

    assert {name: (t.dtype, t.shape) for name, t in tensors.items()} == {
        "a": ("F32", (3,)),
        "b": ("I8", (2, 2)),
    }


_BAD: dict[str, tuple[object, str]] = {
    "not json": (b"{oops", "not JSON"),
    "not an object": (b"[1]", "does not begin"),
    "deep": (b'{"a":' * 100_000, "not JSON"),
    "a number of many digits": (b'{"a":' + b"9" * 10_000 + b"}", "not JSON"),
    "a key twice": (b'{"a":1,"a":2}', "twice"),
    "unknown dtype": ({"a": _entry("F31")}, "unknown dtype"),
    "dtype of another type": ({"a": _entry(["F32"])}, "unknown dtype"),  # type: ignore[arg-type]
    "a key more": ({"a": {**_entry(), "run": "me"}}, "not just"),
    "negative shape": ({"a": _entry(shape=(-4, -1))}, "odd shape"),
    "shape of booleans": ({"a": _entry(shape=(True, 4))}, "odd shape"),
    "many axes": ({"a": _entry(shape=(1,) * 9)}, "odd shape"),
    "overflowing shape": ({"a": _entry(shape=(2**47, 2**47, 2**47))}, "its shape asks for"),
    "backward offsets": ({"a": _entry(offsets=(16, 0))}, "bytes, its shape"),
    "size and shape apart": ({"a": _entry(shape=(3,))}, "its shape asks for 12"),
    "overlap": ({"a": _entry(), "b": _entry(shape=(2,), offsets=(8, 16))}, "starts at 8"),
    "hole": (
        {"a": _entry(shape=(1,), offsets=(0, 4)), "b": _entry(shape=(2,), offsets=(8, 16))},
        "starts at 8",
    ),
    "past the end": ({"a": _entry(shape=(8,), offsets=(0, 32))}, "end at byte 32"),
    "bytes left over": ({"a": _entry(shape=(2,), offsets=(0, 8))}, "the data at 16"),
    "metadata not text": ({"__metadata__": {"a": 1}, "a": _entry()}, "metadata"),
}


@pytest.mark.parametrize(("header", "fault"), _BAD.values(), ids=_BAD)
def test_an_unsound_header_is_refused(header: object, fault: str, tmp_path: Path) -> None:
    path = _write(tmp_path / "bad.safetensors", header)

    with pytest.raises(RefusedWeights, match=fault) as caught:
        read_header(path)

    assert str(path) in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("length", [0, 1, 2**63, MAX_HEADER + 1, 60])
def test_an_absurd_header_length_is_refused(length: int, tmp_path: Path) -> None:
    path = _write(tmp_path / "bad.safetensors", b"{}", b"", length)

    with pytest.raises(RefusedWeights, match="header"):
        read_header(path)


def test_a_file_of_a_few_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"\0\0\0")

    with pytest.raises(RefusedWeights, match="only 3 bytes"):
        read_header(tmp_path / "bad.safetensors")


_SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=6)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
)
_TENSORS = st.dictionaries(
    st.text(max_size=4),
    st.fixed_dictionaries(
        {
            "dtype": st.sampled_from(["F32", "U8", "F16", "I64", "X"]) | _SCALARS,
            "shape": st.lists(st.integers(-1, 2**40), max_size=3) | _JSON,
            "data_offsets": st.lists(st.integers(-1, 64), min_size=2, max_size=2) | _JSON,
        }
    ),
    max_size=4,
)


@settings(max_examples=400, deadline=None)
@given(_TENSORS | st.dictionaries(st.text(max_size=6), _JSON, max_size=4), st.integers(0, 64))
def test_any_header_is_sound_or_refused(header: object, size: int) -> None:
    raw = json.dumps(header).encode()

    try:
        tensors = parse_header(raw, size, "fuzzed")
    except RefusedWeights:
        return

    assert sum(t.end - t.start for t in tensors.values()) == size


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_sound_or_refused(raw: bytes) -> None:
    try:
        tensors = parse_header(b"{" + raw, 0, "fuzzed")
    except RefusedWeights:
        return

    assert all(tensor.start == tensor.end == 0 for tensor in tensors.values())


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.lists(st.integers(0, 3), max_size=3), max_size=5))
def test_the_library_agrees_on_what_we_write(tmp_path_factory: pytest.TempPathFactory, shapes: Any) -> None:
    from safetensors.numpy import load

    path = tmp_path_factory.getbasetemp() / "agree.safetensors"
    shapes.pop("__metadata__", None)
    arrays = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    write_tensors(path, arrays)

    read = load(path.read_bytes())

    assert {name: array.shape for name, array in read.items()} == {n: a.shape for n, a in arrays.items()}
    assert read_header(path).keys() == arrays.keys()
