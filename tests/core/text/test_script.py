from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.script import simplified


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("闢謠：網傳瀾石科技下調全年指引不實", "辟谣：网传澜石科技下调全年指引不实"),
        ("淨利潤下跌１２％ Co.", "净利润下跌１２％ Co."),
        ("已经是简体", "已经是简体"),
        ("plain English – naïve", "plain English – naïve"),
        ("", ""),
    ],
)
def test_traditional_characters_become_simplified(text: str, plain: str) -> None:
    assert simplified(text) == plain


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("後髮乾臺隻\U00020000\uf900")))
def test_every_place_stays(text: str) -> None:
    assert len(simplified(text)) == len(text)
    assert simplified(simplified(text)) == simplified(text)
