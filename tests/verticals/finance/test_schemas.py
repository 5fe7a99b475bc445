from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from verticals.finance.schemas.documents import AnalyzeIn, DocumentIn


def test_a_whole_request() -> None:
    body = {"texts": [{"text": "ab", "lang": "en", "published_at": "2026-11-20T09:31:00+08:00"}]}
    sent = AnalyzeIn.model_validate(body).texts[0]
    assert sent.published_at is not None
    assert sent.published_at.isoformat() == "2026-11-20T09:31:00+08:00"


@pytest.mark.parametrize(
    ("given", "lang"), [("en-US", "en"), ("zh_TW", "zh"), ("zh-Hans-CN", "zh"), ("und", None)]
)
def test_a_language_is_its_code_alone(given: str, lang: str | None) -> None:
    assert AnalyzeIn.model_validate({"texts": [{"text": "a", "lang": given}]}).texts[0].lang == lang
    row = {"source": "wire", "external_id": "1", "text": "a", "lang": given}
    assert DocumentIn.model_validate(row).lang == lang


@pytest.mark.parametrize(
    "text",
    [
        {"text": "a", "published_at": "2026-11-20T09:31:00"},
        {"text": "a", "published_at": "2026-11-20"},
        {"text": "a", "published_at": 1763767000},
        {"text": "a", "published_at": "yesterday"},
        {"text": "a", "lang": "English"},
        {"text": "a", "title": "b"},
        {"text": ""},
        {"text": "a\x00"},
        {"text": None},
        {},
    ],
)
def test_refused(text: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AnalyzeIn.model_validate({"texts": [text]})


def test_no_texts_is_no_request() -> None:
    with pytest.raises(ValidationError):
        AnalyzeIn.model_validate({"texts": []})
