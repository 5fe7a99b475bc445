"""A keyed hash of who a customer is elsewhere: it tells the same one again and gives nobody away."""

from __future__ import annotations

import hashlib
import hmac

from core.security.secrets import load_secret
from core.settings import Settings
from core.storage.types import canonical_json


def seal(settings: Settings, tenant: str, channel: str, user: str | None) -> str | None:
    """Return 64 hexadecimal digits, different for two tenants or channels; None where nobody is named."""
    if not user:
        return None
    key = hmac.new(load_secret(settings), b"service", hashlib.sha256).digest()
    return hmac.new(key, canonical_json([tenant, channel, user]).encode(), hashlib.sha256).hexdigest()
