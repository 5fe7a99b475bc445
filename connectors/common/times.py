"""Reads the times that files and feeds write, and gives those without a zone the zone of their source."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import ConfigurationError, InvalidInput
from core.records import ASSUMED

_CLOCK = re.compile(r"\d{1,2}:\d{2}")
_CHINESE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日\s*")
_SLASHED = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")
_HALF = re.compile(r"\d\s*([ap])\.?m\b\.?", re.IGNORECASE)
_NAMED = re.compile(r"^(.*\d(?:\s*[AaPp]\.?[Mm]\.?)?)\s*\b([A-Z]{1,5})(\s\d{4})?$", re.DOTALL)
# What stands in brackets behind a zone says nothing more; alone it may be the zone.
_REMARK = re.compile(r"([+-]\d{2}:?\d{2}|\b[A-Z]{1,5})\s*\([^()]*\)$")
_BRACKETS = re.compile(r"\s*\(([A-Z]{1,5})\)$")
_MAIL = re.compile(r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} ")
_HAN_CLOCK = re.compile(
    r"\s*(凌晨|清晨|早晨|早上|上午|中午|下午|傍晚|晚上|晚间|晚間)?\s*(\d{1,2})"
    r"(?:[时時点點](?:整|(半)|(\d{1,2})分?(?:(\d{1,2})秒)?)?|:(\d{2})(?::(\d{2}))?)$"
)
# Hours of the clock that a part of the day may stand beside; what is not here is in doubt, such as twelve in
# the evening.
_MORNING = {hour: hour for hour in range(12)}
_AFTERNOON = {12: 12, **{hour: hour % 12 + 12 for hour in (*range(1, 12), *range(13, 20))}}
_EVENING = {hour: hour % 12 + 12 for hour in (*range(5, 12), *range(17, 24))}
_PARTS = {
    "凌晨": {12: 0, **{hour: hour for hour in range(7)}},
    **{name: _MORNING for name in ("清晨", "早晨", "早上", "上午")},
    "中午": {11: 11, 12: 12, 13: 13, 1: 13},
    **{name: _AFTERNOON for name in ("下午", "傍晚")},
    **{name: _EVENING for name in ("晚上", "晚间", "晚間")},
}
_DAYS = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%a, %d %b %Y", "%Y-%m-%d")
_CLOCKS = (" %I:%M %p", " %I:%M:%S %p", " %H:%M", "")

_CHINA, _CENTRAL = timezone(timedelta(hours=8), "CST"), timezone(timedelta(hours=-6), "CST")
_GENERIC = {
    "ET": ZoneInfo("America/New_York"),
    "CT": ZoneInfo("America/Chicago"),
    "MT": ZoneInfo("America/Denver"),
    "PT": ZoneInfo("America/Los_Angeles"),
}
# Hours east of UTC. RFC 5322 gives the American ones; of the others only those that stand for one zone in the
# news of today. CST, IST and AST mean several: see `_offset`.
_OFFSETS = {
    **dict.fromkeys(("UTC", "UT", "GMT", "Z", "WET"), 0.0),
    **{"EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7},
    **{"BST": 1, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3},
    **{"HKT": 8, "SGT": 8, "JST": 9, "KST": 9, "AWST": 8, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13},
}


def zone_of(name: str | None) -> tzinfo:
    """Return the zone of an IANA name; without one UTC, as `ASSUMED`.

    Raises:
        ConfigurationError: no such zone.
    """
    if name is None:
        return ASSUMED
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"There is no zone {name!r}.", remedy="Name one like Asia/Shanghai."
        ) from error


def moment(value: object, zone: tzinfo, *, mail: bool = False) -> datetime | None:
    """Return the moment that `value` tells; None for a bare date, which tells none.

    A date without a time must not pile up at midnight: the record keeps it in its payload, without a moment.

    Args:
        value: ISO 8601, `2026/1/2 9:30`, `2026年1月2日 9:30`, `2026年1月2日下午3时30分`, RFC 5322
            ("Fri, 20 Nov 2026 09:30:00 +0800"), "Nov 20, 2026 9:30 AM", each with or without the short name
            of a zone behind it, or a datetime. Digits may be of full width.
        zone: Given to times that have none. It also decides what an ambiguous name means: with a zone of
            Asia, CST is Chinese time, with one of America US Central, and without either nobody knows.
        mail: Whether it ought to be in RFC 5322, as in RSS: what is in that form means US Central by CST,
            where the zone does not say otherwise.

    Raises:
        InvalidInput: it is no time, or in a zone that is not known.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    text = _plain(str(value))
    found, has_clock = _read(text, zone, mail=mail), _CLOCK.search(text)
    return found if has_clock else None


def day(value: object, zone: tzinfo) -> datetime:
    """Return the moment that `value` tells, and for a bare date the beginning of that day.

    Raises:
        InvalidInput: it is neither.
    """
    return moment(value, zone) or _read(_plain(str(value)), zone)


def _plain(text: str) -> str:
    """Return a time with plain digits, its Chinese clock as 15:30, and without a remark behind it."""
    even = unicodedata.normalize("NFKC", text).strip()
    return _HAN_CLOCK.sub(_clock, _BRACKETS.sub(r" \1", _REMARK.sub(r"\1", even)))


def _clock(found: re.Match[str]) -> str:
    part, hour, half = found[1], int(found[2]), found[3]
    if not part and found[6]:
        return found[0]  # 9:30, which needs no help
    if part:
        if hour not in _PARTS[part]:
            return found[0]
        hour = _PARTS[part][hour]
    minute = "30" if half else found[4] or found[6] or "00"
    return f" {hour:02}:{minute:0>2}:{found[5] or found[7] or '00':0>2}"


def _read(text: str, zone: tzinfo, *, mail: bool = False) -> datetime:
    named = _NAMED.match(text)
    if named is None or named[2] in {"AM", "PM"}:  # 9:30 AM
        found = _parse(text, text)
        return found if found.tzinfo else found.replace(tzinfo=zone)
    local = _parse(named[1] + (named[3] or ""), text)
    if local.tzinfo is not None:
        return local
    return local.replace(tzinfo=_offset(named[2], local, zone, text, mail=mail))


def _offset(name: str, local: datetime, zone: tzinfo, text: str, *, mail: bool) -> tzinfo:
    # The zone of the source comes first: there its own names mean its own time.
    if local.replace(tzinfo=zone).tzname() == name:
        return UTC if zone is ASSUMED else zone
    if name in _GENERIC:
        return _GENERIC[name]
    if name == "CST":
        return _cst(zone, text, mail=mail)
    if name not in _OFFSETS:
        raise InvalidInput(
            f"{text[:60]!r} is in a zone, {name}, that is not known or means several.",
            remedy="Configure the zone of its source.",
        )
    return timezone(timedelta(hours=_OFFSETS[name]), name)


def _cst(zone: tzinfo, text: str, *, mail: bool) -> tzinfo:
    region = str(getattr(zone, "key", "")).partition("/")[0]
    if region == "Asia":
        return _CHINA
    if region in {"America", "US", "Canada"} or (mail and _MAIL.match(text)):
        return _CENTRAL
    raise InvalidInput(
        f"{text[:60]!r} is in CST, which is China's time and US Central's.",
        remedy="Configure the zone of its source.",
    )


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
