"""Gets a page that changes now and then; an error says what its server's refusal asks of the caller."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from core.errors import InvalidInput, Unavailable
from core.net.client import Response, SafeClient
from core.net.targets import parse

_LONGEST_WAIT = 86_400
_DEFAULT_WAIT = 60
# 403 is left to the caller: some servers mean "who are you?", others "not so fast".
_LATER = frozenset({408, 421, 423, 425, 429})


def fetch(
    client: SafeClient,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    now: datetime,
    max_bytes: int | None = None,
) -> Response | None:
    """Return a page with its body; None where it is as it was (304).

    Args:
        client: Sends the request.
        url: The page.
        headers: E.g. If-None-Match.
        now: For a Retry-After that is a date.
        max_bytes: Longest body; default: the client's.

    Raises:
        Unavailable: no answer, 429 or 5xx; `retry_after` is what the server asks for.
        InvalidInput: another refusal, or the page has moved.
        PayloadTooLarge: the page is longer than allowed, packed or unpacked.
    """
    answer = client.request("GET", url, headers=headers, max_bytes=max_bytes)
    if answer.status == 304:
        return None
    if 200 <= answer.status < 300:
        return answer
    origin = parse(url).origin
    if answer.status >= 500 or answer.status in _LATER:
        raise Unavailable(
            f"{origin} answered {answer.status}.",
            remedy="It is asked again later.",
            retry_after=retry_after(answer.headers, now),
        )
    raise _final(origin, answer)


def retry_after(headers: Mapping[str, str], now: datetime, default: int = _DEFAULT_WAIT) -> int:
    """Return the seconds that a Retry-After asks for, from 1 to a day."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return max(1, min(_LONGEST_WAIT, int(text[:9])))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return default
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(1, min(_LONGEST_WAIT, int((aware - now).total_seconds()) + 1))


def _final(origin: str, answer: Response) -> InvalidInput:
    if 300 <= answer.status < 400:
        moved = answer.headers.get("location", "")[:200]
        return InvalidInput(
            f"{origin} says that the page has moved{f' to {moved!r}' if moved else ''}.",
            remedy="Configure the new address, if it is to be trusted.",
        )
    remedy = {401: "Check the credentials.", 410: "Remove the connection."}
    return InvalidInput(
        f"{origin} answered {answer.status}.", remedy=remedy.get(answer.status, "Check the address.")
    )
