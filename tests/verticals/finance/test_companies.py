"""Which companies a text speaks of: cues, look-alikes, symbols, families, companies that nobody knows."""

from __future__ import annotations

import itertools
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from verticals.finance.policy.companies import Company, Directory, checked
from verticals.finance.policy.companies.folding import key
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


BERRY = Company(
    "berry",
    "Berry Corp.",
    "",
    "BRY",
    "NYSE",
    ambiguous=("berry",),
    aliases=("Berry",),
    lookalikes=("berry rules",),
)
STONE = Company("stone", "Stone Corp.", aliases=("Stone",), ambiguous=("Stone",), cues=("quarry",))
MOON = Company(
    "moon", "Moon Corp.", aliases=("Moon",), ambiguous=("Moon",), cues=("rocket",), lookalikes=("Moon",)
)
LARGE = Company("large", "Fir Lines", aliases=("Fir",), ambiguous=("fir",))
SMALL = Company("small", "Fir Tools", aliases=("Fir",), ambiguous=("Fir",), cues=("hammer",))
HILL = Company(
    "hill", "Hill Corp.", "青山", aliases_zh=("山海",), ambiguous=("山海",), lookalikes=("山海经",)
)
WORDED = Directory.load([BERRY, STONE, MOON, LARGE, SMALL, HILL, ORVANE])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # who does, has or suffers what companies do, have and suffer
        ("Berry recalls toys", ["berry"]),
        ("Berry's toys", ["berry"]),
        ("Berry reportedly plans to cut jobs", ["berry"]),
        ("Watchdog Fines Berry Again", ["berry"]),
        ("Investor Sells Stake In Berry", ["berry"]),
        ("The Berry founder", ["berry"]),
        ("The berry recalls summer", []),
        ("Berry pickers strike", []),
        ("Berry rules tighten", []),
        # a capital inside a sentence, but not where all words have one
        ("The court asked whether Berry knew", ["berry"]),
        ("The Court Asked Whether Berry Knew", []),
        ("THE COURT ASKED WHETHER BERRY KNEW", []),
        ("the court saw the Berry today", []),
        ("the court saw Chuck Berry today", []),
        ("the court saw Berry Lane today", []),
        ("a Berry-shaped hat was sold", []),
        # of a name that others bear, too, the capital says nothing
        ("the court asked whether Stone knew", []),
        ("Stone wins", []),
        ("Stone recalls toys", ["stone"]),
        ("Sharon Stone sells shares", []),
        # what is in its own look-alikes needs a cue
        ("Moon recalls toys", []),
        ("Moon tests a rocket", ["moon"]),
        # of two, the one who bears the name with a capital
        ("Fir cuts jobs", ["large"]),
        ("Fir cuts jobs; no hammer sold", ["small"]),
        # a list in which one is sure
        ("Orvane Foods, Berry and Stone", ["orvane", "berry", "stone"]),
        ("Cherry, Berry and Stone", []),
        # Chinese
        ("山海裁员", ["hill"]),
        ("山海今年第三季度营收增长", ["hill"]),
        ("山海被罚", ["hill"]),
        ("多家机构增持山海", ["hill"]),
        ("国华山海发布年报", []),
        ("山海经发布会", []),
        ("山海之间发布预警", []),
    ],
)
def test_the_wording_of_news_says_who_is_meant(text: str, expected: list[str]) -> None:
    assert [mention.company_id for mention in WORDED.find(text)] == expected


@pytest.mark.parametrize(
    "piece",
    ["Berry, ", "Fir cuts ", "Sell Stake In Berry ", "berry rules ", "山海2023年第一季度", "山海因1111111"],
)
def test_hostile_wording_is_read_in_linear_time(piece: str) -> None:
    text = piece * (30_000 // len(piece))
    assert len(WORDED.find(text)) <= len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("上证指数000001跌1%", []),
        ("上证指数（000001）", []),
        ("000001上证指数", []),
        ("000001涨停", ["ping-an-bank"]),
        ("1.HK and 700.HK, 00700.HK", ["ck-hutchison", "tencent", "tencent"]),
        ("up 2.1.HK", []),
        ("$TWTR falls", [None]),
        ("$USD falls", []),
    ],
)
def test_codes_and_cashtags(text: str, expected: list[str | None]) -> None:
    assert [mention.company_id for mention in plain_directory().find(text)] == expected


def test_a_symbol_is_a_companys_while_it_has_it() -> None:
    former = Company("former", "Former Corp.", "", "NEW", "NYSE", ("OLD@NYSE@2001-01-02..2020-02-03",))
    directory = Directory.load([former, Company("heir", "Heir Corp.", aliases=("OLD@NYSE@2020-02-04..",))])
    said = [
        directory.find("$OLD", on=date(*day))[0].company_id
        for day in ((2001, 1, 1), (2001, 1, 2), (2020, 2, 3), (2020, 2, 4))
    ]
    assert said == [None, "former", "former", "heir"]
    assert plain_directory().find("$FB", on=date(2020, 1, 1))[0].company_id == "meta"
    assert plain_directory().find("$FB", on=date(2025, 1, 1))[0].company_id is None


@pytest.mark.parametrize("alias", ["OLD@NYSE@soon..", "OLD@NYSE@..2020-02-30"])
def test_a_listing_with_a_wrong_date_is_refused(alias: str) -> None:
    with pytest.raises(InvalidInput, match="wrong date"):
        checked(Company("former", "Former Corp.", aliases=(alias,)), "/1")


def test_every_lookalike_holds_a_name_of_its_company() -> None:
    for company in shipped():
        names = [key(name) for name in company.names]
        alone = [phrase for phrase in company.lookalikes if not any(name in key(phrase) for name in names)]
        assert not alone, company.id


def test_golden_cases() -> None:
    directory = plain_directory()
    for lang in ("en", "zh"):
        true = wrong = missed = 0
        for case in map(json.loads, (DATA / "golden_companies.jsonl").read_text("utf-8").splitlines()):
            if case["lang"] == lang:
                said = {m.company_id for m in directory.find(case["text"], lang) if m.company_id}
                gold = set(case["companies"])
                true, wrong, missed = (
                    true + len(said & gold),
                    wrong + len(said - gold),
                    missed + len(gold - said),
                )
        assert true / (true + wrong) >= 0.98
        assert true / (true + missed) >= 0.97
