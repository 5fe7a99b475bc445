"""The words of `wording`: what companies do, have and suffer in English and Chinese news."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _inflected(verbs: frozenset[str]) -> frozenset[str]:
    """Return third persons, past forms and participles; some that do not exist do no harm."""
    found: set[str] = set()
    for verb in verbs:
        stem, twice = verb.removesuffix("e"), verb + verb[-1]
        found |= {verb + "s", verb + "es", stem + "ed", twice + "ed", stem + "ing", twice + "ing"}
        if verb.endswith("y"):
            found |= {verb[:-1] + "ies", verb[:-1] + "ied"}
    return frozenset(found)


def _alternatives(text: str) -> str:
    return "|".join(text.split())


_VERBS = _words("""
    abandon accelerate acquire adjust agree allege announce apologise apologize appeal appoint approve
    axe beat bolster boost borrow brace buy cancel chop clinch collect complete concede confirm consider
    contest convert curb debut decline deepen delay deliver demand deny deploy develop disappoint
    disclose discontinue dismiss divest donate double downgrade earn eliminate embrace enter evaluate
    exceed exit expand expect explore extend eye face file finalise finalize finance fine flag forecast
    fund furlough guide halt hike hire idle impair impress inaugurate increase indict integrate
    introduce invest issue launch license lift limit list lower lure maintain mandate manufacture merge
    miss morph mull name narrow near negotiate notch offer open oppose oust outline outperform outsource
    overhaul overtake partner pause pay pilot pivot plan pledge poach post pour predict prepare present
    preview price probe produce promise promote propose pull push raise ramp reaffirm rebrand rebuff
    recall receive reduce refinance refund register rehire reinstate reject release relocate remodel
    remove rename reopen reorganise reorganize repay replace report resist resolve restart restate
    restructure resubmit resume retain retire retool revamp reverse revise sack scale schedule scrap
    secure seek settle shed shelve shift ship shrink sideline sign slash slim snag snap specify spend
    stop streamline strike subpoena sue supply surpass suspend sweeten swing switch tackle tap target
    tease terminate test tighten top tout trade trim triple try unload unveil upgrade urge use value vow
    warn weigh withdraw withhold write
""")
_MOVES = _words("""
    advance bounce climb dip drop edge ease extend gain jump plummet plunge rally rebound recover retreat
    rocket slide slip slump soar spike stumble surge tank tumble
""")
_IRREGULAR = _words("""
    bought sold sells selling cut cuts cutting lays laid laying shuts shut shutting sets set loses lost
    losing fell falls falling rose rises rising sinks sank sinking makes made takes took gets got puts
    built builds building brings brought grew grows spun spins splits split drew met meets withdrew wrote
    sought swung spent gave gives closes closed closing starts started ends ended moves moved moving
    cleared clears bets bans banned adds added doubles slows slowed up down ordered orders spinning fights
    fought awarded awards delisted sanctioned blacklisted hacked breached valued accused blamed probed
    nears owes owed rolls rolled hands handed teams unloads dumps
""")
DOES = _inflected(_VERBS | _MOVES) | _IRREGULAR
"""Verbs with a company before them; of the present third persons only: "Travelers face" says nothing."""

DOES_OR_PERSON = _words("""
    says said tells told reveals revealed wins won joins joined leaves quits backs calls urges wants fears
    sees saw thinks returns selects selected turns leads hits hit needs looks works keeps holds
""")
"""Verbs of people as well: they count for a name that is no person's or place's."""

AFTER_MODALS = (
    _VERBS
    | _MOVES
    | _words("""
    cut lay shut set hit lose fall rise sell spin split make build bring take close start end move bet ban
    add slow fight roll team unload dump grow give put meet let use
""")
)
"""Bare verbs, which count behind "to", "will" and the like."""

MODALS = _words("to will would may might could can must should shall won't cannot can't")

HAS = _words("""
    shares stock stocks earnings revenue revenues profit profits loss losses sales results guidance
    forecast outlook dividend dividends buyback buybacks ceo cfo coo cto chief executive executives exec
    execs boss founder co-founder cofounder chairman chairwoman directors board investors investor
    shareholders shareholder stockholders employees workers staff staffers workforce layoffs spokesman
    spokeswoman spokesperson subsidiary unit headquarters customers dealers volumes suppliers
    supplier pilots factory
    factories plant plants warehouse warehouses stores lawsuit antitrust settlement merger takeover
    acquisition ipo stake stakes price-target bonds valuation market-cap headcount inc corp ltd plc co
    group quarterly q1 q2 q3 q4 drivers analysts analyst parent rival rivals competitor deliveries
    bondholders creditors debt margins ebitda eps
""")
"""What only companies have."""

BETWEEN = _words("""
    has have had jointly pharma is are was were be been being also again still now just not yet soon
    already reportedly allegedly quietly likely about set due ready forced told asked urged expected
    sharply slightly nearly further finally agrees agreed plans planning planned said new former net
    operating gross annual full-year first second third fourth first-quarter second-quarter third-quarter
    fourth-quarter quarter year fiscal holiday core adjusted record global overseas foreign u.s us uk eu
    china india europe european chinese japan german american stronger higher lower weak weaker better
    strong top senior co part-time factory cloud retail online advertising ad monday tuesday wednesday
    thursday friday saturday sunday today early late
""")
"""Words that may stand between the company and its verb or noun."""

DETERMINERS = _words("""
    the a an this that these those my your his her its our their each every no any some another one
""")

LEADS = _words("""
    a an the and or but as at by for from in into of off on onto out over to up via with without than then
    vs versus if how why when where while who what which will would can could may might must should is are
    was were do does did has have had after before amid despite against about around behind beyond between
    during like near since through under until toward towards inside outside upon yet so not no more former
    ex buy sell hold new says said report exclusive update breaking watch even only both also still now
    because although though here rt monday tuesday wednesday thursday friday saturday sunday today
""")
"""Words before a name that belong to the sentence, even with a capital."""

ACTED_ON = _words("""
    sues sued fines fined buys bought acquires acquired upgrades upgraded downgrades downgraded probes
    probed investigates investigated overtakes overtook poaches bans banned accuses accused orders ordered
    lets rejects backs backed owns owned charges charged targets targeted rates likes values cuts raises
    joins quits leaves hits beats sanctions blacklists raids subpoenas tells told asks urges forces allows
    blocks blocked clears cleared picks favors favours prefers shorts dumps sells sold exits trims ditches
    drops snubs rescues warns sue fine buy acquire giant rival maker retailer automaker carmaker chipmaker
    drugmaker insurer airline lender bank owner parent supplier firm operator company group brewer miner
    broker brokerage utility conglomerate startup start-up heavyweight behemoth manufacturer developer
    refiner major oil-major
""")
"""What is done to companies, and what they are called, right before the name."""

PERSON_ACTED_ON = _words("""
    joins quits leaves hits beats tells told asks urges forces allows orders ordered lets rejects backs
    backed blocks rates likes values bans banned accuses accused charges charged targets targeted picks
    favors favours prefers snubs rescues warns clears cleared cuts drops ditches raises
""")
"""Those of `ACTED_ON` that are done to people and places as well."""

PREPOSITIONS = _words("of in at from by against with for to into over on between")
RELATIONS = _words("""
    shares stake stakes holding holdings sued acquired bought owned backed fined led made lawsuit suit
    suits case probe investigation inquiry complaint charges deal deals bid merger partnership contract
    contracts order orders talks ceo cfo chief executive executives chairman founder boss president
    employees workers staff jobs job layoffs strike investor investors investment position rating unit
    division supplier suppliers competitor competition jumps falls bullish bearish upbeat positive negative
    cautious sides price-target estimates rated fine fines claims ruling judgment takeover bonds sold
    supply supplies pact alliance settles settle settlement tie-up
""")
"""What links to a company with a preposition: a stake in it, a deal with it."""

_ZH_TIMES = _alternatives(r"""
    今年 去年 明年 昨日 昨天 今日 今天 明日 近日 日前 近期 再次 再度 首次 将 拟 已 或 正 正在 计划 考虑
    预计 完成 赴[港美] 有望 大幅 小幅 连续 全球 海外 国内 中国 美国 欧洲 在华 在美 本周 上周
    周[一二三四五六日] 盘前 盘后 盘中 早盘 午后 又 也 再 仍 即将 开始 准备
    前?[一二三四上下半全]+个?(?:季度|年度?|季) 第[一二三四]财?季度? q[1-4]
    [12]\d{3}年?(?:度|上半年|前三季度|[一二三四]季度)? \d{1,2}月份? 财年 新一?季 最新 新 原 前
    因[^,。;!?\s]{0,10}? 旗下 子公司 约?\d[\d.,]{0,8}[万亿]?(?:美元|欧元|港元|元)?
""")
_ZH_DOES = _alternatives(r"""
    宣布 宣告 计划(?:在|将|于|对|向) 与[^,。;!?\s]{1,8}?(?:达成|签署|签约|合作) 拟(?![合人定态订])
    裁员 裁撤 降价 降薪 涨价 提价 调价 股价 股票 股份 股东 财报 年报 季报
    半年报 业绩 营收 收入 净利 净亏 利润 盈利 盈警 亏损 扭亏 毛利 公司 集团 总部 回购 董事长 董事会
    (?:行政)?总裁 总经理 行长 首席 ceo cfo 高管 创始人 员工 前员工 发言人 供应商 供应链 门店 工厂 产能 产量
    销量 交付 订单 发布 推出 推迟 召回 收购 并购 出售 剥离 拆分 分拆 重组 上市 退市 ipo 涨停 跌停 涨超 跌超
    涨近 跌近 涨逾 跌逾 大涨 大跌 收涨 收跌 上涨 下跌 暴涨 暴跌 走高 走低 反弹 市值 估值 增持 减持 加仓
    融资 发债 定增 募资 投资 入股 签约 中标 获批 获得 获准 起诉 诉 上诉 索赔 侵权 违约 违规 暴雷 爆雷 停牌
    复牌 停产 停工 复工 扩产 减产 澄清 回应 辟谣 声明 公告 披露 公布 承认 否认 道歉 致歉 发行 派息 分红
    评级 目标价 上调 下调 撤回 撤出 退出 关闭 关店 开店 开设 建厂 新增 斥资 出资 注资 增资 控股 持股 质押
    展期 债务 债券 负债 破产 清盘 重整 罢工 加薪 任命 换帅 更名 合并 联手 携手 牵手 合作 达成 签署 控量
    炒股 组织架构 新品 旗舰 财务 估 成交额 研发 专利 反垄断 产线 航班 新业务价值 电动车业务 业务 收罚单
    拿地 拿下 夺得 超越 反超 败诉 胜诉 和解 实控人 大股东 净值 遭 获 称 表示 透露
""")
_ZH_SUFFERED = _alternatives("""
    罚 诉 起诉 约谈 制裁 调查 查 立案 处罚 曝 指 告 限 列入 列为 收购 下架 召回 裁 拒 要求 责令 通报 警示
    问询 欧盟 美国 法院 法国 意大利 荷兰 韩国 日本 英国 德国 印度 俄罗斯
""")
ZH_BEHIND = re.compile(rf"\s?(?:{_ZH_TIMES}){{0,3}}?(?:{_ZH_DOES}|被(?:{_ZH_SUFFERED}))")
"""What companies do and have, right behind a name or behind words of time and intent."""

_ZH_ACTED_ON = _alternatives("""
    起诉 状告 控告 诉 收购 增持 减持 看好 看空 做空 唱空 入股 约谈 制裁 处罚 罚 抛售 清仓 重仓 加仓 建仓
    买入 卖出 携手 牵手 联手 击败 超越 对标 索赔 巨头 厂商 车企 券商 药企 险企 房企 酒企 零售商 运营商
    供应商 制造商 任职 跳槽 加盟 评级 指控 批准 要求 限制 封杀 抵制
""")
ZH_BEFORE = re.compile(rf"(?:{_ZH_ACTED_ON})\s?\Z")
"""What is done to companies, and what they are called, right before a name."""

ZH_LEADS = frozenset(
    "和与及跟或同向对被把给让由从在于将为是因据称说到比超过买卖的了等而并但如像除至国本示指悉罚诉购股若当"
)
"""Characters right before a name that are not the beginning of a longer name."""
