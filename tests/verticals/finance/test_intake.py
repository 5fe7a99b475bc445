from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.errors import InvalidInput
from core.records import Record
from verticals.finance.intake import Story, story

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


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (Record("wire", "7", {"title": "  ", "id": 7}), "has no text"),
        (Record("wire", "7", {"title": "a"}, datetime(2026, 11, 20)), "time without a zone"),
    ],
)
def test_faulty_records_are_named(record: Record, fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault) as caught:
        story(record)
    assert caught.value.errors[0].pointer == "wire:7"
