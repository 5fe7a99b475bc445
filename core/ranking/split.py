"""Splits of interactions that keep the future out of training, and the check that they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import InvalidInput
from core.ranking.interactions import Interactions

Protocol = Literal["time", "leave-one-out"]
QUANTILE = 0.8


@dataclass(frozen=True, slots=True)
class Split:
    """What is learned from and what is asked for; both number users and items alike.

    Attributes:
        protocol: How it was split.
        train: Rows to learn from.
        test: One row a (user, item) to be found; none of these pairs is in `train`.
        cutoff: Time split only: the first moment of the test part, in seconds since 1970.
    """

    protocol: Protocol
    train: Interactions
    test: Interactions
    cutoff: float | None = None


def time_split(interactions: Interactions, quantile: float = QUANTILE) -> Split:
    """Split at one moment for everybody: rows before it are learned from, new pairs after it are asked for.

    Args:
        interactions: Rows with real times.
        quantile: Share of the rows, in order of time, before the moment, in (0, 1).

    Raises:
        InvalidInput: the quantile is not in (0, 1), or one side would be empty.
    """
    if not 0 < quantile < 1:
        raise InvalidInput(f"The quantile is {quantile!r}.", remedy="Give one between 0 and 1, such as 0.8.")
    times = np.sort(interactions.time)
    cutoff = float(times[int(quantile * len(times))]) if len(times) else 0.0
    before = interactions.time < cutoff
    train = interactions.select(before)
    fresh = ~before & ~np.isin(interactions.pairs(), train.pairs())
    return _checked(Split("time", train, interactions.select(fresh).first_takes(), cutoff))


def leave_one_out(interactions: Interactions) -> Split:
    """Hold out each user's last new item; users with a single item are only learned from.

    Rows of the held-out pair, and those of the user after it, are in neither part. What other users did later
    is learned from: that is how published figures are made, and why they are higher than a time split's.

    Raises:
        InvalidInput: nobody has two items.
    """
    takes = interactions.first_takes()
    ends = np.cumsum(np.bincount(takes.user, minlength=len(takes.users))) - 1
    several = np.bincount(takes.user, minlength=len(takes.users)) > 1
    last = np.zeros(len(takes), np.bool_)
    last[ends[several]] = True
    return _checked(Split("leave-one-out", takes.select(~last), takes.select(last)))


def check_no_leak(split: Split) -> None:
    """Check that nothing of the future, and nothing that is asked for, can be learned.

    Raises:
        InvalidInput: a row to learn from is not before the test part (time), is later than what is held
            out of its user (leave-one-out), or is a pair that is asked for; the message names user and item.
    """
    train, test = split.train, split.test
    if not len(test):
        return
    if split.protocol == "time":
        late = train.time >= min(float(test.time.min()), np.inf if split.cutoff is None else split.cutoff)
    else:
        held = np.full(len(test.users), np.inf)
        held[test.user] = test.time
        late = train.time > held[train.user]
    asked = np.isin(train.pairs(), test.pairs())
    for wrong, what in (
        (late, "lies in the future of the test part"),
        (asked, "is asked for in the test part"),
    ):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise InvalidInput(
                f"Leak: {int(wrong.sum())} training interaction(s), the first by user"
                f" {train.users[train.user[row]]!r} with item {train.items[train.item[row]]!r}, {what}.",
                remedy="Split again; never learn from what is asked for.",
            )


def _checked(split: Split) -> Split:
    if not len(split.train) or not len(split.test):
        raise InvalidInput(
            f"The {split.protocol} split leaves {len(split.train)} interactions to learn from and"
            f" {len(split.test)} to ask for.",
            remedy="Give more events: several a user, at different times.",
        )
    check_no_leak(split)
    return split
