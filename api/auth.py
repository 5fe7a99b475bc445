"""Who calls: a bearer key becomes a `Caller`, or the request ends with 401 or 403."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, cast

import structlog
from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import Scope

from core.errors import Forbidden, Unauthenticated
from core.security.caller import Caller
from core.security.keys import Keys

PUBLISHABLE = "col_pub_"
_bearer = HTTPBearer(auto_error=False, description="An API key, `col_live_…`.")


class BearerAccess:
    """An `Access` (see core.vertical) over API keys in the Authorization header.

    Args:
        keys: Knows the keys.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def check(self, scope: Scope) -> None:
        """Raise Unauthenticated when an ASGI request comes with no valid key."""
        await self.caller_of(scope)

    async def caller_of(self, scope: Scope) -> Caller:
        """Return who sends this ASGI request; found once a request.

        Raises:
            Unauthenticated: no key, or one that is unknown, revoked, expired or not for this route.
        """
        state = scope.setdefault("state", {})
        if "caller" not in state:
            token = _token(Headers(scope=scope).get("authorization", ""))
            state["caller"] = await run_in_threadpool(self._keys.authenticate, token)
        caller: Caller = state["caller"]
        return caller

    def require(self, scope: str) -> Callable[..., Caller]:
        """Return a dependency that yields the Caller; see `core.vertical.Access`."""

        async def caller(
            request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None
        ) -> Caller:
            found = await self.caller_of(request.scope)
            structlog.contextvars.bind_contextvars(tenant=found.tenant)
            if not found.allows(scope):
                raise Forbidden(
                    f"This key lacks the scope {scope}.",
                    remedy=f"Make one with `colonnade keys create --tenant {found.tenant} --scope {scope}`.",
                )
            return found

        # The tests of tenancy walk all routes and read here what each asks for.
        caller.scope = scope  # type: ignore[attr-defined]
        # The framework awaits it: a route's function gets the Caller itself, as the Protocol says.
        return cast(Callable[..., Caller], caller)


def _token(header: str) -> str:
    kind, _, token = header.partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthenticated(
            "The request carries no API key.",
            remedy="Send `Authorization: Bearer col_live_…` (colonnade keys create).",
        )
    if token.strip().startswith(PUBLISHABLE):
        raise Unauthenticated(
            "This route takes no publishable key.", remedy="Use a secret key (col_live_…), from a server."
        )
    return token.strip()
