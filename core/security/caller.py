"""The caller of a request, as its API key tells."""

from __future__ import annotations

from dataclasses import dataclass

ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls and what for.

    Attributes:
        tenant: The tenant that the key belongs to.
        key_id: The key's public id; fit for logs and audit entries.
        scopes: What the key may do, `<vertical>:<verb>` or `admin`.
    """

    tenant: str
    key_id: str
    scopes: frozenset[str]

    def allows(self, scope: str) -> bool:
        """Tell whether the key has a scope; `admin` has all."""
        return scope in self.scopes or ADMIN in self.scopes
