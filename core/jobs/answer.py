"""The last word of a run: `{"result"}`, or `{"error", "retry"}`.

`retry` is the number of seconds to wait at least, or None where trying again would end the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.errors import ColonnadeError, StorageFull, TooManyRequests, Unavailable
from core.observability.logs import get_logger

_PASSES = (Unavailable, TooManyRequests, StorageFull)
_log = get_logger(__name__)


def describe(error: ColonnadeError) -> dict[str, Any]:
    """Return an error in the form a job keeps it in."""
    return {
        "slug": error.slug,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "remedy": error.remedy,
        "errors": [{"pointer": fault.pointer, "detail": fault.detail} for fault in error.errors],
    }


def _unexpected(error: BaseException) -> dict[str, Any]:
    # Only the type: the message of a foreign exception may quote the user's texts.
    return {
        "slug": ColonnadeError.slug,
        "title": ColonnadeError.title,
        "status": ColonnadeError.status,
        "detail": f"The job stopped with an unexpected {type(error).__name__}.",
        "remedy": "See the server's log for the traceback.",
    }


def answer(work: Callable[[], Mapping[str, Any] | None], name: str) -> dict[str, Any]:
    """Run a handler and return its last word.

    Args:
        work: Calls the handler.
        name: The handler's, for the log.
    """
    try:
        return {"result": dict(work() or {})}
    except _PASSES as error:
        return {"error": describe(error), "retry": getattr(error, "retry_after", 1)}
    except ColonnadeError as error:
        return {"error": describe(error), "retry": None}
    except Exception as error:  # noqa: BLE001 - the border of a job: whatever a handler raises is its error
        _log.exception("job.raised", handler=name)
        return {"error": _unexpected(error), "retry": None}
