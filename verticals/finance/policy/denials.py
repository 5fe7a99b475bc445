"""Who says that something is not so: told from refusals, which are news, and from accusations.

"X denies a report" speaks of the report; "a court denies X bail" tells what the court did. 虚假信息 is what a
rumour is called, and what a company is fined for.
"""

from __future__ import annotations

import re

_REPORT = r"(?:story|article|report|headline|alert|tweet|post)"
_RUMOUR = r"(?:reports?|rumou?rs?|news|claims?|stor(?:y|ies)|speculation|allegations?)"
_FALSE = r"(?:hoax|fake(?: news)?|untrue|not true|false|baseless|unfounded|fabricated)"
_NEW = (
    r"(?:offer|bid|guidance|forecast|outlook|proposal|resignation|order|threat|plan|support|licen[cs]e)s?\b"
)

_RETRACTION = re.compile(
    r"^\W*(?:retract(?:ed|ion)|hoax|fact[- ]check|false report|fake news|debunk(?:s|ed|ing)?)\b"
    rf"|\bretract(?:s|ed|ing|ion of)\b(?! (?:\w+ ){{0,3}}{_NEW})"
    r"|\bdebunk(?:s|ed|ing)?\b"
    rf"|\bwithdr(?:aw|aws|awn|ew) (?:the |a |its |our )?{_REPORT}\b"
    rf"|\b{_REPORT}s?(?: on [^,;:]{{1,40}})? (?:is |was |has been |have been )?(?:withdrawn|retracted)\b"
    rf"|\bdisregard (?:the |our |this |that )?(?:previous |earlier )?{_REPORT}\b"
    r"|辟谣|谣言|子虚乌有|撤稿|撤回(?:该|此|上述)?(?:报道|稿件|文章|消息|快讯)|(?:纯属|系|为)(?:捏造|虚构|臆测|误读|假消息)"
    r"|(?:网传|传闻|传言)[^，。；]{0,24}不实|不实(?:传闻|消息|报道)",
    re.IGNORECASE,
)
_LATER = re.compile(r"\b(?:reinstat|stands by|refus(?:es|ed) to retract|造谣者)", re.IGNORECASE)

_DENY = re.compile(r"\b(?:den(?:y|ies|ied|ying)|refut(?:e|es|ed|ing))\b", re.IGNORECASE)
_BY_THE_WAY = re.compile(
    r"\b(?:after|despite|previously|earlier|once|long|without|while|before|who|which)"
    r"(?: (?:had|has|have))?\s*$",
    re.IGNORECASE,
)
_SOMETHING_SAID = re.compile(
    r"\s+(?:that|it|he|she|they|we|having|being|ever|any)\b"
    rf"|\s+(?:(?!for\b|of\b|to\b)[\w'’-]+ ){{0,4}}(?:{_RUMOUR}|wrongdoing|accusations?|charges)\b"
    r"(?! by\b| against\b)"
    r"|\s+(?!pending|mining|drilling|licensing|(?:re)?hearing|funding|building|zoning|landing|marketing|operating"
    r"|trading|listing|banking|housing|fishing|logging)\w{3,}ing\b",
    re.IGNORECASE,
)
_REFUSED = (
    r"(?:approval|motion|requests?|appeals?|bail|permits?|permission|licen[cs]es?|petitions?|applications?|injunction"
    r"|waiver|access|entry|visas?|coverage|relief|review|stay|(?:re)?hearing|new trial|parole|loans?|refunds?"
    r"|extension|exemption|clearance|authori[sz]ation|certification|dismissal|benefits|patent|bids? to"
    r"|(?:effort|attempt) to)"
)
_REFUSAL = re.compile(rf"\s+(?:(?!of\b)[\w'’&.-]+ ){{0,6}}?{_REFUSED}\b", re.IGNORECASE)
_WAS_REFUSED = re.compile(rf"\b{_REFUSED}\b[^,;:]{{0,60}}$", re.IGNORECASE)
_JUDGES = re.compile(
    r"\b(?:courts?|judges?|justices?|tribunal|magistrate|arbitrators?|fda|ftc|fcc|ema|faa|regulators?|watchdog"
    r"|commission|panel)\b[^,;:]{0,30}$",
    re.IGNORECASE,
)
_OWN_AFFAIR = re.compile(
    r"\s+(?:(?:a|an|the|any|its) )?(?:\w+ )?"
    r"(?:plans?|talks|involvement|leak|roles?|links?|knowledge|interest|deal)\b",
    re.IGNORECASE,
)

_DENIAL = re.compile(
    r"\b(?:(?:dismiss(?:es|ed)?|reject(?:s|ed)?) (?:the |any |media |market )?"
    r"(?:reports?|rumou?rs?|speculation|talk (?:of|that|about)|claims? (?:that|it|he|she|they|of)"
    r"|allegations?)"
    r"|no truth (?:in|to)"
    rf"|(?:is|are|was|were|as) (?:a |completely |totally |entirely )?{_FALSE}"
    rf"|calls? [^,;:.]{{1,60}} (?:a )?{_FALSE}"
    r"|(?<!over )(?<!for )(?<!about )(?<!spread )(?<!filing )(?<!making )(?<!fight )"
    rf"(?:false|baseless|unfounded|untrue) {_RUMOUR})\b"
    r"|(?:并无|无)此事|纯属",
    re.IGNORECASE,
)
_JUDGED = re.compile(
    r"\b(?:charg(?:es|ed)|fin(?:es|ed)|su(?:es|ed)|convict\w*|indict\w*|jail\w*|guilty|penalt\w+|settles)\b",
    re.IGNORECASE,
)

_HAN_ADMITS = re.compile(r"否认.*(?:承认|证实|坐实|实锤|认罪)")
_HAN_REFUSES = re.compile(r"(?:法院|仲裁委|仲裁庭|专利局|知识产权局)[^，。；]{0,10}$")
_HAN_CLEAR = re.compile(r"澄清(?!(?:公告|说明)[^，。；]{0,6}(?:误导|虚假|被|遭))")
_HAN_DEMAND = re.compile(
    r"(?:要求|责令|督促|敦促|须|应当|请|限期|未能?|拒绝|拒不|无法|有待|亟待|尚待|需要?|呼吁|催促|尽快)[^，。；：]{0,14}$"
)
_HAN_FALSE = re.compile(
    r"(?<!数据)(?<!财务)(?<!披露)(?<!报表)(?<!陈述)(?<!出资)(?<!申报)(?<!记载)不属实"
    r"|(?:消息|报道)[^，。；]{0,24}(?<!数据)(?<!财务)(?<!披露)(?<!报表)(?<!陈述)(?<!出资)(?<!申报)(?<!记载)不实"
    r"|不实(?:信息|言论|内容)|虚假(?:信息|消息|报道)(?!披露|陈述|记载)|假消息"
)
_HAN_ACCUSED = re.compile(
    r"立案|调查|处罚|罚款|被罚|罚单|警示函|起诉|追责|问询|违规|被诉|索赔|造假|涉嫌|监管函|谴责|刑拘|判处|举报"
)

CUES = re.compile(
    r"\b(?:den(?:y|ies|ied|ying)|refut(?:e|es|ed|ing)|debunk(?:s|ed|ing)?"
    r"|(?:dismiss(?:es|ed)?|reject(?:s|ed)?) (?:the )?(?:reports?|rumou?rs?|talks?|claims?)"
    r"|false reports?|hoax|fact[- ]check|no truth|untrue|not true|baseless|unfounded|fake news"
    r"|retract(?:s|ed|ing|ion)?|withdr(?:aw|aws|awn|ew) (?:the |a |its |our )?(?:story|report|article)"
    r"|(?:story|article|report|headline) (?:is |was |has been )?withdrawn"
    r"|disregard (?:the |our |this |that )?(?:previous |earlier )?(?:story|alert|headline|report))\b"
    r"|辟谣|否认|不属实|谣言|子虚乌有|假消息|虚假(?:信息|消息|报道)|撤稿|撤回(?:该|此|上述)?(?:报道|稿件|文章|消息|快讯)"
    r"|澄清|纯属(?:捏造|虚构|臆测|误读)|(?:并无|无)此事|不实(?:传闻|消息|报道|信息|言论|内容)",
    re.IGNORECASE,
)
"""What is no part of the claim that is denied; between 网传 and 不实 stands the claim."""

_ACCUSES = re.compile(
    r"\b(?:accus\w+|alleg\w+|su(?:es|ed|ing)|lawsuits?|(?:charged|charges) (?:with|against)"
    r"|criminal charges|indict\w*|prob(?:es?|ed|ing)|investigat\w+|raid(?:s|ed)?|subpoena\w*"
    r"|whistle-?blowers?|short[- ]sellers?)\b"
    r"|被指|指控|指责|起诉|被诉|诉讼|立案|调查|举报|涉嫌|质疑|做空报告|沽空报告|被查",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"\b(?:su(?:es|ed|ing)|lawsuits?|indict\w*|prob(?:es?|ed)|investigat\w+|raid(?:s|ed)?|subpoena\w*|charged)\b"
    r"|起诉|被诉|诉讼|立案|调查|被查",
    re.IGNORECASE,
)
_ALLEGED = re.compile(r"\b(?:allegations?|accusations?|wrongdoing|charges)\b|指控|指责|质疑", re.IGNORECASE)


def retraction(headline: str) -> bool:
    """Tell whether a headline only says that something else that was said is void."""
    return _RETRACTION.search(headline) is not None and not _LATER.search(headline)


def denial(headline: str) -> bool:
    """Tell whether somebody denies in a headline what was said."""
    if any(_denies(headline, match) for match in _DENY.finditer(headline)):
        return True
    if _DENIAL.search(headline) and not _JUDGED.search(headline):
        return True
    return _denies_in_chinese(headline)


def _denies(headline: str, match: re.Match[str]) -> bool:
    before, after = headline[: match.start()], headline[match.end() :]
    if _BY_THE_WAY.search(before):
        return False
    if _SOMETHING_SAID.match(after):
        return True
    if _REFUSAL.match(after) or (match.group().lower() == "denied" and _WAS_REFUSED.search(before)):
        return False
    return not _JUDGES.search(before) or _OWN_AFFAIR.match(after) is not None


def _denies_in_chinese(headline: str) -> bool:
    for match in re.finditer("否认", headline):
        if not (_HAN_ADMITS.match(headline, match.start()) or _HAN_REFUSES.search(headline[: match.start()])):
            return True
    for match in _HAN_CLEAR.finditer(headline):
        if not _HAN_DEMAND.search(headline[: match.start()]):
            return True
    return _HAN_FALSE.search(headline) is not None and not _HAN_ACCUSED.search(headline)


def answers(denial: str, report: str) -> bool:
    """Tell whether a denial only answers an accusation: that it was made is true all the same.

    Args:
        denial: Headline of the denial.
        report: Headline of the report.
    """
    named = _EVENT.search(denial) and not _ALLEGED.search(denial)
    return _ACCUSES.search(report) is not None and not named
