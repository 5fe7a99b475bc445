"""Words of which one is the opposite of the other, in English and Chinese.

An axis is what the words are opposite in: two texts that are alike otherwise and stand on different sides of
an axis tell different news. Which side is called the plus is of no account. Words of one side need not mean
the same; they only must not contradict each other. Regular forms of English words are made from the first.
"""

from __future__ import annotations

import re
from typing import NamedTuple

Meanings = tuple[tuple[str, str], ...]
"""Axis and side of a word."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Axis(NamedTuple):
    """Words of the two sides; an underscore joins the words of a phrase."""

    plus: str
    minus: str
    neither: str = ""


MOVE = "v"
"""The axis of rises and falls, which figures have too."""

AXES: dict[str, Axis] = {
    MOVE: Axis(
        "rise rising rose risen gain up climb jump surge soar grow grew grown growth increase higher rally"
        " lift raise boost hike expand add upgrade rebound recover accelerate elevate double triple"
        " quadruple strengthen advance 上涨 增长 上升 大涨 增加 提高 上调 上浮 走高 攀升 加息 飙升 调高"
        " 扩张 反弹 回升 加快 加速 提速 翻番 翻倍 涨 升 增",
        "fall fallen fell drop decline down slump slide slid plunge tumble lower cut cutting decrease"
        " shrink shrank shrunk sink sank sunk slip slipped dip shed lose lost reduce reduction trim slash"
        " downgrade plummet halve weaken retreat slow pare 下跌 下降 下滑 减少 大跌 下调 下浮 回落 走低"
        " 下挫 缩减 调低 萎缩 收缩 放缓 减速 腰斩 裁减 削减 下行 缩水 跌 降 减",
        "hold held keep kept maintain unchanged flat 维持 持平 不变 按兵不动",
    ),
    "level": Axis(
        "beat beaten beating top exceed surpass outpace outperform outstrip overweight above high"
        " highest record better best better_than more_than ahead_of at_least 超 超预期 超出 超过 超越 高于"
        " 好于 优于 强于 胜过 突破 不低于 不少于 不逊于 新高 最高 最好",
        "miss missed lag trail undershoot undershot underperform underweight disappoint below low lowest"
        " worse worst less_than fewer_than worse_than short_of fall_short falls_short fell_short"
        " falling_short at_most shy_of 不及 低于 逊于 未达 不如 差于 弱于 不足 不到 跌破 不超过 不高于 新低"
        " 最低 最差",
        "in_line meet met meeting match equal 符合预期 符合",
    ),
    "approve": Axis(
        "approve approval clear clearance authorize authorise authorization okay endorse ratify back"
        " support accept allow permit permission pass grant uphold upheld adopt nod welcome vote_for"
        " votes_for voted_for green_light in_favor in_favour gives_nod 通过 批准 获批 核准 同意 准许 放行"
        " 过会 支持 获准 赞成 受理 允许",
        "reject rejection deny denied denies refuse refusal block veto oppose bar ban prohibit dismiss"
        " overturn quash rebuff spurn turn_down turns_down turned_down turning_down vote_down votes_down"
        " voted_down vote_against votes_against voted_against strike_down strikes_down struck_down"
        " declines_offer declines_bid 否决 驳回 被否 叫停 禁止 反对 退回",
        "seek sought request apply applies applied await 申请 寻求",
    ),
    "win": Axis(
        "win winning won secure land clinch prevail victory victorious award get got receive obtain gain"
        " 获得 取得 中标 胜诉 赢得 胜出 夺得 获胜 击败 斩获 拿下",
        "lose losing lost defeated refuse denied 落标 流标 废标 败诉 失利 输掉 落选 失去 痛失",
        "seek sought request 申请 寻求",
    ),
    "result": Axis(
        "profit profitable 由负转正 转正 扭亏为盈 由亏转盈 扭亏 转盈 盈利 预盈 获利",
        "loss unprofitable loss_making 由正转负 转负 由盈转亏 转亏 亏损 预亏 首亏 巨亏 净亏 续亏",
    ),
    "balance": Axis("surplus 盈余 顺差", "deficit 赤字 逆差"),
    "width": Axis("widen broaden 扩大 拉大 加剧", "narrow 收窄 缩窄 缩小 缓解"),
    "go": Axis(
        "start begin beginning began begun launch resume restart continue proceed sign renew extend initiate"
        " 启动 开始 恢复 重启 复牌 复产 开工 复工 签署 签订 签约 续签 续约 继续 推进 上线 投产 参与 达成",
        "halt stop suspend pause cancel terminate scrap abandon shelve end ditch discontinue withdraw"
        " withdrew withdrawn freeze froze frozen call_off calls_off called_off pull_out pulls_out"
        " pulled_out 终止 暂停 停牌 停产 停工 取消 中止 撤回 撤销 搁置 解除 放弃 中断 停止 终结 解约 退出",
    ),
    "open": Axis("open reopen 开放 开盘 开业 重开", "close shut shutting closure 关闭 收盘 歇业 关停"),
    "list": Axis("list float 上市", "delist 退市 摘牌"),
    "member": Axis(
        "enter join include inclusion 进入 加入 列入 纳入 调入 入选",
        "exit leave quit quitting exclude exclusion remove removal 退出 离开 移出 剔除 调出 落选",
    ),
    "trade": Axis(
        "buy bought acquire purchase inflow 买入 增持 收购 购入 加仓 流入 购买 入股",
        "sell sold divest offload dump outflow 卖出 减持 出售 抛售 减仓 清仓 流出 剥离 转让",
    ),
    "staff": Axis(
        "hire recruit appoint join 招聘 扩招 招募 任命 聘任 上任 就任 加盟 履新 出任",
        "fire lay_off lays_off laid_off layoff oust resign quit sack depart step_down steps_down stepped_down"
        " stepping_down 裁员 解雇 辞退 辞职 离任 免职 解聘 离职 卸任 罢免 请辞",
    ),
    "guilt": Axis(
        "guilty convict conviction liable indict 有罪 定罪",
        "acquit acquittal exonerate innocent cleared_of 无罪 撤诉",
    ),
    "success": Axis(
        "succeed success successful pass 成功 顺利",
        "fail failure unsuccessful flop collapse 失败 受阻 未果 告吹 破裂 流产 夭折",
    ),
    "mood": Axis(
        "strong stronger robust solid upbeat bright optimistic bullish positive improve healthy buoyant"
        " brisk good confident 强劲 旺盛 看好 看多 乐观 利好 向好 改善 好转 景气 回暖 积极",
        "weak weaker soft softer sluggish gloomy bleak pessimistic bearish negative worsen deteriorate poor"
        " bad dismal tepid subdued 疲软 低迷 疲弱 看空 看淡 悲观 利空 恶化 转差 不佳 萎靡 承压 不振 消极",
    ),
    "policy": Axis("hawkish tighten tighter 鹰派 收紧 紧缩", "dovish loosen looser easing 鸽派 宽松 放松"),
    "supply": Axis("glut oversupply 供过于求 过剩", "shortage 供不应求 短缺 紧缺"),
    "prices": Axis("inflation 通胀", "deflation 通缩"),
    "border": Axis("export 出口", "import 进口"),
    "timing": Axis(
        "early earlier sooner bring_forward brings_forward brought_forward 提前",
        "delay postpone late later push_back pushes_back pushed_back 推迟 延期 延后 推后 逾期",
    ),
    "impose": Axis(
        "impose slap introduce levy 加征 征收 施加 新增",
        "lift remove waive exempt repeal 豁免 免除 解除 取消",
    ),
    "pay": Axis("pay paid 派发", "skip omit withhold withheld 取消 暂缓"),
    "case": Axis("file face sue 起诉", "settle emerge dropped 和解 撤诉"),
    "custody": Axis("arrest detain jail 被捕 逮捕 被拘 羁押 拘留", "release bail 获释 释放 取保 保释"),
    "tension": Axis("escalate intensify flare 升温 激化", "ease calm cool defuse 缓和 降温"),
    "life": Axis("survive alive rescue 获救 生还", "die dead kill death 死亡 遇难 身亡"),
    "debt": Axis("repay repaid honour honor 兑付 偿还 偿付", "default 违约 逾期"),
    "advice": Axis("buy overweight 买入 增持 推荐", "sell underweight 卖出 减持 回避", "neutral 中性"),
    "law": Axis("legal lawful valid 合法 有效 合规", "illegal unlawful invalid 非法 违法 无效 违规"),
} | {
    # Each of these is an axis of its own.
    word: Axis(word, opposite)
    for word, opposite in re.findall(
        r"(\w+)/(\w+)",
        "likely/unlikely able/unable possible/impossible certain/uncertain safe/unsafe affected/unaffected"
        " changed/unchanged available/unavailable sufficient/insufficient solvent/insolvent merge/split"
        " first/last major/minor long/short ally/rival create/destroy overvalued/undervalued"
        " overbought/oversold upside/downside tailwind/headwind premium/discount boom/bust bull/bear"
        " winner/loser arrive/depart praise/criticize agree/disagree 合并/分拆 多头/空头"
        " 高估/低估 溢价/折价 牛市/熊市 繁荣/衰退 领先/落后 超买/超卖 扩产/减产 增产/减产 稳定/动荡"
        " 赞扬/批评 主动/被动 首次/再次 做多/做空",
    )
}

TWO_SIDED = frozenset({"level", "approve", "win", "result", "go", "guilt", "success", "debt", "law"})
"""Axes on which what is not the one is the other; "not cut" is no rise."""

SOFT = _words("approval clearance permission nod victory success failure refusal rejection")
"""Nouns that say nothing behind a verb of their axis: approval is denied, victory is won."""

REVOKES = _words(
    "scrap scraps scrapped scrapping cancel cancels cancelled canceled abandon abandons abandoned shelve"
    " shelves shelved ditch ditches ditched withdraw withdraws withdrew withdrawn call_off calls_off"
    " called_off drops_plan drops_plans drops_bid drops_case terminate terminates terminated 取消 放弃 撤回"
    " 撤销 搁置 终止 停止"
)
"""Words that unsay what stands behind them, as a negation does."""

NEGATIONS = _words(
    "not no nobody none nothing cannot never nor neither without no_longer fail_to fails_to failed_to"
    " failing_to failure_to unable_to refuse_to refuses_to refused_to decline_to declines_to declined_to"
    " rule_out rules_out ruled_out stop_short_of stops_short_of stopped_short_of rather_than instead_of"
    " avoid avoids avoided avert averts averted 未 未能 未有 尚未 并未 从未 没有 没能 并不 并非 并无 不"
    " 不会 不再 不能 不予 无法 无意 无需 无须 无 毫无 无力 无望 无缘 暂无 均无 无关 难以 拒绝 避免 免于"
    " 而非 排除"
)
INNOCENT = _words(
    "not_only not_just not_least no_doubt no_matter no_comment no_less or_not if_not declines_to_comment"
    " declined_to_comment decline_to_comment not_immediately 不断 不仅 不但 不过 不少 不久 不同 不乏 不锈钢"
    " 不动产 不良 不明 不得不 不可避免 不限 差不多 不排除 不等 不料 不法 不当 不实 不管 不慎 不安 不满"
    " 不确定 不可抗力 不含 不止 不论 不菲 不俗 不愧 不妨 不日 未来 未央 未名 未知 未经 无一 无锡 无人机"
    " 无人 无线 无论 无疑 无形 无限 无条件 无偿 无息 无纺 无忧 无菌 无缝 无烟 无极 无不 超市 超级 超高 超声"
    " 超跌 超大 超低 超清 超导 超算 超车 产业升级 消费升级 转型升级 增值税 增值 增资 减值 减免 非常"
)
"""What only looks like a negation, or like a word of an axis."""

BREAKS = _words("but while as after before despite amid because although though and when since 但 而 但是")
"""Words behind which a negation says no more."""


def _forms(word: str) -> set[str]:
    """Return a word with its regular English forms, right or not; what nobody writes does no harm."""
    if not word.isascii() or "_" in word:
        return {word}
    stem = word[:-1] if word.endswith(("e", "y")) else word
    last = "i" if word.endswith("y") else ""
    ends = {f"{word}s", f"{word}ed", f"{word}ing", f"{word}es", f"{word}{word[-1]}ed", f"{word}{word[-1]}ing"}
    return {word, *ends, f"{stem}{last}es", f"{stem}{last}ed", f"{stem}ing", f"{word}ly"}


def _lexicon() -> dict[str, Meanings]:
    found: dict[str, Meanings] = {}
    for axis, sides in AXES.items():
        for sign, words in zip("+-=", sides, strict=True):
            for word in words.split():
                for form in _forms(word):
                    if (axis, sign) not in found.get(form, ()):
                        found[form] = (*found.get(form, ()), (axis, sign))
    return found


LEXICON = _lexicon()
"""From each form of a word (words of a phrase joined by underscores) to its meanings."""
