"""Which companies a text speaks of: cues, look-alikes, symbols, families, companies that nobody knows."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verticals.finance.policy.companies import Company, Directory
from verticals.finance.recipe import DATA
from verticals.finance.service.companies import plain_directory, shipped

ORVANE = Company(
    "orvane", "Orvane Foods Inc.", "澜石科技股份有限公司", "F", "NYSE", ("Orvane", "Orvane Foods"), ("澜石",)
)
BANK = Company("orvane-bank", "Orvane Bank", "澜石银行", "600519", "SSE", parent="orvane")
PEACH = Company(
    "peach",
    "Peach Inc.",
    "蟠桃公司",
    "PCH",
    "NASDAQ",
    ("Peach",),
    ("平安",),
    "",
    ("Peach", "平安"),
    ("tablet", "保险"),
)
TARN = Company("tarn", "Tarn Lithium", "", "0700", "HKEX", ("ON@NASDAQ",))
DIRECTORY = Directory.load([ORVANE, BANK, PEACH, TARN])


def ids(text: str) -> list[str | None]:
    return [mention.company_id for mention in DIRECTORY.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$F jumps", ["orvane"]),
        ("$f jumps", ["orvane"]),
        ("(NYSE: F) rises", ["orvane"]),
        ("F.N rises", ["orvane"]),
        ("Orvane (F) rises", ["orvane", "orvane"]),
        ("the Fed and the F grade", []),
        ("ON Monday, turn it ON", []),
        ("(NASDAQ: ON)", ["tarn"]),
        ("(LSE: ON)", []),
        ("600519涨停", ["orvane-bank"]),
        ("sh600519", ["orvane-bank"]),
        ("600519.SH", ["orvane-bank"]),
        ("卖出600519元", []),
        ("编号1600519号", []),
        ("0700.HK", ["tarn"]),
        ("00700.HK", ["tarn"]),
        ("in 0700 hours", []),
    ],
)
def test_symbols(text: str, expected: list[str]) -> None:
    assert ids(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Peach shares fell", ["peach"]),
        ("Peach shows a new tablet", ["peach"]),
        ("a peach and a tablet of pills", ["peach"]),
        ("She ate a peach; stocks fell", []),
        ("Peach Hospitality REIT Inc. rises", [None]),
        ("Peach Hospitality shares rise", []),
        ("Peach Inc. rises", ["peach"]),
        ("平安股价大跌", ["peach"]),
        ("祝大家平安", []),
        ("平安夜保险柜热销", []),
        ("平安在保险业", ["peach"]),
    ],
)
def test_a_name_that_means_something_else_needs_a_cue(text: str, expected: list[str | None]) -> None:
    assert ids(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Orvane Bank cuts rates", ["orvane-bank"]),
        ("澜石银行与澜石", ["orvane-bank", "orvane"]),
        ("Orvanesque", []),
        ("澜石科技股份有限公司", ["orvane"]),
        ("ORVANE FOODS", ["orvane"]),
        ("Ｏｒｖａｎｅ", ["orvane"]),
        ("瀾石銀行", ["orvane-bank"]),
    ],
)
def test_the_longer_name_wins(text: str, expected: list[str]) -> None:
    assert ids(text) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Shares of Xyz Holdings Inc. fell", "Xyz Holdings Inc."),
        ("昨日恒瑞鑫机电股份有限公司公告", "恒瑞鑫机电股份有限公司"),
        ("Tallow Creek (TSX: TCKM) filed", "Tallow Creek"),
    ],
)
def test_a_company_that_nobody_knows_has_no_id(text: str, name: str) -> None:
    [mention] = DIRECTORY.find(text)
    assert (mention.company_id, mention.ticker, mention.name) == (None, None, name)
    assert text[mention.start : mention.end] == name


def test_a_reused_symbol_belongs_to_its_market() -> None:
    other = Company("other", "Other Mills", "", "F", "LSE")
    both = Directory.load([ORVANE, other])
    assert [m.company_id for m in both.find("F.L and F.N")] == ["other", "orvane"]


def test_a_tenants_row_stands_in_for_the_one_of_the_same_id() -> None:
    mine = Directory.load([ORVANE, Company("orvane", "Mine & Co")])
    assert len(mine) == 1
    assert mine.find("Orvane Foods") == []


@given(st.text(alphabet=st.sampled_from("Orvane 澜石银行$F(NYSE:)6051９平安\u200b\n.,Inc"), max_size=60))
def test_places_are_those_of_the_text_as_it_came(text: str) -> None:
    found = DIRECTORY.find(text)
    assert all(0 <= m.start < m.end <= len(text) for m in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


@pytest.mark.parametrize(
    "piece", ["F ", "Peach shares ", "公", "Aa ", "平安保险", "600519 ", "$F", "A.", "(NYSE: "]
)
def test_hostile_text_is_read_in_linear_time(piece: str) -> None:
    # A second or two where every step is linear; hours where one is quadratic, and the mark ends it.
    text = piece * (60_000 // len(piece))
    assert len(DIRECTORY.find(text)) <= len(text)


def test_the_shipped_companies_are_sound() -> None:
    found = shipped()
    known = {company.id for company in found}
    assert len(found) == len(known) >= 300
    assert {company.parent for company in found if company.parent} <= known
    assert sum(bool(company.name_zh or company.aliases_zh) for company in found) >= 300


def test_golden_cases() -> None:
    lines = (DATA / "golden_companies.jsonl").read_text("utf-8").splitlines()
    directory = plain_directory()
    true = wrong = missed = 0
    for case in map(json.loads, lines):
        said = {m.company_id for m in directory.find(case["text"], case["lang"]) if m.company_id}
        gold = set(case["companies"])
        true, wrong, missed = true + len(said & gold), wrong + len(said - gold), missed + len(gold - said)
    assert 2 * true / (2 * true + wrong + missed) >= 0.95
