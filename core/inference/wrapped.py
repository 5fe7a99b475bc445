"""What encoders that stand in front of another one have in common."""

from __future__ import annotations

from core.ports import Encoder


class WrappedEncoder:
    """Has the name, fingerprint and dimension of the encoder beneath; `encode` is the subclass's own."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    @property
    def name(self) -> str:
        """Name of the encoder beneath."""
        return self._encoder.name

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the encoder beneath."""
        return self._encoder.fingerprint

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._encoder.dimension
