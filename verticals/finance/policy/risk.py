"""Why a text is a risk: what in it stands for trouble, where a reader can check it; the label is learnt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.records import Span
from core.text.assertion import Status, assess
from core.text.normalise import fold_same_length
from core.text.script import simplified

_MOST = 8
"""Reasons that are given; of each kind the first places in the text."""
_PLACES = 3

_KINDS: Mapping[str, tuple[str, str]] = {
    "default": (
        "a debt was not or may not be paid",
        r"default(?:s|ed)? on|missed (?:a |an |its )?(?:payment|coupon)|standstill|restructur\w+ (?:its "
        r"|of )?debt"
        r"|违约|逾期|未能(?:按期|如期)?(?:兑付|偿还|支付)|债务重组|展期|资金链",
    ),
    "insolvency": (
        "insolvency, or doubt that the company goes on",
        r"bankrupt\w*|chapter 11|insolven\w+|receivership|liquidat\w+|going concern|wind(?:ing)?[- ]up"
        r"|破产|清算|资不抵债|持续经营能力|接管",
    ),
    "fraud": (
        "fraud, or books that are doubted",
        r"fraud\w*|embezzl\w+|ponzi|brib\w+|money launder\w+|restate\w*|auditors? (?:has )?(?:resign\w*|quit)"
        r"|欺诈|诈骗|造假|财务舞弊|挪用|贿赂|洗钱|非法集资|跑路|爆雷|无法表示意见|审计师辞任",
    ),
    "enforcement": (
        "an authority acts",
        r"investigat\w+|prob(?:e|es|ed|ing)\b|subpoena\w*|indict\w+|raid(?:s|ed)?\b|sanction\w*|fined"
        r"|penalt\w+|charged with"
        r"|立案|调查|处罚|罚款|警示函|监管函|问询函|刑事|逮捕|留置|制裁|查封|冻结",
    ),
    "lawsuit": ("a suit", r"lawsuit|sued|sues|suing|class action|plaintiff\w*|起诉|诉讼|索赔|仲裁|被告"),
    "trading": (
        "trade in the security is stopped or ends",
        r"delist\w*|trading halt\w*|halted trading|suspen\w+ (?:of )?trading|退市|停牌|暂停上市|被ST|\*ST",
    ),
    "rating": ("a rating was cut", r"downgrad\w+|cut to junk|rating cut|下调评级|评级下调|降级"),
    "results": (
        "results or an outlook that fell",
        r"profit warning|loss(?:es)? widen\w*|cuts? (?:its )?(?:outlook|guidance|forecast|dividend)"
        r"|impairment|write-?down"
        r"|预亏|亏损扩大|由盈转亏|下调(?:全年)?(?:指引|预期)|减值|业绩预警|暴雷",
    ),
    "operations": (
        "operations stopped or harmed",
        r"recall\w*|data breach|cyber ?attack|ransomware|explosion|shut(?:s|ting)? down"
        r"|halt\w* production|layoffs?|lay off|strike\b"
        r"|召回|数据泄露|爆炸|停产|事故|裁员|罢工|勒索",
    ),
    "management": (
        "who leads leaves in haste",
        r"(?:ceo|cfo|chair\w*|director)\b.{0,20}\b(?:resign\w*|ousted|fired|steps? down)"
        r"|辞职|失联|被带走",
    ),
    "price": ("the price fell hard", r"plung\w+|tumbl\w+|crash\w*|plummet\w*|跌停|暴跌|闪崩|大跌|崩盘|套牢"),
}  # fmt: skip
# A word begins where no Latin letter stands before it; a Chinese one may follow anything.
_BEGIN = r"(?:(?<![A-Za-z])|(?=[\u3400-\u9fff]))"
_PATTERNS = {code: re.compile(rf"(?i:{_BEGIN}(?:{pattern}))") for code, (_, pattern) in _KINDS.items()}
_TOPICS = {"distress": "about distress", "legal": "about a legal matter", "regulation": "about regulation"}
_SURE = 0.5


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a risk.

    Attributes:
        code: What kind, for machines.
        text: The same for people.
        evidence: Where the text says it; none for what a model says of the whole text.
    """

    code: str
    text: str
    evidence: tuple[Span, ...] = ()


def reasons(
    text: str, lang: str, label: str, *, negative: float, topics: Sequence[str]
) -> tuple[Reason, ...]:
    """Return why a text may be called a risk; none where it is called low.

    Args:
        text: As it came.
        lang: Its language.
        label: The risk that the model sees.
        negative: Probability that the text is bad news.
        topics: What it is about.
    """
    if label == "low":
        return ()
    found = list(_said(text, lang))
    if negative >= _SURE:
        found.append(Reason("negative_sentiment", f"bad news with probability {negative:.2f}"))
    found += [Reason(f"topic_{topic}", _TOPICS[topic]) for topic in topics if topic in _TOPICS]
    return tuple(found[:_MOST])


def _said(text: str, lang: str) -> list[Reason]:
    """Return the kinds of trouble that a text states; what it denies is left out."""
    plain = simplified(fold_same_length(text))
    places = [
        (code, Span(match.start(), match.end()))
        for code, pattern in _PATTERNS.items()
        for match in pattern.finditer(plain)
    ]
    statuses = assess(plain, [span for _, span in places], lang)
    kinds: dict[str, list[Span]] = {}
    for (code, span), status in zip(places, statuses, strict=True):
        if status is not Status.ABSENT:
            kinds.setdefault(code, []).append(span)
    return [Reason(code, _KINDS[code][0], tuple(spans[:_PLACES])) for code, spans in kinds.items()]
