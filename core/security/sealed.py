"""Secrets of others that must be used again (a feed's password, a webhook's key): stored encrypted.

AES-256-GCM under a key that HKDF derives from the installation's secret (core.security.secrets). Whoever has
the database without that secret has nothing; a changed byte is found.
"""

from __future__ import annotations

import base64
import binascii
import os

from core.errors import IntegrityFailure
from core.security.secrets import load_secret
from core.settings import Settings

_VERSION = "v1."
_NONCE = 12


def _key(settings: Settings) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"colonnade sealed v1")
    return derive.derive(load_secret(settings))


def seal(settings: Settings, text: str, *, place: str = "") -> str:
    """Return a secret in the form in which it may be stored; another one each time.

    Args:
        settings: Say where the installation's secret is.
        text: The secret.
        place: Where it belongs, e.g. `tenant/id`; it opens nowhere else.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE)
    closed = AESGCM(_key(settings)).encrypt(nonce, text.encode(), place.encode())
    return _VERSION + base64.urlsafe_b64encode(nonce + closed).decode("ascii")


def unseal(settings: Settings, sealed: str, *, place: str = "") -> str:
    """Return the secret.

    Raises:
        IntegrityFailure: it was changed or moved, or the installation's secret is another one now.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        written = sealed.removeprefix(_VERSION)
        raw = base64.b64decode(written, altchars=b"-_", validate=True)
        if base64.urlsafe_b64encode(raw).decode("ascii") != written:
            raise ValueError("bits that stand for nothing were changed")
        return AESGCM(_key(settings)).decrypt(raw[:_NONCE], raw[_NONCE:], place.encode()).decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise IntegrityFailure(
            "A stored secret does not open.",
            remedy="Give COLONNADE_SECRET its old value back, or enter the secret anew.",
        ) from error
