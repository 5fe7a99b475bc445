"""Reads answers: those that say it by the status, and those that say HTTP 200 and mean the opposite."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from core.delivery.senders.parcel import Outcome
from core.net.client import Response

_GONE = 410
ANSWER_BYTES = 64 * 1024
"""So much of an answer is read; more says nothing more."""


def by_status(response: Response, now: datetime) -> Outcome:
    """Return what the status says: 2xx has arrived, 410 is no more, all else is tried again."""
    if 200 <= response.status < 300:
        return Outcome("delivered", response.status)
    if response.status == _GONE:
        return Outcome("gone", response.status, "the receiver answered 410 Gone")
    moved = " (redirects are not followed)" if 300 <= response.status < 400 else ""
    return Outcome(
        "retry",
        response.status,
        f"the receiver answered {response.status}{moved}",
        retry_after(response.headers, now),
    )


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds of a Retry-After header: a number, or a date from now on."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
        return max((moment - now).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def by_code(
    response: Response,
    now: datetime,
    *,
    field: str,
    limited: Mapping[int, float],
    gone: Collection[int] = (),
    refused: Collection[int] = (),
) -> Outcome:
    """Return what the body of a robot's answer says; 0 has arrived, and without a code nothing has.

    Args:
        response: The answer.
        now: For Retry-After.
        field: Where the code stands, e.g. `errcode`.
        limited: Codes of rate limits, and for how many seconds each holds.
        gone: Codes that say that the robot is no more.
        refused: Codes that say that this message will never be taken.
    """
    by_http = by_status(response, now)
    code = _code(response.body, field)
    if code is None:
        if by_http.kind != "delivered":
            return by_http
        return Outcome(
            "retry", response.status, f"the answer has no {field}: nobody knows whether it arrived"
        )
    if code == 0:
        return by_http
    error = f"{field} {code} in the answer"
    if code in gone:
        return Outcome("gone", code, error)
    if code in refused:
        return Outcome("refused", code, error)
    return Outcome("retry", code, error, limited.get(code, by_http.retry_after))


def _code(body: bytes, field: str) -> int | None:
    try:
        answer: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    code = answer.get(field) if isinstance(answer, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None
