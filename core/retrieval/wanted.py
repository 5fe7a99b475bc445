"""What a question wants of an answer, as far as words tell: content words, a number, a side of a switch."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from core.retrieval.terms import terms
from core.text.language import detect

# Nothing that turns an answer round stands here: no, not, on, off, without, only, 不, 没.
_PLAIN = """
a an the and or of to in at by for from with about into over than as is are was were be been am do does
did done have has had having will would shall should can could may might must i me my mine we us our you
your yours he she it its they them their this that these those there here what which who whom whose when
where why how much many long often soon please pls tell know want like need get got just so if then also
any some hello hi hey thanks thank im i'm it's don't didn't isn't right really still say said told ok
"""
_PLAIN_ZH = """
多少 什么 怎么 怎样 怎么办 如何 哪里 哪儿 哪些 哪个 几个 几天 多久 多长 多长时间 时候 什么时候 请问
是不是 能不能 可不可以 可以 有没有 是否 为什么 谁 你们 我们 我 您 你 他们 一下 告诉 需要 想要 想 吗 呢
吧 的 了 是 在 有 和 与 就 都 也 还 会 要 对 对吧 知道 这个 那个 一个 大概 到底 具体 包括 叫 哪 几 请 帮
我想 的话 现在 之前 已经
"""
_GLUE = frozenset("的了吗呢吧么嘛啊们呀")
"""A pair of characters with one of these says nothing of the subject."""
_NUMBER_WANTED = re.compile(
    r"\bhow (?:much|many|long|often|old|far|soon|late|high|big|large|fast|heavy|quickly)\b"
    r"|\b(?:what|which) (?:time|day|date|year|month|percentage|number|amount|price|fee|limit)\b"
    r"|\b(?:when|deadline|price|cost|fee|rate|limit|maximum|minimum|interest)\b"
    r"|多少|几(?!乎)|多久|多长|多大|多高|多重|多快|何时|什么时候|哪天|哪年|哪一年|最晚|最多|最少|最长|期限",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|fifty|hundred"
    r"|thousand|free|once|twice|daily|weekly|monthly|yearly|at once|immediately|any time)\b"
    r"|[零一二两三四五六七八九十百千万半]+(?:个|天|年|月|日|周|次|小时|分钟|岁|人|元|英镑|倍|成|件|张|名|号|点)"
    r"|免费|立即|随时",
    re.IGNORECASE,
)
_LATIN = re.compile(r"[A-Za-z]{2,}")
_CAPITAL = re.compile(r"(?<=[a-z0-9,'\u2019&] )[A-Z][A-Za-z]+")
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
_TURN = r"\b(?:turn|switch)(?:ed|ing)?(?: \w+){0,3} "
_SIDES = (
    (_TURN + r"on\b|开启|打开|启用|开通", _TURN + r"off\b|关闭|关掉|停用|取消"),
    (r"\b(?:enabl|activat)\w*|激活", r"\b(?:disabl|deactivat)\w*|注销"),
    (
        r"(?<!lift the )\bfr(?:eez|oz)\w*|(?<!解除)冻结",
        r"\bunfr(?:eez|oz)\w*|\blift the freeze\b|\bthaw\w*|解冻|解除冻结",
    ),
    (r"\block(?:ed|s|ing)?\b|锁定", r"\bunlock\w*|解锁"),
    (r"\bsubscri\w+|(?<!取消)订阅", r"\bunsubscri\w+|退订|取消订阅"),
    (r"\bopen(?:ed|ing)?\b|开户", r"\bclos(?:e|ed|ing)\b|销户"),
    (r"\badd(?:ed|ing)?\b|添加|绑定", r"\bremov(?:e|ed|ing)\b|删除|解绑"),
    (r"\b(?:raise|increase|higher)\w*|提高|上调|提升", r"\b(?:lower|decrease|reduce)\w*|降低|下调"),
)
"""What turns something on, and what turns it off."""
_TURNS = re.compile(
    r"\b(?:not|no|never|cannot|without|except|excluded)\b|n't\b|[不没无勿非未]|除外|禁止|拒绝", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question as answers are compared with it.

    Attributes:
        terms: Its content words and pairs of characters, each once.
        names: Its words that look like names: capitals inside a sentence, Latin letters in Chinese.
        lang: ISO 639-1 code.
        number: Whether an amount, a count or a time is asked for.
    """

    text: str
    terms: tuple[str, ...]
    names: tuple[str, ...]
    lang: str
    number: bool


def read(question: str) -> Wanted:
    """Read a question."""
    asked = tuple(term for term in dict.fromkeys(terms(question)) if _says_something(term))
    lang = detect(question)
    names = tuple(dict.fromkeys(_names(question, lang)))
    return Wanted(question, asked, names, lang, bool(_NUMBER_WANTED.search(question)))


def _names(question: str, lang: str) -> Iterator[str]:
    for found in (_LATIN if lang == "zh" else _CAPITAL).finditer(question):
        if found.group().casefold() not in _PLAIN.split():
            yield found.group()


def _says_something(term: str) -> bool:
    if term in _stop() or (len(term) == 2 and _GLUE & set(term)):
        return False
    return term not in _GLUE


@cache
def _stop() -> frozenset[str]:
    return frozenset({*terms(_PLAIN), *_PLAIN_ZH.split()})


def has_number(text: str) -> bool:
    """Tell whether an amount, a count or a time is said."""
    return _NUMBER.search(text) is not None


def figures(text: str) -> frozenset[str]:
    """Return the numbers of a text, as they are written."""
    return frozenset(found.replace(",", "") for found in _FIGURE.findall(text))


def turned(text: str) -> bool:
    """Tell whether something in the text says no."""
    return _TURNS.search(text) is not None


def side(question: str, answer: str) -> float:
    """Return -1 where the question is about one side of a switch and the answer only about the other, 1 where
    both are about the same side, 0 where there is no switch."""
    agreed = 0.0
    for one, other in _patterns():
        for mine, theirs in ((one, other), (other, one)):
            if mine.search(question) and not theirs.search(question):
                if mine.search(answer):
                    agreed = 1.0
                elif theirs.search(answer):
                    return -1.0
    return agreed


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    return tuple((re.compile(one, re.IGNORECASE), re.compile(other, re.IGNORECASE)) for one, other in _SIDES)


_LEAST_TEXTS = 30


def rarity(asked: Iterable[str], texts: Sequence[frozenset[str]]) -> dict[str, float]:
    """Return how much each term tells: more the fewer of the texts hold it."""
    count = max(len(texts), _LEAST_TEXTS)
    return {term: math.log(1 + count / (1 + sum(term in text for text in texts))) for term in asked}


def share(weights: Mapping[str, float], found: frozenset[str]) -> float:
    """Return the part of the question's weight that is found, in [0, 1]."""
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in found) / total if total else 0.0
