"""An encoder that is loaded when it is first asked for something, so that a start stays quick."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.ports import Encoder, Role, Text


class LazyEncoder:
    """Implements `core.ports.Encoder` by the encoder that `load` returns; `load` is safe to call twice."""

    def __init__(self, load: Callable[[], Encoder]) -> None:
        self._load = load

    @cached_property
    def _encoder(self) -> Encoder:
        return self._load()

    @property
    def name(self) -> str:
        """Name of the encoder."""
        return self._encoder.name

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the encoder."""
        return self._encoder.fingerprint

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._encoder.dimension

    def encode(self, texts: Sequence[Text], *, role: Role = "query") -> NDArray[np.float32]:
        """Return unit vectors of shape (len(texts), dimension). See the port."""
        return self._encoder.encode(texts, role=role)
