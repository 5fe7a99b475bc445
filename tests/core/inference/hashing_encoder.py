"""An encoder without a model: vectors come from a hash of the text, and its passes can be counted."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.ports import Role, Text

FORBIDDEN = "forbidden"


def vector(text: Text, role: Role, dimension: int) -> NDArray[np.float32]:
    seed = hashlib.sha256(repr((text, role)).encode("utf-8", "surrogatepass")).digest()
    row = np.random.default_rng(int.from_bytes(seed[:8], "little")).normal(size=dimension)
    return (row / np.linalg.norm(row)).astype(np.float32)


class HashingEncoder:
    """Implements `core.ports.Encoder`; refuses the text FORBIDDEN.

    Attributes:
        passes: The texts of every call so far.
    """

    name, fingerprint, dimension = "hashing", "0" * 64, 8

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self._busy = threading.Lock()
        self.passes: list[list[Text]] = []

    def encode(self, texts: Sequence[Text], *, role: Role = "query") -> NDArray[np.float32]:
        assert self._busy.acquire(blocking=False), "two passes at once"
        try:
            self.passes.append(list(texts))
            time.sleep(self._seconds)
            if FORBIDDEN in texts:
                raise InvalidInput("A forbidden text.")
            rows = [vector(text, role, self.dimension) for text in texts]
            return np.array(rows, np.float32).reshape(len(rows), self.dimension)
        finally:
            self._busy.release()
