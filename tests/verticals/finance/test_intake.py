from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from core.errors import InvalidInput
from core.records import Record
from verticals.finance.intake import Story, document, story

MOMENT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"title": "Orvane cuts outlook", "content": "Less."}, "Orvane cuts outlook\nLess."),
        ({"headline": "澜石科技下调指引"}, "澜石科技下调指引"),
        ({"text": " just a post "}, "just a post"),
        ({"title": "Orvane cuts outlook", "summary": "Orvane cuts outlook. Oh."}, "Orvane cuts outlook. Oh."),
        ({"title": "", "body": "body only", "number": 3}, "body only"),
    ],
)  # fmt: skip
def test_title_and_body(payload: dict[str, object], text: str) -> None:
    assert story(Record("wire", "1", payload, MOMENT)) == Story(text, None, MOMENT)


def test_language_of_the_source_is_kept() -> None:
    assert story(Record("wire", "1", {"text": "a", "lang": "zh"})).lang == "zh"


@pytest.mark.parametrize("payload", [{"lang": "zh-Hans-CN"}, {"language": "zh_TW"}, {"language": " ZH "}])
def test_a_language_is_its_code_alone(payload: dict[str, object]) -> None:
    assert story(Record("wire", "1", {"text": "a", **payload})).lang == "zh"


@pytest.mark.parametrize("told", ["2026-11-20", "2026年11月20日", "２０２６－１１－２０", "2026/11/20"])
def test_a_bare_date_is_a_day(told: str) -> None:
    assert story(Record("wire", "1", {"text": "a", "date": told})).day == date(2026, 11, 20)


def test_an_id_of_any_length_is_one_identity() -> None:
    link = "https://wire.example/" + "a" * 480
    first, again, other = (document(Record("wire", each, {"text": "a"})) for each in (link, link, link + "b"))
    assert len(first.external_id) == 400
    assert first.external_id == again.external_id != other.external_id
    assert document(Record("wire", link[:400], {"text": "a"})).external_id == link[:400]


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (Record("wire", "7", {"title": "  ", "id": 7}), "has no text"),
        (Record("wire", "7", {"title": "a"}, datetime(2026, 11, 20)), "time without a zone"),
        (Record("wire", "7", {"title": "a"}, None, datetime(2026, 11, 20)), "time without a zone"),
    ],
)
def test_faulty_records_are_named(record: Record, fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault) as caught:
        document(record)
    assert caught.value.errors[0].pointer == "wire:7"


@pytest.mark.parametrize(
    ("source", "external_id", "fault"),
    [
        ("s" * 121, "7", "a source of 121 characters; at most 120"),
        ("wire\x00", "7", "source that contains a NUL"),
        ("wire", "7\ud800", "id that contains a lone surrogate"),
    ],
)
def test_what_no_database_holds_is_refused(source: str, external_id: str, fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault):
        document(Record(source, external_id, {"text": "a"}))
