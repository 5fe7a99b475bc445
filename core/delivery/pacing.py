"""When to try again, and how fast a channel may be fed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

MAX_TRIES = 10
_MINUTE, _HOUR = 60.0, 3_600.0
# The example of the Standard Webhooks specification: ten tries over 75 hours.
_WAITS = (
    5.0,
    *(minutes * _MINUTE for minutes in (5, 30)),
    *(hours * _HOUR for hours in (2, 5, 10, 14, 20, 24)),
)
_JITTER = 0.1
_LONGEST_WAIT = 24 * _HOUR
LONGEST_PAUSE = 3_600.0
"""Seconds for which one answer can hold up a whole channel."""
_FIRST_PAUSE, _BACKOFF_PAUSE = 2.0, 300.0

RATES = {"webhook": 300, "email": 60, "slack": 60, "dingtalk": 20, "feishu": 100, "wecom": 20}
"""Messages a minute by kind; those of the chats are what their vendors document."""
HIGHEST_RATE = 600
_BURSTS = {"slack": (1, 1.0), "feishu": (5, 1.0)}


def wait_after(tries: int, retry_after: float | None, chance: Callable[[], float]) -> float | None:
    """Return how many seconds to wait after a failed try; None where it was the last.

    Args:
        tries: Tries so far, from 1.
        retry_after: What the receiver asked for; it lengthens a wait, up to a day, and never shortens it.
        chance: Gives numbers in [0, 1): many deliveries that failed together come back one by one.
    """
    if tries >= MAX_TRIES:
        return None
    wait = _WAITS[tries - 1] * (1 + _JITTER * (2 * chance() - 1))
    return max(wait, min(retry_after or 0.0, _LONGEST_WAIT))


def pause_after(failures: int, retry_after: float | None) -> float:
    """Return for how many seconds a channel that failed so often in a row is left alone.

    A dead receiver with a long queue would otherwise hold a sending thread for a time-out with each message.
    """
    backoff = min(_FIRST_PAUSE * 2.0 ** min(failures - 1, 20), _BACKOFF_PAUSE)
    return min(max(backoff, retry_after or 0.0), LONGEST_PAUSE)


def free_at(kind: str, rate: int, sent: Sequence[float], now: float) -> float:
    """Return the moment from which one more message is within every limit of a channel.

    Args:
        kind: Of the channel.
        rate: Messages in any minute.
        sent: Moments of earlier ones, in seconds.
        now: In seconds.
    """
    free = now
    for count, seconds in ((rate, _MINUTE), *([_BURSTS[kind]] if kind in _BURSTS else [])):
        window = [moment for moment in sent if now - seconds < moment <= now]
        if len(window) >= count:
            free = max(free, sorted(window)[-count] + seconds)
    return free


def within_minute(sent: Sequence[float], now: float) -> list[float]:
    """Return the moments that still count, and none from a clock that was ahead."""
    return [moment for moment in sent if now - _MINUTE < moment <= now]


def moment(seconds: float) -> datetime:
    """Return seconds since 1970 as a moment."""
    return datetime.fromtimestamp(seconds, UTC)


def later(now: datetime, seconds: float) -> datetime:
    """Return the moment so many seconds on."""
    return now + timedelta(seconds=seconds)
