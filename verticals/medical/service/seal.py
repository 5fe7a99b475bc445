"""Keyed hashes: they tell equal things from different ones and give nothing away to who lacks the secret."""

from __future__ import annotations

import hashlib
import hmac
from functools import cached_property
from typing import Any

from core.security.secrets import load_secret
from core.settings import Settings
from core.storage.types import canonical_json


class Seal:
    """HMAC-SHA256 with a key made from the installation's secret.

    Args:
        settings: Where the secret is; it is read at the first use.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _key(self) -> bytes:
        return hmac.new(load_secret(self._settings), b"medical", hashlib.sha256).digest()

    def __call__(self, tenant: str, purpose: str, value: Any) -> str:
        """Return 64 hexadecimal digits; tenants and purposes have different hashes of the same value."""
        body = canonical_json([tenant, purpose, value])
        return hmac.new(self._key, body.encode(), hashlib.sha256).hexdigest()
