"""What a contract suite asks of whoever serves a vertical; the fixture `app_client` comes from outside.

The core knows no web framework, so the suite meets the application through these Protocols. `api.testing`
implements them: put `pytest_plugins = ["api.testing"]` at the top of the test module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from core.vertical import Services


class Reply(Protocol):
    """An HTTP answer, as httpx has it."""

    @property
    def status_code(self) -> int:
        """The status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, whatever the case of their names."""
        ...

    @property
    def text(self) -> str:
        """The body, decoded."""
        ...

    def json(self) -> Any:
        """Return the body as a JSON value."""
        ...


class AppClient(Protocol):
    """A running application with one vertical, and a way to call it."""

    @property
    def services(self) -> Services:
        """What the application gave to the vertical."""
        ...

    def key(self, tenant: str, *scopes: str) -> str:
        """Return a new API key; makes the tenant where there is none of that name."""
        ...

    def request(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: Any = None,
        content: bytes | None = None,
    ) -> Reply:
        """Send one request with a JSON body, or with raw bytes as `application/json`."""
        ...
