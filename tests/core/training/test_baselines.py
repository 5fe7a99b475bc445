from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.records import Example
from core.training.baselines import TfIdf
from core.training.fitting import Target, target, texts_of


def _target(rows: list[Example], labels: str, multi: bool) -> Target:
    return target("toy", tuple(labels), multi, rows, rows)


def test_it_learns_words_in_both_scripts() -> None:
    rows = [Example(f"profit {n} rose", ("a",)) for n in ["one", "two", "three", "four"]]
    rows += [Example(f"公司{n}净利润下跌", ("b",)) for n in "甲乙丙丁"]
    rows += [Example(f"talks {n} go on", ("c",)) for n in ["one", "two", "three", "four"]]
    model = TfIdf().fit(texts_of(rows), _target(rows, "abc", multi=False))

    said = model.predict(["profit rose again", "净利润下跌", ("the talks", "go on")])

    assert said.argmax(axis=1).tolist() == [0, 1, 2]
    assert (said.sum(axis=1) == 1).all()


@pytest.mark.parametrize("labels", ["a", "ab", "abc"])
def test_labels_that_no_row_or_every_row_has(labels: str) -> None:
    everywhere = labels[-1]
    rows = [Example(f"{'up' if n % 2 else 'down'} {'x' * n}", (everywhere,)) for n in range(20)]
    if len(labels) == 3:  # a: never, b: half of them, c: always
        rows = [Example(row.text, ("b", "c") if "up" in row.text else ("c",)) for row in rows]
    model = TfIdf().fit(texts_of(rows), _target(rows, labels, multi=True))

    said = model.predict(["up x", "down x"])

    assert said.shape == (2, len(labels))
    assert said[:, -1].all()
    assert not said[:, 0].any() or labels == "a"
    if len(labels) == 3:
        assert said[:, 1].tolist() == [True, False]


@pytest.mark.parametrize("multi", [False, True])
@pytest.mark.parametrize("text", ["😀", "？！", "--"])
def test_texts_without_words(text: str, multi: bool) -> None:
    rows = [Example(f"{text}{text * n}", ("a" if n < 6 else "b",)) for n in range(10)]

    said: Any = TfIdf().fit(texts_of(rows), _target(rows, "ab", multi)).predict(["x", ""])

    assert said.tolist() == np.array([[True, False], [True, False]]).tolist()


def test_two_classes_and_a_class_of_the_labels_that_is_missing() -> None:
    rows = [Example(f"{'up' if n % 2 else 'down'} {'x' * n}", ("c" if n % 2 else "a",)) for n in range(20)]
    model = TfIdf().fit(texts_of(rows), _target(rows, "abc", multi=False))

    assert model.predict(["up", "down"]).argmax(axis=1).tolist() == [2, 0]
