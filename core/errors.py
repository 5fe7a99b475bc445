"""Every exception of Colonnade, with its HTTP status and its mend.

    ColonnadeError
    ├── InvalidInput 422             the payload or file is wrong: a pointer names the field
    │   └── PayloadTooLarge 413      over a cap on body, depth, rows or length
    ├── MalformedRequest 400         not parseable at all (syntax, encoding)
    ├── RequestTimeout 408           the client took too long to send its body
    ├── Unauthenticated 401          no key, or a key that is unknown, revoked or expired
    ├── Forbidden 403                a key without the scope
    ├── NotFound 404                 absent, or another tenant's (the two are not told apart)
    ├── MethodNotAllowed 405         the path is there, and takes other methods
    ├── Conflict 409                 in flight, or a state that does not allow the step
    ├── TooManyRequests 429          a limit; carries `retry_after` seconds
    ├── Unavailable 503              a part that is needed is not ready; carries `retry_after`
    ├── StorageFull 507              no room to store what was sent; nothing was changed
    ├── ConfigurationError 500       a setting is wrong; the process should not start
    ├── MissingExtra 501             an optional library is not installed
    ├── PluginError 500              an entry point does not keep its contract
    ├── TenancyViolation 500         a statement tried to cross tenants; it was stopped
    └── IntegrityFailure 500         bytes are not what they were published as
        └── RefusedWeights 422       weights or a config that are not safe to load

The status says what a REST caller sees; the command line prints `str(error)` as one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in a payload: a JSON pointer (RFC 6901) or `file:row:column`, and what is wrong there."""

    pointer: str
    detail: str


class ColonnadeError(Exception):
    """Base of all errors that Colonnade raises on purpose.

    Args:
        detail: What went wrong and where, for a person.
        remedy: What to do about it; empty where the detail says so already.
        errors: The single faults of a payload, each with its pointer.
    """

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str, *, remedy: str = "", errors: Sequence[FieldError] = ()) -> None:
        self.detail = detail
        self.remedy = remedy
        self.errors = tuple(errors)
        super().__init__(detail)

    def __str__(self) -> str:
        """Return detail and remedy as one line."""
        return f"{self.detail} {self.remedy}".strip().replace("\n", " ")


class InvalidInput(ColonnadeError):
    """The payload or file parses but is wrong."""

    status, slug, title = 422, "invalid-input", "Invalid input"


class PayloadTooLarge(InvalidInput):
    """The payload is over a cap; it was refused before parsing."""

    status, slug, title = 413, "payload-too-large", "Payload too large"


class MalformedRequest(ColonnadeError):
    """The request cannot be parsed."""

    status, slug, title = 400, "malformed-request", "Malformed request"


class RequestTimeout(ColonnadeError):
    """The client took too long to send its body."""

    status, slug, title = 408, "request-timeout", "Request timeout"


class Unauthenticated(ColonnadeError):
    """No valid API key came with the request."""

    status, slug, title = 401, "unauthenticated", "Unauthenticated"


class Forbidden(ColonnadeError):
    """The API key is valid but lacks the scope."""

    status, slug, title = 403, "forbidden", "Forbidden"


class NotFound(ColonnadeError):
    """The thing does not exist for this tenant."""

    status, slug, title = 404, "not-found", "Not found"


class MethodNotAllowed(ColonnadeError):
    """The path is there, and takes other methods."""

    status, slug, title = 405, "method-not-allowed", "Method not allowed"


class Conflict(ColonnadeError):
    """The present state does not allow the step."""

    status, slug, title = 409, "conflict", "Conflict"


class _Retryable(ColonnadeError):
    def __init__(
        self,
        detail: str,
        *,
        remedy: str = "",
        errors: Sequence[FieldError] = (),
        retry_after: int = 1,
    ) -> None:
        super().__init__(detail, remedy=remedy, errors=errors)
        self.retry_after = retry_after


class TooManyRequests(_Retryable):
    """A limit was reached; try again after `retry_after` seconds."""

    status, slug, title = 429, "too-many-requests", "Too many requests"


class Unavailable(_Retryable):
    """A needed part is not ready; try again after `retry_after` seconds."""

    status, slug, title = 503, "unavailable", "Unavailable"


class StorageFull(ColonnadeError):
    """No room left to store; nothing was changed."""

    status, slug, title = 507, "storage-full", "Storage full"


class ConfigurationError(ColonnadeError):
    """A setting is wrong."""

    status, slug, title = 500, "configuration", "Configuration error"


class MissingExtra(ColonnadeError):
    """An optional library is needed and not installed."""

    status, slug, title = 501, "missing-extra", "Optional library missing"


class PluginError(ColonnadeError):
    """A vertical or connector found by entry point does not keep its contract."""

    status, slug, title = 500, "plugin", "Plug-in error"


class TenancyViolation(ColonnadeError):
    """A statement tried to read or write across tenants and was stopped."""

    status, slug, title = 500, "tenancy", "Tenancy violation"


class IntegrityFailure(ColonnadeError):
    """Stored bytes are not what they were published as."""

    status, slug, title = 500, "integrity", "Integrity failure"


class RefusedWeights(IntegrityFailure):
    """Weights, or a config beside them, that are not safe to load."""

    status, slug, title = 422, "refused-weights", "Weights refused"
