"""Signatures of Standard Webhooks: HMAC-SHA256 over id, timestamp and body, one for each secret."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Sequence

from core.errors import FieldError, InvalidInput

_PREFIX = "whsec_"
_BYTES = 32
_SHORTEST, _LONGEST = 24, 64


def new_secret() -> str:
    """Return `whsec_` and 32 random bytes in base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def check_secret(secret: str) -> bytes:
    """Return the bytes of a secret.

    Raises:
        InvalidInput: it is not `whsec_` and 24 to 64 bytes in base64.
    """
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise InvalidInput(
            "The secret is no web hook's.",
            remedy="Use whsec_ and 24 to 64 bytes in base64, or leave it out to have one made.",
            errors=[FieldError("/secret", "malformed")],
        )
    return key


def signature(message_id: str, timestamp: int, body: bytes, keys: Sequence[str]) -> str:
    """Return the value of `webhook-signature`: one `v1,…` for each secret, separated by blanks."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.digest(check_secret(key), signed, "sha256") for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
