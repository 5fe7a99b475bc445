"""Opposite news is two stories and other words for the same are one, whichever text came first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.text.near import similarities
from tests.verticals.finance.desk import DAY, Desk, doc
from verticals.finance.policy.joining import Link, Text, agree, link, read
from verticals.finance.policy.marks import marks, may_agree

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)

PLANT = "Brackwell Steel {} at its largest plant on the northern coast next year, union says on its website"
COURT = "Orvane Foods {} against the labels of its chilled meals before the upper court of the province"
SALES = "Orvane Foods quarterly profit {} on sales of chilled meals to the hotels of northern Europe"
BOARD = "Corvid Airways board {} the plan to buy forty jets from a maker in the south of the country"
REGION = "澜石科技{}，公司在周四晚间发布的公告中说明了详细情况，并提示投资者注意二级市场的交易风险"
AWARD = "澜石科技{}云岭市智慧交通三期建设工程的总承包项目，公司在晚间发布的公告中披露了详细情况"

OPPOSITE = [
    (SALES, "beats analysts' estimates", "misses analysts' estimates"),
    (SALES, "is above what analysts expected", "is below what analysts expected"),
    (SALES, "tops forecasts", "falls short of forecasts"),
    (SALES, "tops forecasts", "fails to top forecasts"),
    (SALES, "was better than expected", "was worse than expected"),
    (SALES, "was better than expected", "was in line with what was expected"),
    (SALES, "rises", "falls"),
    (SALES, "rises as costs fall", "falls as costs rise"),
    (SALES, "doubles", "triples"),
    (SALES, "outlook is upbeat", "outlook is gloomy"),
    (SALES.replace("profit {}", "{} is seen"), "profit", "loss"),
    (BOARD, "approves", "rejects"),
    (BOARD, "approves", "does not approve"),
    (BOARD, "endorses", "votes down"),
    (BOARD, "backs", "opposes"),
    (BOARD, "resumes", "suspends"),
    (BOARD, "approves", "declines to approve"),
    (BOARD, "confirms", "has not confirmed"),
    (BOARD, "Chair Ada Renn joins for", "Chair Ada Renn quits over"),
    (BOARD.replace("{} the plan to buy", "plans to {}"), "buy", "sell"),
    (BOARD, "is likely to accept", "is unlikely to accept"),
    (BOARD, "delays", "brings forward"),
    (COURT, "wins appeal", "loses appeal"),
    (COURT, "wins appeal", "fails to win appeal"),
    (COURT, "is found guilty", "is found not guilty"),
    (COURT, "is convicted", "is acquitted"),
    (COURT, "succeeds", "fails"),
    (PLANT, "will cut jobs", "will not cut jobs"),
    (PLANT, "will cut jobs", "won't cut jobs"),
    (PLANT, "plans to move furnaces", "no longer plans to move furnaces"),
    (PLANT, "will cut jobs but not pay", "will not cut jobs but pay"),
    (PLANT, "to cut two hundred jobs", "to cut nine hundred jobs"),
    (PLANT, "to cut two hundred jobs", "to cut 900 jobs"),
    (PLANT, "to cut a dozen jobs", "to cut two dozen jobs"),
    (PLANT, "to cut half of the jobs", "to cut 30 percent of the jobs"),
    (PLANT, "to cut half of the jobs", "to cut a third of the jobs"),
    (PLANT, "to cut twenty-five jobs", "to cut thirty-five jobs"),
    (PLANT, "loses one worker in a fire", "loses two workers in a fire"),
    (PLANT, "hires staff", "fires staff"),
    (PLANT, "gets a loan", "is refused a loan"),
    (PLANT, "pays a bonus", "skips a bonus"),
    (PLANT, "says five are dead", "says nobody is dead"),
    (PLANT, "opens furnaces", "shuts furnaces"),
    (
        "Broker {} Tarn Lithium after its visit to the salt flats of the high plains in March",
        "upgrades",
        "downgrades",
    ),
    ("Broker starts Tarn Lithium at {} after its visit to the salt flats of the high plains", "buy", "sell"),
    (
        "Powys central bank {} its key rate in a vote that had been awaited for weeks by traders",
        "raises",
        "holds",
    ),
    (
        "Powys central bank {} as it weighs prices of energy and food in the coming winter",
        "turns hawkish",
        "turns dovish",
    ),
    (AWARD, "中标", "未中标"),
    (AWARD, "中标", "未能中标"),
    (AWARD, "启动", "终止"),
    (AWARD, "退出", "参与"),
    (REGION, "三季度净利润超预期", "三季度净利润不及预期"),
    (REGION, "三季度净利润超预期", "三季度净利润未达预期"),
    (REGION, "三季度由盈转亏", "三季度扭亏为盈"),
    (REGION, "三季度预计盈利", "三季度预计亏损"),
    (REGION, "三季度亏损收窄", "三季度亏损扩大"),
    (REGION, "董事会通过重组议案", "董事会否决重组议案"),
    (REGION, "重组申请获批", "重组申请未获批准"),
    (REGION, "重组申请获得受理", "重组申请没有获得受理"),
    (REGION, "将裁员三百人", "将裁员九百人"),
    (REGION, "将裁员三百人", "将裁员900人"),
    (REGION, "将裁减五成岗位", "将裁减三成岗位"),
    (REGION, "将裁减半数岗位", "将裁减30%岗位"),
    (REGION, "将裁减三成五岗位", "将裁减三成岗位"),
    (REGION, "将裁员", "不会裁员"),
    (REGION, "计划搬迁总部", "并未计划搬迁总部"),
    (REGION, "股东拟增持股份", "股东拟减持股份"),
    (REGION, "股票复牌", "股票停牌"),
    (REGION, "专利案胜诉", "专利案败诉"),
    (REGION, "获券商上调评级", "获券商下调评级"),
    (REGION, "主力资金净流入", "主力资金净流出"),
    (REGION, "收购两家公司", "收购五家公司"),
    (REGION, "有重组计划", "无重组计划"),
    (REGION, "被列入名单", "被移出名单"),
    (REGION, "毛利率超三成", "毛利率不足三成"),
    (REGION, "债券如期兑付", "债券违约"),
    (REGION, "下游需求强劲", "下游需求疲软"),
]

SAME = [
    (SALES, "beats analysts' estimates", "tops analysts' estimates"),
    (SALES, "beats analysts' estimates", "exceeds analysts' estimates"),
    (SALES, "is above what analysts expected", "exceeds what analysts expected"),
    (SALES, "misses forecasts", "falls short of forecasts"),
    (SALES, "misses forecasts", "fails to beat forecasts"),
    (SALES, "rises", "climbs"),
    (SALES, "rises 5 %", "rises five percent"),
    (SALES, "doubles", "rises 100 %"),
    (SALES, "rises", "rises sharply"),
    (SALES, "rose", "was up"),
    (SALES, "falls", "declines"),
    (SALES, "falls to a new low", "declines to a new low"),
    (BOARD, "approves", "clears"),
    (BOARD, "approves", "gives approval to"),
    (BOARD, "rejects", "turns down"),
    (BOARD, "rejects", "votes against"),
    (BOARD, "rejects", "refuses to approve"),
    (BOARD, "rejects", "does not approve"),
    (BOARD, "halts", "suspends"),
    (BOARD, "halts", "pauses"),
    (BOARD, "says it knows of", "says it knew of"),
    (BOARD.replace("{}", "sees").replace("forty", "{}"), "forty", "40"),
    (COURT, "wins appeal", "won appeal"),
    (COURT, "wins its appeal", "secures victory in its appeal"),
    (COURT, "loses appeal", "lost appeal"),
    (COURT, "goes on", "goes, one hears, on"),
    (PLANT, "to cut two hundred jobs", "to cut 200 jobs"),
    (PLANT, "to cut two hundred and fifty jobs", "to cut 250 jobs"),
    (PLANT, "to cut twenty-five jobs", "to cut 25 jobs"),
    (PLANT, "to cut a dozen jobs", "to cut 12 jobs"),
    (PLANT, "to cut half of the jobs", "to cut 50 percent of the jobs"),
    (PLANT, "to cut three thousand jobs", "to cut 3,000 jobs"),
    (PLANT, "to invest half a million dollars", "to invest 500,000 dollars"),
    (PLANT, "to invest five million dollars", "to invest $5m"),
    (PLANT, "will not cut jobs", "won't cut jobs"),
    (PLANT, "will not cut jobs", "will not reduce jobs"),
    (PLANT, "will not cut jobs", "will no longer cut jobs"),
    (PLANT, "to cut jobs", "to reduce jobs"),
    (PLANT, "to close one of the furnaces", "to close one of its furnaces"),
    (PLANT, "to pay for No. 2 furnace", "to pay for furnace no 2"),
    (
        "Broker {} Tarn Lithium after its visit to the salt flats of the high plains in March",
        "upgrades",
        "raises",
    ),
    (AWARD, "中标", "中標"),
    (AWARD, "未中标", "未能中标"),
    (AWARD, "终止", "取消"),
    (REGION, "三季度净利润超预期", "三季度净利润超出预期"),
    (REGION, "三季度净利润不及预期", "三季度净利润低于预期"),
    (REGION, "三季度扭亏为盈", "三季度扭亏"),
    (REGION, "三季度亏损收窄", "三季度亏损缩窄"),
    (REGION, "董事会否决重组议案", "董事会未通过重组议案"),
    (REGION, "重组申请获批", "重组申请获得批准"),
    (REGION, "将裁员三百人", "将裁员300人"),
    (REGION, "将裁员一千二百人", "将裁员1200人"),
    (REGION, "将裁减三成岗位", "将裁减3成岗位"),
    (REGION, "将裁减三成岗位", "将裁减30%岗位"),
    (REGION, "将裁减半数岗位", "将裁减五成岗位"),
    (REGION, "将裁减半数岗位", "将裁减50%岗位"),
    (REGION, "收购两家公司", "收购2家公司"),
    (REGION, "投资三亿元", "投资3亿元"),
    (REGION, "不会裁员", "不裁员"),
    (REGION, "订单不断增长", "订单持续增长"),
    (REGION, "一直看好一些订单", "一直看好订单"),
    (REGION, "董事长十一月三日上任", "董事长11月3日上任"),
]


def _read(text: str) -> Text:
    return read(text, AT, ())


def _linked(one: Text, other: Text) -> Link | None:
    """Return the link of two texts as it is found in a database."""
    if not may_agree(marks(one.facts, one.companies), marks(other.facts, other.companies)):
        return None
    return link(one, other, similarities(one.signature, [other.signature])[0])


@pytest.mark.parametrize(("frame", "one", "other"), OPPOSITE)
def test_opposite_news_is_never_one_story(frame: str, one: str, other: str) -> None:
    first, second = _read(frame.format(one)), _read(frame.format(other))
    assert not agree(first, second), (first.facts, second.facts)
    assert not agree(second, first)
    assert link(first, second, 1.0) is None
    assert link(second, first, 1.0) is None


@pytest.mark.parametrize(("frame", "one", "other"), SAME)
def test_the_same_in_other_words_is_one_story(frame: str, one: str, other: str) -> None:
    first, second = _read(frame.format(one)), _read(frame.format(other))
    if first.id != second.id:
        assert _linked(first, second), (first.facts, second.facts)
        assert _linked(first, second) == _linked(second, first)


@pytest.mark.parametrize(("frame", "one", "other"), OPPOSITE)
def test_the_whole_of_a_text_agrees_with_its_beginning(frame: str, one: str, other: str) -> None:
    for said in (one, other):
        text = frame.format(said)
        whole, cut = _read(text), _read(text[:-12] if "，" in text else text.rpartition(" ")[0])
        assert agree(whole, cut), (whole.facts, cut.facts)
        assert may_agree(marks(whole.facts, ()), marks(cut.facts, ()))


@pytest.mark.parametrize("turned", [False, True])
def test_bad_news_behind_good_news_of_the_same_words_is_counted(any_desk: Desk, turned: bool) -> None:
    good, bad = SALES.format("beats analysts' estimates"), SALES.format("misses analysts' estimates bad")
    documents = [doc(1, good, DAY + timedelta(hours=1)), doc(2, bad, DAY + timedelta(hours=2))]
    for document in reversed(documents) if turned else documents:
        any_desk.send(document)
    (window,) = any_desk.finance.trends.windows(
        any_desk.tenant, from_=DAY, to=DAY + timedelta(days=1), width="1d"
    )
    assert (window.count, window.negative, window.reach) == (2, 1, 2)
    assert any_desk.balance().right
