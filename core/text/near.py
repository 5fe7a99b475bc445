"""Sketches of texts by which near-duplicates are found without comparing every text with every other.

A text is the set of its shingles: pairs of neighbouring characters where it is written in Chinese characters,
kana or hangul, words and pairs of words elsewhere; a mixed text has both. Figures are left out: "profit +5 %"
and "profit -5 %" have one sketch, and whoever joins texts compares the figures by themselves. A sketch is the
MinHash signature of that set (Broder 1997; datasketch), of which parts serve as keys for looking up
candidates (locality-sensitive hashing). Signatures and keys are plain bytes and integers, the same in every
process and on every machine, so that they can lie in a table.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np

from core.text.normalise import for_model

PERMUTATIONS = 128
"""Values of a signature; the error of an estimated similarity is at most 0.045 (one standard deviation)."""
_BANDS, _ROWS = 16, 4
"""A pair of similarity .7 shares a band with probability .988, one of .8 with .9998, one of .3 with .12."""
_READ = 20_000
"""Code points that are read: a repost of a long text is told by its beginning."""

_TIGHT = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af\U00020000-\U000323af"
_LETTERS = rf"(?:(?![{_TIGHT}])[^\W\d_])+"
_RUN = re.compile(rf"(?P<tight>[{_TIGHT}]+)|{_LETTERS}(?:['\u2019]{_LETTERS})*")


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of a text to find texts like it.

    Attributes:
        signature: `PERMUTATIONS` little-endian 32-bit integers; empty for a text without shingles.
        size: How many different shingles the text has.
    """

    signature: bytes
    size: int


def shingles(text: str) -> frozenset[str]:
    """Return the shingles of a text; punctuation, figures, case and width of characters do not count."""
    found: set[str] = set()
    previous = ""
    for match in _RUN.finditer(for_model(text[:_READ]).lower()):
        run = match.group()
        if match["tight"]:
            found.update(first + second for first, second in pairwise(run))
            found.update([run] if len(run) == 1 else [])
            previous = ""
        else:
            found.update([run, f"{previous} {run}"] if previous else [run])
            previous = run
    return frozenset(found)


def sketch(text: str) -> Sketch:
    """Return the sketch of a text."""
    return sketch_of(shingles(text))


def sketch_of(found: frozenset[str]) -> Sketch:
    """Return the sketch of a set of shingles, or of whatever else stands for a text."""
    if not found:
        return Sketch(b"", 0)
    hashes = _OWN.hashes
    hashes.clear()
    hashes.update_batch([shingle.encode() for shingle in found])
    return Sketch(hashes.hashvalues.astype("<u4").tobytes(), len(found))


def bands(signature: bytes, *, count: int = _BANDS, rows: int = _ROWS, space: str = "") -> tuple[int, ...]:
    """Return the keys under which a text is looked up: two texts that share one are candidates.

    Args:
        signature: Of a sketch.
        count: Number of keys.
        rows: Values in each; more make candidates rarer and more alike. count * rows <= PERMUTATIONS.
        space: Keys of different spaces never meet.

    Returns:
        `count` integers from 0 to 2^63 - 1; none for an empty signature.
    """
    width = 4 * rows
    if count * width > 4 * PERMUTATIONS:
        raise ValueError(f"{count} bands of {rows} values are more than a signature has")
    parts = [signature[width * band : width * (band + 1)] for band in range(count)] if signature else []
    return tuple(key(f"{space}:{band}:".encode() + part) for band, part in enumerate(parts))


def key(value: bytes) -> int:
    """Return a hash of 63 bits: a key for a table of integers, the same everywhere."""
    return int.from_bytes(blake2b(value, digest_size=8).digest(), "big") >> 1


def similarity(one: bytes, other: bytes) -> float:
    """Return the estimated share of shingles that two texts have in common (Jaccard), 0 to 1."""
    if not one or len(one) != len(other):
        return 0.0
    return float((np.frombuffer(one, "<u4") == np.frombuffer(other, "<u4")).mean())


def similarities(one: bytes, others: Sequence[bytes]) -> list[float]:
    """Return the similarity of a signature to each of the others, 0 where none of their `bands` is shared.

    So a pair has the same answer whether it was found under a key or lay in memory.
    """
    rows = [row for row, other in enumerate(others) if one and len(other) == len(one)]
    answer = [0.0] * len(others)
    if rows:
        many = np.frombuffer(b"".join(others[row] for row in rows), "<u4").reshape(len(rows), -1)
        equal = many == np.frombuffer(one, "<u4")
        found = equal[:, : _BANDS * _ROWS].reshape(len(rows), _BANDS, _ROWS).all(axis=2).any(axis=1)
        for row, share in zip(rows, equal.mean(axis=1) * found, strict=True):
            answer[row] = float(share)
    return answer


class _Own(threading.local):
    """What a thread hashes with: to make one costs more than to use it."""

    @cached_property
    def hashes(self) -> Any:
        from datasketch import MinHash

        # Named because the default may change, and kept signatures would turn useless.
        return MinHash(num_perm=PERMUTATIONS, seed=1, scheme="affine32")


_OWN = _Own()
