"""Words in both languages, questions that are no syntax, changes that leave nothing behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.retrieval.lexical import LexicalIndex
from core.retrieval.terms import terms

TEXTS = {
    1: "How to cancel an insurance policy early",
    2: "Long-term care policies and their costs",
    3: "保险合同可以提前解除吗",
    4: "车辆损失由保险公司赔付",
    5: "AND OR NOT are words here",
}


@pytest.fixture
def index() -> LexicalIndex:
    made = LexicalIndex()
    made.change((), TEXTS.items())
    return made


def _ids(index: LexicalIndex, query: str, k: int = 10) -> list[int]:
    return [number for number, _ in index.search(query, k)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Long-term CARE", ["long", "term", "care"]),
        ("1,234.50 ① 12.5%", ["1234.50", "1", "12.5%"]),
        ("policies policy", ["polici", "polici"]),
        ("ｐｏｌｉｃｙ po\u200blicy", ["polici", "polici"]),
        ("保险合同", ["保险合同", "保险", "险合", "合同"]),
        ("退", ["退"]),
        ("。！? 😀", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_a_very_long_word_is_cut() -> None:
    assert [len(term) for term in terms("x" * 70_000)] == [64]


def test_english_is_found_in_other_forms(index: LexicalIndex) -> None:
    assert _ids(index, "cancelling insurances") == [1]
    assert _ids(index, "long term") == [2]
    assert set(_ids(index, "POLICY")) == {1, 2}


def test_chinese_is_found_by_word_and_by_pair(index: LexicalIndex) -> None:
    assert _ids(index, "提前解除合同")[0] == 3
    assert _ids(index, "赔付") == [4]
    assert set(_ids(index, "保险")) == {3, 4}


def test_a_question_is_never_syntax(index: LexicalIndex) -> None:
    assert _ids(index, 'AND ( " :') == [5, 2]
    assert _ids(index, "id:4 cancel^9") == [1]
    assert _ids(index, "+care -policies *:*")[0] == 2


def test_the_best_is_first_and_k_is_kept(index: LexicalIndex) -> None:
    found = index.search("cancel policy early", 1)

    assert [number for number, _ in found] == [1]
    assert found[0][1] > index.search("policy", 1)[0][1] > 0
    assert index.search("policy", 0) == []


def test_a_filter_is_looked_at_before_the_best_are_taken(index: LexicalIndex) -> None:
    whole = dict(index.search("insurance policy", 10))

    found = index.search("insurance policy", 1, np.array([2, 4, 77], np.int64))

    assert [number for number, _ in found] == [2]
    assert found[0][1] == pytest.approx(whole[2], rel=1e-5)
    assert index.search("insurance policy", 5, np.array([], np.int64)) == []


def test_removed_and_replaced_passages_are_gone(index: LexicalIndex) -> None:
    index.change([1, 99], [(2, "Nothing of the kind")])

    assert _ids(index, "insurance cancel") == []
    assert _ids(index, "care") == []
    assert _ids(index, "kind") == [2]
    assert index.ids == {2, 3, 4, 5}


def test_many_changes_leave_the_scores_of_a_fresh_index() -> None:
    changed, fresh = LexicalIndex(), LexicalIndex()
    for round_ in range(12):
        changed.change((), ((number, f"word{number} round{round_} common text") for number in range(60)))
    fresh.change((), ((number, f"word{number} round11 common text") for number in range(60)))
    assert len(changed) == 60
    assert changed.search("round3", 5) == []

    changed._compact()

    for query in ("common", "word7 round11", "round11 text"):
        assert changed.search(query, 60) == [
            (number, pytest.approx(score)) for number, score in fresh.search(query, 60)
        ]


def test_the_dead_are_buried_when_they_are_many() -> None:
    index = LexicalIndex()
    for round_ in range(40):
        index.change((), ((number, f"text of round{round_}") for number in range(10)))
    assert index._dead <= 256 + 10
    assert index._index.searcher().num_docs == 10


def test_a_saved_index_answers_as_before(index: LexicalIndex, tmp_path: Path) -> None:
    index.change([4], ())
    index.save(tmp_path / "lexical.jsonl")

    again = LexicalIndex.load(tmp_path / "lexical.jsonl")

    assert again.ids == index.ids
    assert _ids(again, "insurance policy") == _ids(index, "insurance policy")
    again.change((), [(6, "new insurance")])
    assert set(_ids(again, "insurance")) == {1, 6}


@pytest.mark.parametrize(
    "query", ["", "😀", "\u200b", "。", "\ud800", "\x00", "x" * 100_000, "好" * 100_000, "a b " * 25_000]
)
def test_odd_questions_find_nothing_and_harm_nothing(index: LexicalIndex, query: str) -> None:
    assert index.search(query, 5) == []


def test_an_empty_index_finds_nothing() -> None:
    assert LexicalIndex().search("anything", 5) == []
