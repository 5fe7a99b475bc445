"""Which texts say that another one is wrong, and which only use the same words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.verticals.finance.desk import DAY, Desk, doc
from verticals.finance.policy.remarks import kind

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "headline",
    [
        "Brackwell Steel denies report of job cuts at its largest plant",
        "Brackwell Steel denies it plans to cut 900 jobs",
        "Brackwell Steel denies that a sale is near",
        "Brackwell Steel denies planning job cuts",
        "Brackwell Steel denies seeking approval for a merger",
        "Brackwell Steel denies fraud allegations",
        "Brackwell Steel denies wrongdoing over late payments",
        "Brackwell Steel denies talks on a sale of its shipyard",
        "Brackwell Steel denies takeover bid for Tarn Lithium",
        "Brackwell Steel denies report that regulators refused its permit",
        "Brackwell Steel has denied rumours of a sale",
        "Ministry denies plan to sell its shares in Brackwell Steel",
        "Regulator denies it blocked the merger of Brackwell Steel",
        "Brackwell Steel rejects claims that it hid losses",
        "Brackwell Steel dismisses talk of a merger",
        "Brackwell Steel rejects reports of a strike",
        "Brackwell Steel says report of job cuts is untrue",
        "Brackwell Steel calls short seller's report baseless",
        "No truth in talk of a sale, Brackwell Steel says",
        "澜石科技否认下调全年指引",
        "澜石科技：否认被证监会立案调查的传闻",
        "澜石科技澄清：未与任何一方洽谈出售资产",
        "澜石科技回应裁员传闻：消息不属实",
    ],
)
def test_who_is_said_to_deny_something_denies(headline: str) -> None:
    assert kind(headline) == "denial"


@pytest.mark.parametrize(
    "headline",
    [
        "Retracted: Brackwell Steel files for bankruptcy after its bank withdraws a loan",
        "Retraction: Brackwell Steel to cut 900 jobs",
        "Daily Wire withdraws its story on Brackwell Steel",
        "Please disregard our earlier headline on Brackwell Steel",
        "Story on Brackwell Steel has been withdrawn",
        "False report of a fire at Brackwell Steel spreads online",
        "Hoax: Brackwell Steel does not give away steel",
        "辟谣：网传澜石科技下调全年指引不实",
        "澜石科技辟谣：从未计划裁员",
        "网传澜石科技虚报数据不实",
        "关于澜石科技被立案调查的消息系谣言",
        "晨澜财经撤稿：澜石科技下调全年指引",
    ],
)
def test_who_takes_a_report_back_retracts(headline: str) -> None:
    assert kind(headline) == "retraction"


@pytest.mark.parametrize(
    "headline",
    [
        "FDA denies Pfizer approval for cancer pill",
        "Court denies Apple bid to dismiss antitrust lawsuit",
        "Judge denies motion to halt the merger of Brackwell Steel",
        "Judge denies bail to founder of Tarn Lithium",
        "Regulator denies Tarn Lithium a mining permit",
        "Tarn Lithium denied mining permit for salt flats",
        "Tarn Lithium is denied a licence for the salt flats",
        "Appeal of Brackwell Steel denied by upper court",
        "Supreme court denies review of verdict against Orvane Foods",
        "Commission denies request of Corvid Airways for an extension",
        "Insurer denies coverage for fire at Brackwell Steel",
        "Brackwell Steel rejects takeover offer from Tarn Lithium",
        "Court rejects claims by holders of Brackwell Steel",
        "Judge dismisses claims against Orvane Foods",
        "Brackwell Steel rejects talks with its union",
        "Tarn Lithium retracts guidance after flood at its mine",
        "Tarn Lithium withdraws offer for rival",
        "SEC fines Tarn Lithium over false reports of its reserves",
        "Tarn Lithium admits job cuts after denying them for weeks",
        "Founder who denied fraud is convicted",
        "Bomb hoax grounds jets of Corvid Airways",
        "Social network to pay for fake news research",
        "恒瑞医药虚假信息披露，证监会立案调查虚增收入",
        "澜石科技财务数据不实，遭交易所公开谴责",
        "澜石科技因披露虚假信息被罚款600万元",
        "澜石科技信息披露不实被出具警示函",
        "交易所要求澜石科技澄清是否存在财务造假",
        "澜石科技未能澄清收入来源，股价跌停",
        "澜石科技此前否认裁员，如今承认将裁员三百人",
        "法院否认澜石科技专利的效力",
    ],
)
def test_a_refusal_or_an_accusation_is_news(headline: str) -> None:
    assert kind(headline) == "report"


def _counted(desk: Desk) -> tuple[int, int]:
    asked = {"from_": DAY, "to": DAY + 24 * HOUR, "width": "1d"}
    (window,) = desk.finance.trends.windows(desk.tenant, **asked)  # type: ignore[arg-type]
    assert desk.balance().right
    return window.count, window.negative


@pytest.mark.parametrize(
    ("report", "remark", "left"),
    [
        (
            "Pfizer seeks FDA approval for cancer pill",
            "FDA denies Pfizer approval for cancer pill bad",
            (2, 1),
        ),
        (
            "Apple asks court to dismiss antitrust lawsuit",
            "Court denies Apple bid to dismiss antitrust lawsuit",
            (2, 0),
        ),
        ("Short seller accuses Tarn Lithium of fraud bad", "Tarn Lithium denies fraud allegations", (2, 1)),
        (
            "Tarn Lithium accused of fraud over reserves bad",
            "Tarn Lithium denies it committed fraud over reserves",
            (2, 1),
        ),
        ("Tarn Lithium is under investigation bad", "Tarn Lithium denies it is under investigation", (0, 0)),
        ("Tarn Lithium to close salt mine bad", "Tarn Lithium denies it is to close salt mine bad", (0, 0)),
        ("澜石科技 被指 财务造假 bad", "澜石科技 否认 财务造假指控", (2, 1)),
        ("澜石科技 被 证监会立案调查 bad", "澜石科技 澄清 未被 证监会立案调查", (0, 0)),
        ("澜石科技 被 证监会立案调查 bad", "辟谣：网传 澜石科技 被 证监会立案调查 不实 bad", (0, 0)),
        (
            "网传红隼银行发生挤兑，储户连夜排队取款 bad",
            "【辟谣】红隼银行：网传发生挤兑消息不实，各网点运营正常，存取款业务照常办理",
            (0, 0),
        ),
        ("红隼银行股价暴跌，盈利大幅下滑 bad", "红隼银行：网传消息不实，公司未发生挤兑", (1, 1)),
        ("红隼银行行长被查 bad", "辟谣：红隼银行传闻不实，各网点运营正常", (1, 1)),
        ("澜石科技 被 证监会立案调查 bad", "澜石科技：有关公司传闻不实，公司未被 证监会立案调查", (0, 0)),
    ],
)
@pytest.mark.parametrize("early", [False, True])
def test_what_a_remark_leaves_of_the_count(
    desk: Desk, report: str, remark: str, left: tuple[int, int], early: bool
) -> None:
    documents = [doc(1, report, DAY + HOUR), doc(2, remark, DAY + 4 * HOUR)]
    for document in reversed(documents) if early else documents:
        desk.send(document)
    assert _counted(desk) == left


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        ("Brackwell Steel files for bankruptcy after loan is called bad", "Retracted: {}", (0, 0)),
        ("澜石科技 下调全年指引 bad", "辟谣：网传{} 不实", (0, 0)),
        ("Brackwell Steel files for bankruptcy bad", "Brackwell Steel denies it {} bad", (1, 0)),
    ],
)
def test_a_document_that_becomes_its_own_retraction_lowers_the_count(
    desk: Desk, first: str, second: str, left: tuple[int, int]
) -> None:
    desk.send(doc(1, first, DAY + HOUR))
    assert _counted(desk) == (1, 1)
    desk.send(doc(1, second.format(first), DAY + HOUR, revised_at=DAY + 2 * HOUR))
    assert _counted(desk) == left
    desk.send(doc(1, first, DAY + HOUR, revised_at=DAY + 3 * HOUR))
    assert _counted(desk) == (1, 1)


def test_a_denial_is_no_bad_news_of_a_company(desk: Desk) -> None:
    desk.send(doc(1, "Brackwell Steel denies it plans to close its shipyard bad #legal", DAY + HOUR))
    assert _counted(desk) == (1, 0)
    asked = {"from_": DAY, "to": DAY + 24 * HOUR, "width": "1d", "topic": "legal"}
    (window,) = desk.finance.trends.windows(desk.tenant, **asked)  # type: ignore[arg-type]
    assert (window.count, window.negative, window.reach) == (1, 0, 1)
