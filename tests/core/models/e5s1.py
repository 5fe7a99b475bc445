"""Writes small E5S1 files, with every number in the test's hand."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

HIDDEN, WIDE, VOCABULARY, POSITIONS, TYPES = 32, 64, 6, 4, 2


def q4_block(scale: float, nibbles: list[int]) -> bytes:
    """One block as the file has it: 32 nibbles, those of the first 16 values in the low halves."""
    assert len(nibbles) == 32
    packed = bytes(nibbles[i] | nibbles[i + 16] << 4 for i in range(16))
    return np.float16(scale).tobytes() + packed


def _q4(rows: int, columns: int) -> tuple[int, int, bytes]:
    block = q4_block(0.5, [(i * 7) % 16 for i in range(32)])
    return 1, rows * columns, block * (rows * columns // 32)


def _f32(count: int, value: float = 0.25) -> tuple[int, int, bytes]:
    return 0, count, np.full(count, value, "<f4").tobytes()


def tensors(layers: int = 1) -> dict[str, tuple[int, int, bytes]]:
    """Name -> (kind, number of values, bytes) of every tensor such a file must have."""
    found = {"emb.word": _q4(VOCABULARY, HIDDEN), "emb.pos": _f32(POSITIONS * HIDDEN)}
    found |= {"emb.type": _f32(TYPES * HIDDEN), "emb.ln.w": _f32(HIDDEN, 1.0), "emb.ln.b": _f32(HIDDEN, 0.0)}
    for layer in range(layers):
        for name in ("q", "k", "v", "ao"):
            found[f"l{layer}.{name}.w"] = _q4(HIDDEN, HIDDEN)
            found[f"l{layer}.{name}.b"] = _f32(HIDDEN)
        found[f"l{layer}.fi.w"], found[f"l{layer}.fi.b"] = _q4(WIDE, HIDDEN), _f32(WIDE)
        found[f"l{layer}.fo.w"], found[f"l{layer}.fo.b"] = _q4(HIDDEN, WIDE), _f32(HIDDEN)
        for name in ("aln", "oln"):
            found[f"l{layer}.{name}.w"], found[f"l{layer}.{name}.b"] = _f32(HIDDEN, 1.0), _f32(HIDDEN, 0.0)
    return found


@dataclass
class File:
    """The parts of an E5S1 file; change one and `bytes()` it."""

    magic: bytes = b"E5S1"
    version: int = 1
    shape: tuple[int, ...] = (HIDDEN, 1, 4, WIDE, VOCABULARY, POSITIONS, TYPES)
    epsilon: float = 1e-5
    block: int = 32
    tokens: tuple[int, ...] = (5, 0, 2, 1, 3)
    blob_length: int | None = None
    rules: tuple[int, bytes] = (1, b"\0" * 9)
    tensors: Mapping[str, tuple[int, int, bytes]] = field(default_factory=tensors)
    directory_length: int | None = None
    shift: int = 0

    def _tokenizer(self) -> bytes:
        pieces = [b"<s>", b"<pad>", b"</s>", b"<unk>", "▁中".encode()]
        blob = b"".join(pieces)
        offsets = np.cumsum([0, *map(len, pieces)]).astype("<u4").tobytes()
        scores = np.arange(len(pieces), dtype="<f4").tobytes()
        length = len(blob) if self.blob_length is None else self.blob_length
        return struct.pack("<Q", length) + offsets + scores + blob

    def __bytes__(self) -> bytes:
        head = self.magic + struct.pack(
            "<i7ifi5i", self.version, *self.shape, self.epsilon, self.block, *self.tokens
        )
        head += self._tokenizer() + struct.pack("<iI", self.rules[0], len(self.rules[1])) + self.rules[1]
        entries = sum(2 + len(name) + 1 + 4 + 16 for name in self.tensors)
        at = len(head) + 4 + entries
        count = len(self.tensors) if self.directory_length is None else self.directory_length
        directory, data = struct.pack("<i", count), b""
        for name, (kind, values, raw) in self.tensors.items():
            directory += struct.pack("<H", len(name)) + name.encode()
            directory += struct.pack("<BIQQ", kind, values, at + len(data) + self.shift, len(raw))
            data += raw
        return head + directory + data
