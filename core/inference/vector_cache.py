"""Remembers vectors by the content of their text, so that a repeat costs no encoder pass."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from core.inference.wrapped import WrappedEncoder
from core.ports import Encoder, Role, Text

Floats = NDArray[np.float32]


def _key(text: Text, role: Role) -> bytes:
    parts = (text,) if isinstance(text, str) else text
    digest = blake2b(role.encode(), digest_size=16)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "little") + raw)
    return digest.digest()


class CachedEncoder(WrappedEncoder):
    """The Encoder port over another encoder; keeps the vectors last used.

    Only digests of texts are kept, never the texts.

    Args:
        encoder: What computes a vector that is not remembered.
        capacity: Vectors to keep; 20,000 of 384 values are 31 MB.
    """

    def __init__(self, encoder: Encoder, capacity: int = 20_000) -> None:
        super().__init__(encoder)
        self._capacity = capacity
        self._rows: OrderedDict[bytes, Floats] = OrderedDict()
        self._lock = threading.Lock()
        self.hits = 0

    def encode(self, texts: Sequence[Text], *, role: Role = "query") -> Floats:
        """Return unit vectors of shape (len(texts), dimension); a distinct text is encoded once at most."""
        keys = [_key(text, role) for text in texts]
        found = self._recall(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            rows = self._encoder.encode(list(missing.values()), role=role)
            found |= dict(zip(missing, rows, strict=True))
            self._remember({key: found[key] for key in missing})
        out = np.empty((len(texts), self.dimension), np.float32)
        for index, key in enumerate(keys):
            out[index] = found[key]
        return out

    def _recall(self, keys: Sequence[bytes]) -> dict[bytes, Floats]:
        with self._lock:
            found = {key: self._rows[key] for key in keys if key in self._rows}
            for key in found:
                self._rows.move_to_end(key)
            self.hits += len(found)
        return found

    def _remember(self, rows: dict[bytes, Floats]) -> None:
        with self._lock:
            for key, row in rows.items():
                self._rows[key] = row.copy()
            while len(self._rows) > self._capacity:
                self._rows.popitem(last=False)
