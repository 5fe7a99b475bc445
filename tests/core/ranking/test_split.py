"""Splits keep the future out, and the check fails loudly on one row of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import InvalidInput
from core.ranking.interactions import Interactions
from core.ranking.split import Split, check_no_leak, leave_one_out, time_split
from tests.core.ranking.shop import drifting


def with_row(part: Interactions, user: int, item: int, time: float) -> Interactions:
    return Interactions(
        part.users,
        part.items,
        np.append(part.user, user),
        np.append(part.item, item),
        np.append(part.weight, np.float32(1)),
        np.append(part.time, time),
    )


@pytest.fixture(scope="module")
def shop() -> Interactions:
    return Interactions.from_rows(drifting())


def test_a_time_split_has_one_moment_for_everybody(shop) -> None:
    split = time_split(shop, 0.75)

    assert split.train.time.max() < split.cutoff <= split.test.time.min()
    assert abs(len(split.train) / len(shop) - 0.75) < 0.01
    assert not set(split.train.pairs()) & set(split.test.pairs())


def test_leave_one_out_asks_for_the_last_new_item_of_each_user() -> None:
    rows = [("u", "a", 1.0, 1.0), ("u", "b", 1.0, 2.0), ("u", "a", 1.0, 3.0), ("once", "a", 1.0, 9.0)]

    split = leave_one_out(Interactions.from_rows(rows))

    assert [split.test.items[item] for item in split.test.item] == ["b"]
    assert [split.train.users[user] for user in split.train.user] == ["once", "u"]


@pytest.mark.parametrize("make", [time_split, leave_one_out])
def test_one_future_interaction_fails_loudly(shop, make) -> None:
    split = make(shop)
    check_no_leak(split)
    user = int(split.test.user[0])
    had = set(split.train.item[split.train.user == user]) | set(split.test.item[split.test.user == user])
    other = next(item for item in range(len(shop.items)) if item not in had)
    leaking = replace(split, train=with_row(split.train, user, other, float(shop.time.max())))

    with pytest.raises(InvalidInput, match=r"1 training interaction.*'u00'.*future"):
        check_no_leak(leaking)


def test_a_pair_that_is_asked_for_must_not_be_learned_however_early_it_is(shop) -> None:
    split = time_split(shop)
    early = with_row(split.train, int(split.test.user[3]), int(split.test.item[3]), float(shop.time.min()))

    with pytest.raises(InvalidInput, match="asked for"):
        check_no_leak(Split("time", early, split.test, split.cutoff))


@pytest.mark.parametrize("quantile", [0.0, 1.0, -1.0, float("nan")])
def test_a_quantile_outside_nought_and_one_is_refused(shop, quantile) -> None:
    with pytest.raises(InvalidInput, match="quantile"):
        time_split(shop, quantile)


@pytest.mark.parametrize("make", [time_split, leave_one_out])
@pytest.mark.parametrize("rows", [[], [("u", "a", 1.0, 1.0)], [("u", "a", 1.0, 1.0), ("v", "b", 1.0, 1.0)]])
def test_too_few_events_are_refused_with_the_mend(make, rows) -> None:
    with pytest.raises(InvalidInput, match="Give more events"):
        make(Interactions.from_rows(rows))
