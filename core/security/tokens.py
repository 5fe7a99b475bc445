"""The text of an API key: `col_live_<id>_<256-bit secret>_<crc32>`, `col_pub_…` where it may be public."""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass, field
from zlib import crc32

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID, _SECRET = 16, 43  # 43 characters of 62 hold 256 bits
_TOKEN = re.compile(rf"(col_(live|pub)_([0-9A-Za-z]{{{_ID}}})_[0-9A-Za-z]{{{_SECRET}}})_([0-9a-f]{{8}})")


@dataclass(frozen=True, slots=True)
class Token:
    """A well-formed key; its text never shows in a repr."""

    key_id: str
    publishable: bool
    text: str = field(repr=False)


def _characters(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, rest = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits))


def new_token(*, publishable: bool = False) -> Token:
    """Return a fresh key from the system's random numbers."""
    key_id = "".join(secrets.choice(_ALPHABET) for _ in range(_ID))
    kind = "pub" if publishable else "live"
    body = f"col_{kind}_{key_id}_{_characters(secrets.randbits(256), _SECRET)}"
    return Token(key_id, publishable, f"{body}_{crc32(body.encode()):08x}")


def read_token(text: str) -> Token | None:
    """Return the parts of a key; None where it is malformed or its checksum is wrong (a typing error)."""
    match = _TOKEN.fullmatch(text) if isinstance(text, str) else None
    if match is None or f"{crc32(match[1].encode()):08x}" != match[4]:
        return None
    return Token(match[3], match[2] == "pub", text)
