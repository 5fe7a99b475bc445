"""An encoder without a model: words and characters that texts share bring their vectors together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.ports import Role, Text
from core.text.normalise import fold


class FixedEncoder:
    """Implements `core.ports.Encoder` by hashing the character bigrams of a text into `dimension` buckets."""

    name = "fixed"
    fingerprint = hashlib.sha256(b"fixed").hexdigest()
    dimension = 64

    def encode(self, texts: Sequence[Text], *, role: Role = "query") -> NDArray[np.float32]:
        """Return unit vectors of shape (len(texts), 64); the role changes nothing."""
        del role
        found = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(found, texts, strict=True):
            joined = fold(text if isinstance(text, str) else "\n".join(text)).text.casefold()
            for first, second in zip(f" {joined}", f"{joined} ", strict=True):
                pair = f"{first}{second}".encode("utf-8", "replace")  # a lone surrogate has no bytes
                row[hashlib.sha256(pair).digest()[0] % self.dimension] += 1.0
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)
