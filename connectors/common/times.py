"""Reads the times that files and feeds write, and gives those without a zone the zone of their source."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import ConfigurationError, InvalidInput

_CLOCK = re.compile(r"\d{1,2}:\d{2}")
_CHINESE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日\s*")
_SLASHED = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")
_HALF = re.compile(r"\d\s*([ap])\.?m\b\.?", re.IGNORECASE)
_NAMED = re.compile(r"^(.*\d(?:\s*[AaPp]\.?[Mm]\.?)?)\s*\b([A-Z]{1,5})$", re.DOTALL)
_DAYS = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%a, %d %b %Y", "%Y-%m-%d")
_CLOCKS = (" %I:%M %p", " %I:%M:%S %p", " %H:%M", "")

# Hours east of UTC. RFC 5322 gives the American ones; of the others only those that stand for one zone in the
# news of today. CST (also China), IST, BST and AST mean several: see `_offset`.
_OFFSETS = {
    **dict.fromkeys(("UTC", "UT", "GMT", "Z", "WET"), 0.0),
    **{"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7},
    **{"BST": 1, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3},
    **{"HKT": 8, "SGT": 8, "JST": 9, "KST": 9, "AWST": 8, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13},
}


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
            ("Fri, 20 Nov 2026 09:30:00 +0800"), "Nov 20, 2026 9:30 AM", each with or without the short name
            of a zone behind it, or a datetime.
        zone: Given to times that have none. It also decides what an ambiguous name means: with Asia/Shanghai,
            CST is Chinese time; otherwise it is US Central.

    Raises:
        InvalidInput: it is no time, or in a zone that is not known.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    text = str(value).strip()
    found, has_clock = _read(text, zone), _CLOCK.search(text)
    return found if has_clock else None


def day(value: object, zone: tzinfo) -> datetime:
    """Return the moment that `value` tells, and for a bare date the beginning of that day.

    Raises:
        InvalidInput: it is neither.
    """
    return moment(value, zone) or _read(str(value).strip(), zone)


def _read(text: str, zone: tzinfo) -> datetime:
    named = _NAMED.match(text)
    if named is None or named[2] in {"AM", "PM"}:  # 9:30 AM
        found = _parse(text, text)
        return found if found.tzinfo else found.replace(tzinfo=zone)
    local = _parse(named[1], text)
    if local.tzinfo is not None:
        return local
    return local.replace(tzinfo=_offset(named[2], local, zone, text))


def _offset(name: str, local: datetime, zone: tzinfo, text: str) -> tzinfo:
    # The zone of the source comes first: there its own names mean its own time.
    if local.replace(tzinfo=zone).tzname() == name:
        return zone
    if name not in _OFFSETS:
        raise InvalidInput(
            f"{text[:60]!r} is in a zone, {name}, that is not known or means several.",
            remedy="Configure the zone of its source.",
        )
    return timezone(timedelta(hours=_OFFSETS[name]), name)


def _dashed(text: str) -> str:
    dashed = _CHINESE.sub(lambda m: f"{m[1]}-{m[2]:0>2}-{m[3]:0>2} ", text)
    dashed = _SLASHED.sub(lambda m: f"{m[1]}-{m[2]:0>2}-{m[3]:0>2}", dashed)
    # In RFC 5322, -0000 is UTC, told by somebody who does not know his own zone.
    dashed = re.sub(r" -0000$", " +0000", dashed)
    return re.sub(r"([ T])(\d:)", r"\g<1>0\2", dashed).strip()


def _parse(text: str, given: str) -> datetime:
    # parsedate passes over the PM of 9:30 PM.
    ways = (_written,) if _HALF.search(text) else (datetime.fromisoformat, parsedate_to_datetime, _written)
    for parse in ways:
        try:
            return parse(_dashed(text))
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    raise InvalidInput(f"{given[:60]!r} is no time.", remedy="Write 2026-11-20T09:30:00+08:00.")


def _written(text: str) -> datetime:
    even = _HALF.sub(lambda m: f"{m[0][0]} {m[1].upper()}M", " ".join(text.replace(".", "").split()))
    for form in (days + clock for days in _DAYS for clock in _CLOCKS):
        try:
            return datetime.strptime(even, form)
        except ValueError:
            continue
    raise ValueError(text)
