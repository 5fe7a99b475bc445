from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from core.records import Example
from core.training.split import split

LABELS = st.lists(st.sampled_from("abc"), max_size=2, unique=True).map(tuple)
ROWS = st.lists(
    st.builds(
        Example,
        text=st.text("xyz １12", min_size=1, max_size=4),
        labels=LABELS,
        group=st.one_of(st.none(), st.sampled_from(["g", "h", "i"])),
    ),
    min_size=2,
    max_size=60,
)
SHARES = st.floats(min_value=0.01, max_value=0.89)


def _bare(row: Example) -> str:
    return "".join(char for char in row.text if char in "xyz")


@given(ROWS, SHARES, st.integers(0, 5))
def test_every_row_is_on_one_side_in_its_old_order(rows: list[Example], share: float, seed: int) -> None:
    train, dev = split(rows, share, seed)

    assert train
    assert dev
    assert Counter(train) + Counter(dev) == Counter(rows)
    places = {id(row): place for place, row in enumerate(rows)}
    for side in (train, dev):
        assert [places[id(row)] for row in side] == sorted(places[id(row)] for row in side)


@given(ROWS, SHARES, st.integers(0, 5))
def test_the_same_seed_splits_alike(rows: list[Example], share: float, seed: int) -> None:
    assert split(rows, share, seed) == split(list(rows), share, seed)


@given(ROWS, SHARES, st.integers(0, 5))
def test_groups_and_near_copies_stay_together(rows: list[Example], share: float, seed: int) -> None:
    units = {row.group or f"text {_bare(row)}" for row in rows if row.group or _bare(row)}
    train, dev = split(rows, share, seed)

    if len(units) > 1:
        for key in (lambda row: row.group, lambda row: row.group is None and _bare(row)):
            assert not {key(row) for row in train if key(row)} & {key(row) for row in dev if key(row)}


@given(st.integers(0, 20), st.sampled_from([0.1, 0.2, 0.5]))
def test_each_label_has_its_share(seed: int, share: float) -> None:
    # Words, not numbers, tell these rows apart.
    rows = [Example(f"{'abc'[n % 3]} {'x' * n}", (("often", "seldom")[n % 5 == 0],)) for n in range(100)]

    _, dev = split(rows, share, seed)

    counts = Counter(row.labels[0] for row in dev)
    assert abs(counts["often"] - 80 * share) <= 1
    assert abs(counts["seldom"] - 20 * share) <= 1


def test_a_rare_label_of_many_reaches_both_sides() -> None:
    rows = [Example("x" * (n + 1), ("common", "rare") if n % 10 == 0 else ("common",)) for n in range(100)]

    for side in split(rows, 0.2, 1):
        assert any("rare" in row.labels for row in side)


def test_seeds_differ() -> None:
    rows = [Example("x" * (n + 1), ("ab"[n % 2],)) for n in range(100)]

    assert len({split(rows, 0.2, seed)[1] for seed in range(5)}) > 1


def test_few_large_groups_are_not_torn() -> None:
    rows = [Example(f"{'x' * n} y", ("ab"[n % 2],), group="ab"[n % 2]) for n in range(60)]

    train, dev = split(rows, 0.15, 13)

    assert {row.group for row in train}.isdisjoint(row.group for row in dev)


def test_one_template_for_all_is_split_all_the_same() -> None:
    rows = [Example(f"row {n}", ("ab"[n % 2],)) for n in range(40)]

    train, dev = split(rows, 0.25, 13)

    assert (len(train), len(dev)) == (30, 10)
