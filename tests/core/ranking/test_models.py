"""The closed forms against their definitions, and what the serving form says."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InvalidInput, NotFound
from core.ranking.blend import fit_blend
from core.ranking.ease import dense_ease, fit_ease
from core.ranking.interactions import Interactions, decayed
from core.ranking.item_knn import fit_item_knn
from core.ranking.transitions import fit_transitions
from tests.core.ranking.shop import drifting


@pytest.fixture(scope="module")
def shop() -> Interactions:
    return Interactions.from_rows(drifting(), items=["never taken"])


def test_ease_is_the_formula_of_its_paper(shop) -> None:
    active, dense = dense_ease(shop, l2=3.0)

    taken = (shop.histories() > 0).toarray().astype(np.float64)[:, active]
    inverse = np.linalg.inv(taken.T @ taken + 3.0 * np.eye(len(active)))
    wanted = np.eye(len(active)) - inverse / np.diag(inverse)
    assert np.abs(dense - wanted).max() < 1e-4
    assert [shop.items[index] for index in active] == [item for item in shop.items if item != "never taken"]


def test_the_inverse_is_whole_whatever_the_blocks(shop, monkeypatch) -> None:
    _, wanted = dense_ease(shop, l2=3.0)
    monkeypatch.setattr("core.ranking.ease._STEP", 5)
    monkeypatch.setattr("core.ranking.weights._BLOCK", 100)

    assert np.array_equal(dense_ease(shop, l2=3.0)[1], wanted)
    assert np.array_equal(fit_ease(shop, l2=3.0, top=1000).matrix().toarray()[:-1, :-1], wanted)


def test_ease_keeps_the_most_taken_items_within_its_limit(shop) -> None:
    model = fit_ease(shop, limit=5)

    served = np.flatnonzero(np.diff(model.indptr))
    counts = shop.counts()
    assert model.parameters["items"] == 5
    assert len(served) <= 5
    assert counts[served].min() >= np.sort(counts)[-5]


def test_item_knn_is_the_damped_cosine_whatever_the_blocks(shop, monkeypatch) -> None:
    monkeypatch.setattr("core.ranking.item_knn._ROWS", 7)
    taken = (shop.histories() > 0).toarray().astype(np.float64)
    both, counts = taken.T @ taken, np.diag(taken.T @ taken)
    wanted = both / (np.sqrt(np.outer(counts, counts)) + 10.0)
    np.fill_diagonal(wanted, 0)

    assert np.abs(fit_item_knn(shop).matrix().toarray() - wanted).max() < 1e-6


def test_transitions_have_a_direction() -> None:
    rows = [
        (f"u{n}", item, 1.0, float(step))
        for n in range(4)
        for step, item in enumerate(("printer", "ink", "paper"))
    ]

    model = fit_transitions(Interactions.from_rows(rows))

    assert [item for item, _ in model.similar("printer", 5)] == ["ink", "paper"]
    assert model.similar("paper", 5) == []


def test_a_thinned_row_holds_the_strongest_weights(shop) -> None:
    full, thinned = fit_ease(shop, top=10_000).matrix().toarray(), fit_ease(shop, top=4)

    for row, source in enumerate(full):
        kept = thinned.targets[thinned.indptr[row] : thinned.indptr[row + 1]]
        assert len(kept) <= 4
        if len(kept):
            assert np.abs(source[kept]).min() >= np.sort(np.abs(source))[-4]


@pytest.mark.parametrize("fit", [fit_ease, fit_item_knn, fit_transitions, fit_blend])
def test_a_block_scores_as_its_rows_do_one_by_one(shop, fit) -> None:
    model, histories = fit(shop), shop.histories(0.8)

    block = model.block(histories[:9])

    for row in range(9):
        found = histories[row]
        history = [
            (shop.items[at], float(weight)) for at, weight in zip(found.indices, found.data, strict=True)
        ]
        assert np.array_equal(block[row], model.scores(history[::-1]))


def test_reasons_add_up_to_the_score_and_name_the_history(shop) -> None:
    model = fit_item_knn(shop)
    history = decayed(["g0-1", "g0-2", "g1-1", "unheard of"])
    item, score = model.top(history, 1, exclude={"g0-1", "g0-2", "g1-1"})[0]

    reasons = model.reasons(history, item, 9)

    assert sum(added for _, added in reasons) == pytest.approx(score, rel=1e-5)
    assert {name for name, _ in reasons} <= {"g0-1", "g0-2", "g1-1"}
    assert model.reasons(history, "unheard of") == []


def test_the_blend_shows_an_unknown_user_what_is_popular_and_the_others_do_not_guess(shop) -> None:
    counts: dict[str, set[str]] = {}
    rows = drifting()
    last_week = max(time for *_, time in rows) - 7 * 86_400
    for user, item, _, time in rows:
        if time > last_week:
            counts.setdefault(item, set()).add(user)

    best = fit_blend(shop).top([], 1)[0][0]

    assert len(counts[best]) == max(map(len, counts.values()))
    assert fit_ease(shop).top([], 3) == []


def test_an_old_history_gives_way_to_what_is_popular(shop) -> None:
    model = fit_blend(shop)
    popular, history = [item for item, _ in model.top([], 5)], ["g0-1", "g0-2"]

    now = [item for item, _ in model.top(model.weigh(history), 5)]
    later = [item for item, _ in model.top(model.weigh(history, age_days=100_000), 5)]

    assert later == popular != now
    assert model.weigh(history, age_days=0.0) == decayed(history)
    assert model.weigh(history, age_days=model.fresh_days) == [("g0-2", 0.5), ("g0-1", 0.4)]


def test_excluded_items_are_not_returned_and_the_list_is_filled_up(shop) -> None:
    model, history = fit_blend(shop), decayed(["g0-1", "g0-2"])
    first = [item for item, _ in model.top(history, 5)]

    second = [item for item, _ in model.top(history, 5, exclude=first[:2])]

    assert second[:3] == first[2:]
    assert len(second) == 5


def test_an_unknown_item_has_no_similar_ones(shop) -> None:
    with pytest.raises(NotFound, match="unheard of"):
        fit_ease(shop).similar("unheard of", 3)


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf")])
def test_a_parameter_that_is_not_above_nought_is_refused(shop, wrong) -> None:
    with pytest.raises(InvalidInput, match="l2 is"):
        fit_ease(shop, l2=wrong)
    with pytest.raises(InvalidInput, match="follows is"):
        fit_blend(shop, follows=wrong)
