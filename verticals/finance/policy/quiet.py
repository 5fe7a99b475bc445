"""Quiet hours: in a zone, over midnight, on some days, and right when clocks are put forward or back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours in which nobody is disturbed.

    Attributes:
        begin: On the clock of the zone.
        end: Not after `begin`: on the day after.
        days: On which they begin; all, where none is named.
        except_severity: From this severity on they do not hold.
    """

    begin: time
    end: time
    zone: ZoneInfo
    days: tuple[str, ...] = ()
    except_severity: str | None = None


def quiet_until(hours: QuietHours, at: datetime) -> datetime | None:
    """Return when the quiet hours that hold a moment end, in UTC; None where it is in none.

    A time that the clock leaps over is the moment an hour later; of one that it shows twice it is the first:
    a night has one beginning and one end whatever the clock does.
    """
    moment = at.astimezone(UTC)
    for begin, end in _nights(hours, moment.astimezone(hours.zone).date()):
        if begin <= moment < end:
            return end
    return None


def _nights(hours: QuietHours, today: date) -> Iterator[tuple[datetime, datetime]]:
    over = hours.end <= hours.begin
    for day in (today - _DAY, today):
        if not hours.days or DAYS[day.weekday()] in hours.days:
            yield _moment(hours, day, hours.begin), _moment(hours, day + over * _DAY, hours.end)


def _moment(hours: QuietHours, day: date, at: time) -> datetime:
    return datetime.combine(day, at, hours.zone).astimezone(UTC)
