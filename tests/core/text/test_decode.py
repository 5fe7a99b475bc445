from __future__ import annotations

import pytest

from core.errors import InvalidInput
from core.text.decode import encoding_of

TEXT = "标题,情绪\n霖川股份前三季度净利润同比下滑,负面\n澜石科技获得大额订单,正面\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
def test_chinese_is_read_in_every_usual_encoding(encoding: str) -> None:
    data = TEXT.encode(encoding)
    assert data.decode(encoding_of(data)) == TEXT


def test_a_single_chinese_word_in_gbk() -> None:
    data = "text,label\n净利润大增,利好\n".encode("gbk")
    assert data.decode(encoding_of(data)) == "text,label\n净利润大增,利好\n"


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_character_cut_by_the_end_of_the_sample(encoding: str) -> None:
    data = ("净利润大增" * 20).encode(encoding)
    assert encoding_of(data[:-1]) in {"utf-8", "gb18030"}


def test_western_letters_in_latin_1() -> None:
    text = "Der Gewinn der Müller Brücken AG fiel, die Aktionäre hörten es früh und waren verärgert. " * 3
    data = text.encode("cp1252")
    assert data.decode(encoding_of(data)) == text


def test_binary_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Save it as UTF-8"):
        encoding_of(bytes(range(256)) * 40)
