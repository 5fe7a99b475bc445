from __future__ import annotations

import subprocess
import sys

import pytest

from core.text.language import code_of, detect


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Halvorsen Pumps posted a record profit of $84 million, up 31% from a year earlier", "en"),
        ("Orvane Foods cuts its outlook", "en"),
        ("BUY $ORVN 🚀🚀", "en"),
        ("Ping An (平安) reports a profit rise", "en"),
        ("霖川股份前三季度净利润同比下滑46%", "zh"),
        ("澜石科技：iPhone 17 Pro Max 订单 Q3 guidance 下调", "zh"),
        ("臺積電法說會：毛利率優於預期", "zh"),
        ("AMD、NVIDIA 大涨", "zh"),
        ("トヨタ自動車の純利益が増加した", "ja"),
        ("삼성전자 영업이익 급증", "ko"),
        (
            "Der Umsatz des Unternehmens ist im dritten Quartal deutlich gestiegen, teilte der Vorstand mit",
            "de",
        ),
        ("Чистая прибыль компании выросла на треть за последний квартал", "ru"),
        ("", "und"),
        ("12.5% 📉 !!!", "und"),
    ],
)
def test_detect(text: str, lang: str) -> None:
    assert detect(text) == lang


def test_english_and_chinese_need_no_model() -> None:
    code = (
        "import sys; from core.text.language import detect; "
        "assert (detect('The profit of the group rose'), detect('净利润大增')) == ('en', 'zh'); "
        "assert not {'py3langid', 'numpy', 'spacy', 'rjieba'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "en"),
        ("en-us", "en"),
        (" EN_GB ", "en"),
        ("zh-Hans-CN", "zh"),
        ("zh_TW", "zh"),
        ("zho", "zh"),
        ("cn", "zh"),
        ("yue-HK", "yue"),
        ("und", None),
        ("English", None),
        ("en, zh", None),
        ("", None),
    ],
)
def test_the_code_in_a_tag(tag: str, code: str | None) -> None:
    assert code_of(tag) == code
