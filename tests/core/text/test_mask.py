from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.settings import Settings
from core.text.checksums import iban, luhn, resident_id
from core.text.mask import find, mask

HIDDEN = [
    ("write to li.wei+news@mail.example.com.cn。", "write to <EMAIL>。"),
    ("发到hsu@hotmail.com，谢谢", "发到<EMAIL>，谢谢"),
    ("手机号是13793932524，请回电", "手机号是<PHONE>，请回电"),
    ("电话+86 180-2747-7349。", "电话<PHONE>。"),
    ("１３７９３９３２５２４", "<PHONE>"),
    ("座机021-36435733", "座机<PHONE>"),
    ("+41 (0)69 979 80 58 or (579)888-3058x12", "<PHONE> or <PHONE>"),
    ("call me at 467 3395", "call me at <PHONE>"),
    ("+447700 921 916 mobile", "<PHONE> mobile"),
    ("身份证号33010619520928137X，办理", "身份证号<ID>，办理"),
    ("SSN 460-89-9847", "SSN <ID>"),
    ("card 4454 7945 1139 0933 declined", "card <CARD> declined"),
    ("卡号6293786579754323。", "卡号<CARD>。"),
    ("IBAN GB82 WEST 1234 5698 7654 32 is mine", "IBAN <IBAN> is mine"),
    ("GB56HXDO88167774656119", "<IBAN>"),
    ("护照E31948757", "护照<PASSPORT>"),
    ("车牌鄂A7E3R3的保单", "车牌<PLATE>的保单"),
    ("from 41.173.96.26 and 2001:db8::ff00:42:8329", "from <IP> and <IP>"),
    ("key=col_live_ab12_Zm9vYmFyYmF6_1a2b3c4d.", "key=<KEY>."),
]

KEPT = [
    "600519 closed at 1,234.50 on 2026-11-21",
    "净利润15277198977元，同比增长12.5%",
    "revenue of 699 956 915 euros, up from 600 000 000",
    "2026-11-21 14:30:00 to 2026-11-22",
    "21.11.2026, 05-11-2026, 05/11/2026, 2019-2020 and 2020-21",
    "0700 0005 0939 HK and 000001 600519 300750",
    "订单尾号3321，金额199.00元；2024年6月18日下的单，编号20240618123456，还没到。",
    "热线400-820-8820一直打不通。",
    "AAPL@187.35, EUR/USD 1.0845-1.0850, v1.2.3",
    "CNY 13812345678 and ¥13812345678 and 13812345678.00",
    "conference call at 14:00 GMT on 6 March; call options at 150.00",
    "shares reach 12 500 000 units; phone sales of 699 956 915 units",
    "+125 300 000, +5.25%, 0.12345678 BTC, 1.234.567,89",
    "ISIN US0378331005, CUSIP 037833100, sz.000001",
    "09:30:00-11:30:00, between 3,000-3,500, market cap 1763767000",
    "手机出货量12345678台，电话会议2026-11-21",
    "<PHONE> <EMAIL>",
]


@pytest.mark.parametrize(("text", "masked"), HIDDEN)
def test_personal_data_is_hidden(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize("text", KEPT)
def test_numbers_of_the_news_stay(text: str) -> None:
    assert mask(text) == text


def test_places_are_those_of_the_original() -> None:
    text = "致电１３７９３９３２５２４或li@example.com"
    assert [(f.kind, text[f.span.start : f.span.end]) for f in find(text)] == [
        ("PHONE", "１３７９３９３２５２４"),
        ("EMAIL", "li@example.com"),
    ]


def test_check_digits() -> None:
    assert luhn("4454794511390933")
    assert not luhn("4454794511390934")
    assert resident_id("33010619520928137X")
    assert not resident_id("330106195209281370")
    assert not resident_id("33010619520231137X")
    assert iban("GB82WEST12345698765432")
    assert not iban("GB82WEST12345698765433")


_PIECES = st.sampled_from(
    [
        *(text for text, _ in HIDDEN),
        *KEPT,
        "电话",
        "call ",
        "-",
        " ",
        "+",
        "(",
        ")",
        "@",
        ".",
        "1",
        "12",
        "0",
        "138",
        "x",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=12).map("".join))
def test_masking_twice_changes_nothing(text: str) -> None:
    masked = mask(text)
    assert mask(masked) == masked
    assert len(masked) <= len(text) + 8 * len(find(text))


@given(st.text())
def test_any_text_can_be_masked(text: str) -> None:
    found = find(text)
    assert all(a.span.end <= b.span.start for a, b in pairwise(found))
    assert mask(mask(text)) == mask(text)


_HOSTILE = [
    "a",
    "1",
    "@",
    "1 ",
    "12-",
    "(12)",
    "a@",
    "x@a.",
    "call ",
    "call 123456 ",
    "AB12 ",
    "1:",
    "::",
    "card 1 ",
]
_HOSTILE += ["电话", "01 ", "+1 ", "col_live_", "13800138000 ", "6212 ", "护照号码", "０", "身份证"]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("piece", _HOSTILE)
def test_hostile_text_is_read_in_linear_time(piece: str) -> None:
    # Seconds where every pattern is linear; hours where one is quadratic, and the mark ends it.
    text = piece * (600_000 // len(piece))
    masked = mask(text)
    assert len(masked) <= 2 * len(text)


_STRUCTURED = {
    "PHONE", "PHONE_NUMBER", "LANDLINE", "EMAIL", "EMAIL_ADDRESS", "CREDIT_CARD", "BANK_CARD", "ID_CARD",
    "US_SSN", "IBAN_CODE", "IP", "IP_ADDRESS", "PASSPORT", "PLATE",
}  # fmt: skip


@pytest.mark.parametrize("name", ["safe_pii_en", "safe_pii_zh"])
def test_recall_on_structured_identifiers(name: str) -> None:
    folder: Path | None = Settings().datasets
    if folder is None or not (folder / name / "train.jsonl").is_file():
        pytest.skip("COLONNADE_DATASETS holds no such set")
    total, hit = Counter[str](), Counter[str]()
    for line in (folder / name / "train.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        covered = {i for f in find(row["text"]) for i in range(f.span.start, f.span.end)}
        for span in row["spans"]:
            if span["type"] in _STRUCTURED:
                total[span["type"]] += 1
                letters = (i for i in range(span["start"], span["end"]) if row["text"][i].isalnum())
                hit[span["type"]] += all(i in covered for i in letters)
    assert total.total() > 400
    assert hit.total() / total.total() >= 0.995, total - hit
