"""The evaluation as a whole: no figure without the baselines, no gain from ties, chance or the future."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from core.errors import InvalidInput
from core.ranking.blend import fit_blend
from core.ranking.evaluate import BASELINES, beaten_by, compare, evaluate
from core.ranking.interactions import Interactions
from core.ranking.split import leave_one_out
from core.ranking.transitions import fit_transitions
from tests.core.ranking.shop import DAY, drifting, shuffled


@dataclass
class Constant:
    value: float
    decay: float = 1.0
    fresh_days: float | None = None

    def block(self, histories: Any) -> np.ndarray:
        return np.full(histories.shape, self.value, np.float32)


def constant(interactions: Interactions) -> Constant:
    return Constant(3.5)


def not_a_number(interactions: Interactions) -> Constant:
    return Constant(float("nan"))


@pytest.mark.parametrize("protocol", ["time", "leave-one-out"])
def test_a_report_is_plain_json_with_the_baselines_in_it(protocol) -> None:
    report = evaluate(drifting(), protocol=protocol, k=5)

    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert set(report["models"]) == {*BASELINES, "blend"}
    assert set(report["against"]["blend"]) == set(BASELINES)
    for figures in report["models"].values():
        for name in ("hr@5", "recall@5", "ndcg@5", "debiased_hr@5", "intra_list_similarity@5"):
            assert 0 <= figures[name]["low"] <= figures[name]["value"] <= figures[name]["high"] <= 1
        assert 0 < figures["coverage@5"] <= 1


def test_a_constant_scorer_gets_nothing() -> None:
    figures = evaluate(drifting(), models={"constant": constant})["models"]["constant"]

    assert figures["hr@10"]["value"] == figures["ndcg@10"]["value"] == figures["coverage@10"] == 0.0


def test_nan_is_refused() -> None:
    with pytest.raises(InvalidInput, match="NaN"):
        evaluate(drifting(), models={"broken": not_a_number})


@pytest.mark.parametrize("protocol", ["time", "leave-one-out"])
def test_shuffled_time_stamps_lower_the_score(protocol) -> None:
    rows, models = drifting(users=150), {"transitions": fit_transitions, "blend": fit_blend}

    true = evaluate(rows, protocol=protocol, k=5, models=models)["models"]
    false = evaluate(shuffled(rows), protocol=protocol, k=5, models=models)["models"]

    for name in models:
        assert false[name]["ndcg@5"]["high"] < true[name]["ndcg@5"]["low"]


def test_blocks_change_no_figure() -> None:
    def figures(report: dict[str, Any]) -> dict[str, Any]:
        return {name: {**entry, "seconds": 0} for name, entry in report["models"].items()}

    rows = drifting()

    assert figures(evaluate(rows, cells=1)) == figures(evaluate(rows))


def test_users_without_a_history_are_reported_apart() -> None:
    rows = [*drifting(), *((f"new{n}", f"g0-{n}", 1.0, 20 * DAY) for n in range(8))]

    report = evaluate(rows, protocol="time", quantile=0.7)

    assert report["users"]["without_history"] == 8
    assert report["new_users"]["served_by"] == "popularity-7d"
    assert evaluate(drifting(), protocol="leave-one-out")["new_users"] is None


def test_a_split_in_which_everybody_is_new_still_has_a_report() -> None:
    rows = [(f"u{n}", f"i{n % 3}", 1.0, float(n)) for n in range(40)]

    report = evaluate(rows)

    assert report["users"] == {"with_history": 0, "without_history": 8}
    assert report["new_users"]["hr@10"]["value"] == 1.0
    assert beaten_by(report) == list(BASELINES)


def test_no_model_is_promoted_that_a_baseline_beats() -> None:
    report = evaluate(
        drifting(users=150), protocol="leave-one-out", models={"constant": constant, "blend": fit_blend}
    )

    assert beaten_by(report, "blend") == []
    assert beaten_by(report, "constant") == list(BASELINES)
    assert "popularity-7d" not in beaten_by(report, "popularity-7d")
    with pytest.raises(InvalidInput, match="no model 'absent'"):
        beaten_by(report, "absent")


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(InvalidInput, match="protocol"):
        evaluate(drifting(), protocol="random")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="ease: a baseline's name"):
        evaluate(drifting(), models={"ease": constant})
    with pytest.raises(InvalidInput, match="k is 0"):
        evaluate(drifting(), k=0)


def test_a_model_may_be_fitted_on_less_but_never_on_what_is_asked_for() -> None:
    split = leave_one_out(Interactions.from_rows(drifting()))
    less = leave_one_out(split.train).train

    fitted_on_less = compare(split, learn=less)["models"]["blend"]

    assert fitted_on_less["ndcg@10"] != compare(split)["models"]["blend"]["ndcg@10"]
    with pytest.raises(InvalidInput, match="asked for"):
        compare(split, learn=split.test)
