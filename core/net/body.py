"""Reads an answer's body, no further than the cap: neither what is sent nor what it unpacks to."""

from __future__ import annotations

import zlib
from typing import Protocol

from core.errors import InvalidInput, PayloadTooLarge

_CHUNK = 64 * 1024
_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS | 32}


class Source(Protocol):
    """What gives bytes; none at its end."""

    def read(self, amount: int) -> bytes:
        """Return up to so many bytes."""
        ...


def read(source: Source, encoding: str, limit: int, *, cut: bool) -> bytes:
    """Return the body, unpacked.

    Args:
        source: The answer.
        encoding: Its Content-Encoding.
        limit: Bytes, for what is sent and for what it unpacks to.
        cut: Return the first `limit` bytes of a longer one instead of refusing it.

    Raises:
        PayloadTooLarge: it is longer, and `cut` is false.
        InvalidInput: it is packed in an unknown way, or broken.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _plain(source, limit, cut=cut)
    if name not in _WINDOWS:
        raise InvalidInput(
            f"The answer is encoded as {name[:40]!r}.", remedy="Only gzip and deflate are read."
        )
    try:
        return _unpacked(source, zlib.decompressobj(_WINDOWS[name]), limit, cut=cut)
    except zlib.error as error:
        raise InvalidInput("The compressed answer is broken.") from error


def _plain(source: Source, limit: int, *, cut: bool) -> bytes:
    body = bytearray()
    while len(body) <= limit and (piece := source.read(min(_CHUNK, limit + 1 - len(body)))):
        body += piece
    return _within(body, limit, cut=cut)


def _unpacked(source: Source, unpacker: zlib._Decompress, limit: int, *, cut: bool) -> bytes:
    body, taken = bytearray(), 0
    while len(body) <= limit and taken <= limit and (piece := source.read(_CHUNK)):
        taken += len(piece)
        body += unpacker.decompress(piece, limit + 1 - len(body))
    if taken <= limit and len(body) <= limit and not unpacker.eof:
        raise InvalidInput("The compressed answer ends in the middle.")
    return _within(body if taken <= limit else body + bytes(limit + 1), limit, cut=cut)


def _within(body: bytearray, limit: int, *, cut: bool) -> bytes:
    if len(body) > limit and not cut:
        raise PayloadTooLarge(f"The answer has more than {limit} bytes.")
    return bytes(body[:limit])
