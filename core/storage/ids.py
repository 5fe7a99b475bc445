"""Identifiers that sort by time: 48 bits of milliseconds, 80 bits of chance (the ULID layout)."""

from __future__ import annotations

import secrets
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford: no i, l, o, u, so that people can read it aloud
_LENGTH = 26
_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """Return 26 lower-case characters; within a process later ones sort after earlier ones."""
    global _last
    fresh = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    with _lock:
        _last = fresh if fresh > _last else _last + 1
        number = _last
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
