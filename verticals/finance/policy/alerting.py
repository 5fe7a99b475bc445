"""The states of an alert, and which comes next; pure: the same events always end in the same states.

    none ─holds→ pending ─holds for `hold`→ firing ─person→ acknowledged
                    │                          │  ↖ silence ends, still holds
                    │ does not hold            │person
                    ↓                          ↓
                 resolved ←not for `calm`─ (firing, acknowledged, silenced)

An alert that a person resolved while the rule still holds keeps its place: the next look does not raise
it anew; once the rule does not hold, the place is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

State = Literal["pending", "firing", "acknowledged", "silenced", "resolved"]
OPEN: tuple[State, ...] = ("pending", "firing", "acknowledged", "silenced")
TOLD: tuple[State, ...] = ("firing", "acknowledged", "silenced")
"""Those that somebody was told of, and that go on."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an alert stands, as far as it tells what comes next."""

    state: State
    pending_at: datetime
    calm_at: datetime | None = None
    silenced_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """What comes next.

    Attributes:
        state: It becomes this; None where it stays.
        calm_at: Since when the rule does not hold.
        free: Whether its place becomes free.
    """

    state: State | None = None
    calm_at: datetime | None = None
    free: bool = False


def begin(hold: timedelta) -> State:
    """Return the state of a new alert."""
    return "pending" if hold else "firing"


def proceed(now_: Standing, holds: bool, at: datetime, *, hold: timedelta, calm: timedelta) -> Next:
    """Return what comes next of an alert that occupies its place.

    Args:
        now_: How it stands.
        holds: Whether the rule holds.
        at: The moment.
        hold: How long a rule must hold before it fires.
        calm: How long it must not hold before an alert is resolved.
    """
    if now_.state == "resolved":
        return Next(free=not holds)
    if now_.state == "pending":
        if not holds:
            return Next("resolved", at, free=True)
        return Next("firing" if at >= now_.pending_at + hold else None)
    calm_at = None if holds else min(now_.calm_at or at, at)
    if calm_at is not None and at - calm_at >= calm:
        return Next("resolved", calm_at, free=True)
    over = now_.state == "silenced" and now_.silenced_until is not None and at >= now_.silenced_until
    # A silence that ends between a rule's end and the alert's is not followed by a notice of something over.
    return Next("firing" if over and holds else None, calm_at)
