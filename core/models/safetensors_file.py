"""Reads a safetensors header without trusting it, and writes safetensors one array at a time.

The format: a u64 (little-endian) with the length of the header, the header as JSON (name -> dtype, shape,
data_offsets relative to the end of the header; `__metadata__` -> text to text), then the arrays end to end.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import RefusedWeights

MAX_HEADER = 16 << 20
MAX_TENSORS = 100_000
MAX_AXES = 8
_BYTES = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"), 1),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 2),
    **dict.fromkeys(("U32", "I32", "F32"), 4),
    **dict.fromkeys(("U64", "I64", "F64"), 8),
}
_NAMES = {"uint8": "U8", "int8": "I8", "float16": "F16", "float32": "F32", "float64": "F64", "int64": "I64"}
_MEND = "Fetch the weights again from where they were published; do not load this file."


@dataclass(frozen=True, slots=True)
class Tensor:
    """One entry of the header; offsets count from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def _refuse(where: str, what: str) -> RefusedWeights:
    return RefusedWeights(f"{where}: {what}.", remedy=_MEND)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _json(raw: bytes, where: str) -> dict[str, Any]:
    if not raw.startswith(b"{"):
        raise _refuse(where, "its header does not begin with '{'")
    try:
        header = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise _refuse(where, f"its header is not JSON ({error})") from error
    if not isinstance(header, dict) or len(header) > MAX_TENSORS:
        raise _refuse(where, f"its header is no object of at most {MAX_TENSORS} tensors")
    return header


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 48


def _tensor(name: str, entry: object, where: str) -> Tensor:
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise _refuse(where, f"tensor {name!r} has not just dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _BYTES:
        raise _refuse(where, f"tensor {name!r} has the unknown dtype {dtype!r}")
    if not isinstance(shape, list) or len(shape) > MAX_AXES or not all(map(_is_count, shape)):
        raise _refuse(where, f"tensor {name!r} has an odd shape")
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(map(_is_count, offsets)):
        raise _refuse(where, f"tensor {name!r} has odd offsets")
    start, end = offsets
    if end - start != prod(shape) * _BYTES[dtype]:
        raise _refuse(
            where, f"tensor {name!r} is {end - start} bytes, its shape asks for {prod(shape) * _BYTES[dtype]}"
        )
    return Tensor(dtype, tuple(shape), start, end)


def _check_metadata(metadata: object, where: str) -> None:
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _refuse(where, "its metadata is not text to text")


def parse_header(raw: bytes, data_size: int, where: str) -> dict[str, Tensor]:
    """Check a header.

    Args:
        raw: The JSON bytes.
        data_size: Bytes that follow the header.
        where: The file's name, for messages.

    Returns:
        Tensor name to its entry, in the order of the data.

    Raises:
        RefusedWeights: not JSON, an unknown dtype, a size that does not fit its shape, overlaps, holes, or
            tensors that do not end where the file ends.
    """
    header = _json(raw, where)
    _check_metadata(header.pop("__metadata__", {}), where)
    tensors = {name: _tensor(name, entry, where) for name, entry in header.items()}
    at = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].end)):
        if tensor.start != at:
            raise _refuse(where, f"tensor {name!r} starts at {tensor.start}, the one before it ends at {at}")
        at = tensor.end
    if at != data_size:
        raise _refuse(where, f"the tensors end at byte {at}, the data at {data_size}")
    return dict(sorted(tensors.items(), key=lambda item: item[1].start))


def read_header(path: Path) -> dict[str, Tensor]:
    """Read and check the header of a file; the tensors themselves are not read.

    Raises:
        RefusedWeights: as `parse_header`, or the header's length is absurd.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        if len(head) < 8:
            raise _refuse(str(path), f"only {size} bytes long")
        (length,) = struct.unpack("<Q", head)
        if not 2 <= length <= min(MAX_HEADER, size - 8):
            raise _refuse(str(path), f"its header claims {length} bytes of {size}")
        return parse_header(file.read(length), size - 8 - length, str(path))


def _header_bytes(arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> bytes:
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    at = 0
    for name in sorted(arrays):
        array = arrays[name]
        end = at + array.nbytes
        header[name] = {
            "dtype": _NAMES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [at, end],
        }
        at = end
    raw = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    return raw + b" " * (-len(raw) % 8)


def _write_array(file: IO[bytes], array: NDArray[Any]) -> None:
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    file.write(np.ascontiguousarray(little).data)


def write_tensors(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as safetensors, in the order of their names: the same arrays give the same bytes.

    Raises:
        KeyError: a dtype that is not written here.
    """
    raw = _header_bytes(arrays, {"format": "pt"})
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(raw)))
        file.write(raw)
        for name in sorted(arrays):
            _write_array(file, arrays[name])


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """Read every array of a file whose header passes `read_header`.

    Raises:
        RefusedWeights: as `read_header`.
    """
    read_header(path)
    from safetensors.numpy import load_file

    return dict(load_file(path))
