from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.streams.detect import ODDS, EDetector, log_e_values

Floats = NDArray[np.float64]


def logs(counts: Floats, negatives: Floats, bound: float = 0.3) -> Floats:
    one = np.ones(len(counts))
    return log_e_values(counts, negatives, bound * one, one)


@pytest.mark.parametrize("bound", [0.05, 0.3, 0.7])
@pytest.mark.parametrize("stories", [1, 4])
def test_an_e_value_has_a_mean_of_one_at_most(bound: float, stories: int) -> None:
    bad = np.arange(stories + 1.0)
    from math import comb

    for share in (bound, bound / 2):
        chance = [comb(stories, int(b)) * share**b * (1 - share) ** (stories - b) for b in bad]
        values = np.exp(logs(np.full(len(bad), float(stories)), bad, bound))
        means = np.asarray(chance) @ values
        assert values.shape == (stories + 1, len(ODDS))
        assert (means <= 1 + 1e-9).all()


def slow(logs_: Floats, threshold: float) -> list[int]:
    """The recursion as it is written in the paper."""
    state, alarms = np.zeros(logs_.shape[1]), []
    for place, row in enumerate(logs_):
        if not row.any():
            continue
        state = (state + 1) * np.exp(row)
        if state.mean() >= threshold:
            alarms.append(place)
            state = np.zeros(logs_.shape[1])
    return alarms


def test_all_at_once_is_as_one_after_the_other() -> None:
    rng = np.random.default_rng(7)
    counts = rng.poisson(3, 600).astype(float)
    bad = rng.binomial(counts.astype(int), np.where(np.arange(600) < 400, 0.25, 0.6)).astype(float)
    trace = EDetector(200).trace(logs(counts, bad))
    assert list(trace.alarms) == slow(logs(counts, bad), 200)
    assert trace.alarms
    assert all(begun <= alarm for begun, alarm in zip(trace.begun, trace.alarms, strict=True))


def test_the_beginning_of_a_change_is_found() -> None:
    rng = np.random.default_rng(3)
    counts = np.full(400, 10.0)
    bad = rng.binomial(10, np.where(np.arange(400) < 300, 0.2, 0.7)).astype(float)
    trace = EDetector(5000).trace(logs(counts, bad))
    assert abs(trace.begun[0] - 300) <= 2
    assert 300 <= trace.alarms[0] <= 305


def test_bins_without_stories_change_nothing() -> None:
    rng = np.random.default_rng(5)
    counts = rng.poisson(2, 300).astype(float)
    bad = rng.binomial(counts.astype(int), 0.5).astype(float)
    dense = EDetector(100).trace(logs(counts, bad)[counts > 0])
    trace = EDetector(100).trace(logs(counts, bad))
    places = np.flatnonzero(counts)
    assert [places[alarm] for alarm in dense.alarms] == list(trace.alarms)


def test_a_long_flood_does_not_overflow() -> None:
    trace = EDetector(1e9).trace(logs(np.full(300, 1e4), np.full(300, 1e4)))
    assert np.isfinite(trace.statistic).all()
    assert trace.alarms[0] == 0
    assert not EDetector(1e9).trace(np.zeros((0, 4))).alarms


def test_the_average_run_length_is_the_threshold_at_least() -> None:
    # At the bound itself, with bursts: the promise does not depend on the volume.
    rng = np.random.default_rng(11)
    threshold, runs, length = 100.0, 150, 1500
    first = []
    for _ in range(runs):
        counts = rng.poisson(rng.gamma(1.0, 3.0, length)).astype(float)
        bad = rng.binomial(counts.astype(int), 0.3).astype(float)
        alarms = EDetector(threshold).trace(logs(counts, bad)).alarms
        busy = np.cumsum(counts > 0)
        first.append(float(busy[alarms[0]]) if alarms else float(busy[-1]))
    assert np.mean(first) >= threshold


def plain(logs_: Floats, threshold: float) -> tuple[Floats, list[int], list[int]]:
    """Run anew over all the rest behind each alarm."""
    values, alarms, begun, start = np.zeros(len(logs_)), [], [], 0
    while start < len(logs_):
        sums = np.cumsum(logs_[start:], axis=0)
        before = np.concatenate([np.zeros((1, logs_.shape[1])), sums[:-1]])
        state = np.exp(np.minimum(sums + np.logaddexp.accumulate(-before, axis=0), 600.0))
        mean = state.mean(axis=1)
        crossed = np.flatnonzero(mean >= threshold)
        end = int(crossed[0]) + 1 if len(crossed) else len(mean)
        values[start : start + end] = mean[:end]
        if not len(crossed):
            break
        alarms.append(start + end - 1)
        begun.append(start + int(before[:end, int(state[end - 1].argmax())].argmin()))
        start += end
    return values, alarms, begun


@pytest.mark.parametrize("threshold", [2.0, 30.0, 1000.0, 1e12])
@pytest.mark.parametrize("share", [0.25, 0.35, 0.9])
def test_blocks_say_what_the_whole_says(threshold: float, share: float) -> None:
    rng = np.random.default_rng(13)
    counts = (1 + rng.poisson(2, 700)).astype(float)
    bad = rng.binomial(counts.astype(int), share).astype(float)
    values, alarms, begun = plain(logs(counts, bad), threshold)
    trace = EDetector(threshold).trace(logs(counts, bad))
    assert np.array_equal(trace.statistic, values)
    assert (list(trace.alarms), list(trace.begun)) == (alarms, begun)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_many_alarms_cost_no_more_rows_than_few(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    cumsum = np.cumsum

    def counted(rows: Floats, axis: int) -> Floats:
        seen.append(len(rows))
        return cumsum(rows, axis=axis)

    monkeypatch.setattr(np, "cumsum", counted)
    counts = np.full(20_000, 4.0)
    trace = EDetector(50).trace(logs(counts, np.floor(counts * share), bound=0.4))
    assert len(trace.alarms) > 4_000 or share < 1
    assert sum(seen) <= 20_000 * 2 + 34 * len(trace.alarms) + 100
