"""Reads the times that files and feeds write, and gives those without a zone the zone of their source."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import ConfigurationError, InvalidInput

_CLOCK = re.compile(r"\d{1,2}:\d{2}")
_CHINESE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日\s*")
_SLASHED = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")


def zone_of(name: str | None) -> tzinfo:
    """Return the zone of an IANA name; UTC without one.

    Raises:
        ConfigurationError: no such zone.
    """
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"There is no zone {name!r}.", remedy="Name one like Asia/Shanghai."
        ) from error


def moment(value: object, zone: tzinfo) -> datetime | None:
    """Return the moment that `value` tells; None for a bare date, which tells none.

    A date without a time must not pile up at midnight: the record keeps it in its payload, without a moment.

    Args:
        value: ISO 8601, `2026/1/2 9:30`, `2026年1月2日 9:30`, RFC 5322
            ("Fri, 20 Nov 2026 09:30:00 +0800"), or a datetime.
        zone: Given to times that have none.

    Raises:
        InvalidInput: it is no time.
    """
    if isinstance(value, datetime):
        found = value
    else:
        text = str(value).strip()
        if not _CLOCK.search(text):
            _parse(text, text)
            return None
        found = _parse(_dashed(text), text)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _dashed(text: str) -> str:
    dashed = _CHINESE.sub(lambda m: f"{m[1]}-{m[2]:0>2}-{m[3]:0>2} ", text)
    dashed = _SLASHED.sub(lambda m: f"{m[1]}-{m[2]:0>2}-{m[3]:0>2}", dashed)
    return re.sub(r"([ T])(\d:)", r"\g<1>0\2", dashed).strip()


def _parse(text: str, given: str) -> datetime:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return parse(_dashed(text))
        except (ValueError, TypeError, IndexError):
            continue
    raise InvalidInput(f"{given[:60]!r} is no time.", remedy="Write 2026-11-20T09:30:00+08:00.")
