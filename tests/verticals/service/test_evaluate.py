from __future__ import annotations

from pathlib import Path

import pytest

from core.records import Answer, Citation
from core.retrieval.parse import parse
from verticals.service.evaluate import (
    GoldenAnswer,
    GoldenIntent,
    answer_report,
    golden_answers,
    golden_intents,
    intent_report,
    overlaps,
)
from verticals.service.recipe import DATA, LABELS, OUT_OF_SCOPE

TEXTS = {"a": "Parcels take three days. Returns take thirty.", "b": "Parcels take three days."}


def _case(name: str, quote: str | None, document: str | None = "a") -> GoldenAnswer:
    return GoldenAnswer(f"{name}-en-1", "en", "?", quote is not None, document if quote else None, quote)


def _cite(document: str, quote: str) -> Answer:
    start = TEXTS[document].index(quote)
    citation = Citation(document, 1, start, start + len(quote), quote, None, "T")
    return Answer(quote, (citation,), 0.9, False)


NOTHING = Answer("", (), 0.1, True)


def test_intents_are_counted_inside_and_outside_the_scope() -> None:
    cases = [
        GoldenIntent("1", "plain", "en", "?", "bank_fee"),
        GoldenIntent("2", "typo", "zh", "?", "bank_loan"),
        GoldenIntent("3", "plain", "en", "?", OUT_OF_SCOPE),
    ]
    report = intent_report(cases, ["bank_fee", OUT_OF_SCOPE, OUT_OF_SCOPE])
    assert (report.in_scope, report.out_of_scope, report.wrong) == (0.5, 1.0, ("2",))
    assert report.by_trap == {"plain": 1.0, "typo": 0.0}
    assert not report.passes
    assert intent_report(cases, ["bank_fee", "bank_loan", OUT_OF_SCOPE]).passes


def test_an_answer_counts_when_it_cites_the_right_place() -> None:
    cases = [
        _case("plain", "three days"),
        _case("plain", "thirty"),
        _case("plain", "thirty"),
        _case("none", None),
    ]
    said = [
        _cite("a", "take three days."),
        _cite("a", "Parcels take three"),
        _cite("b", "three days"),
        NOTHING,
    ]
    report = answer_report(cases, said, TEXTS)
    assert report.answered == pytest.approx(1 / 3)
    assert report.abstained == 1.0
    assert report.precision == pytest.approx(1 / 3)
    assert report.by_trap == {"none": 1.0, "plain": pytest.approx(1 / 3)}


def test_an_answer_where_there_is_none_and_none_where_there_is_one_are_wrong() -> None:
    report = answer_report(
        [_case("none", None), _case("plain", "thirty")], [_cite("a", "thirty"), NOTHING], TEXTS
    )
    assert (report.answered, report.abstained, report.precision) == (0.0, 0.0, 0.0)


def test_a_golden_quote_that_is_not_in_its_document_is_a_fault_of_the_case() -> None:
    with pytest.raises(ValueError, match="does not hold the quote"):
        overlaps(_cite("a", "thirty").citations[0], _case("plain", "forty"), TEXTS)


def test_golden_cases_ask_for_known_intents() -> None:
    assert {case.intent for case in golden_intents()} <= set(LABELS)
    assert len({case.id for case in golden_intents()}) == len(golden_intents())


def test_golden_quotes_stand_in_the_help_centre() -> None:
    texts = {name: _text(DATA / "help" / file) for name, file in _index().items()}
    for case in golden_answers():
        if case.answerable:
            assert case.quote
            assert case.quote in texts[str(case.document)], f"{case.id}: {case.quote}"


def _index() -> dict[str, str]:
    import json

    return {row["id"]: row["file"] for row in json.loads((DATA / "help" / "index.json").read_text("utf-8"))}


def _text(path: Path) -> str:
    return parse(path.read_bytes(), filename=path.name).text
