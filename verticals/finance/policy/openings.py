"""Takes from a text what tells who printed it and not what it says: date lines, agency tags, links."""

from __future__ import annotations

import re

from core.text.normalise import folded

_HEADLINE = 300
"""Code points of a first line that are taken for a headline."""
_HAN = "\u3400-\u9fff"
_TAIL = 160
"""Code points at the end of a line in which a tag is looked for."""
_DASH = "[-\u2013\u2014\u2212]"

_FRONT = (
    re.compile(r"(?:RT @\w{1,30}:?|转发微博|//@[^:：]{1,30}[:：])\s*"),
    # NEW YORK, Nov 17 (Agency) - ; (Agency) - ; LONDON - only with the agency or the date behind the place
    re.compile(
        rf"(?:[A-Z][A-Za-z.'/]{{1,20}}[ ,]{{1,2}}){{0,4}}"
        rf"(?:[A-Z][a-z]{{2,8}}\.? \d{{1,2}}(?:, \d{{4}})?[ ,]{{0,2}})?"
        rf"\([A-Z][\w .&]{{1,30}}\)\s*(?:{_DASH}{{1,2}}|:)\s*"
    ),
    re.compile(rf"[A-Z][A-Z .,']{{2,40}}, [A-Z][a-z]{{2,8}}\.? \d{{1,2}}(?:, \d{{4}})?\s*{_DASH}{{1,2}}\s*"),
    # 晨澜财经11月17日讯（记者 张三） ; 某某社北京11月17日电 ; 某某财经讯
    re.compile(
        rf"[(（【\[]?[{_HAN}A-Za-z]{{0,16}}?(?:\d{{4}}年)?\d{{1,2}}月\d{{1,2}}日[{_HAN}]{{0,4}}?(?:电|讯|消息|报道)"
        r"[)）】\]]?\s*[,，:：|]?\s*"
    ),
    re.compile(
        rf"[(（【\[]?[{_HAN}]{{2,10}}?(?:财经|社|网|日报|晚报|通讯|证券|新闻|时报)(?:讯|电|消息)[)）】\]]?\s*[,，:：|]?\s*"
    ),
    re.compile(rf"(?:据[^，,。]{{2,20}}(?:报道|消息|获悉)|[{_HAN}A-Za-z]{{2,12}}获悉)[，,]\s*"),
    re.compile(r"[(（](?:记者|编辑|作者|来源)[^)）]{0,30}[)）]\s*[,，:：]?\s*"),
    re.compile(
        r"[【\[](?:快讯|要闻|独家|突发|财经|讯|公告|快报|头条|转载|转)[】\]]\s*|(?:快讯|突发|转载?)[:：|]\s*"
    ),
    re.compile(r"(?:BREAKING|UPDATE \d|URGENT|FLASH|EXCLUSIVE|Breaking)\s*(?:news)?\s*[-:|\u2013\u2014]\s*"),
)
_BACK = (
    re.compile(rf"\s+(?:{_DASH}{{1,2}}|\|)\s+(?:[A-Z][\w.&']{{1,20}} ?){{1,3}}$"),
    re.compile(r"\s*[(（](?:来源|编辑|作者|记者|文|Reporting|Editing)[^)）]{0,120}[)）]\s*$"),
    re.compile(r"\s*(?:来源|编辑|责任编辑|作者)[:：]\s*\S{1,20}$"),
)
_LINK = re.compile(r"https?://\S+|\b(?:www|t|pic)\.\S{3,}|(?<!\w)via @\w{1,30}")
_UNIT = re.compile(rf"[{_HAN}]|[^\W\d_{_HAN}]+")
_FEWEST = 3
"""What is left must hold so many words or characters; else the text stays as it was."""


def parts(text: str) -> tuple[str, str]:
    """Return headline and body of a text without date lines, agency tags, links and signs of reposting."""
    plain = _LINK.sub(" ", folded(text))
    lines = [line for line in map(_strip, plain.splitlines()) if line]
    if not lines:
        return text.strip()[:_HEADLINE], ""
    first, rest = lines[0][:_HEADLINE], lines[0][_HEADLINE:]
    return first, "\n".join([*([rest] if rest else []), *lines[1:]])


def _strip(line: str) -> str:
    line = line.strip()
    for _ in range(3):  # tags may stand one behind the other
        shorter = line
        for pattern in _FRONT:
            match = pattern.match(shorter)
            shorter = shorter[match.end() :] if match and _enough(shorter[match.end() :]) else shorter
        for pattern in _BACK:
            match = pattern.search(shorter, max(0, len(shorter) - _TAIL))
            shorter = shorter[: match.start()] if match and _enough(shorter[: match.start()]) else shorter
        if shorter == line:
            break
        line = shorter.strip()
    return line


def _enough(rest: str) -> bool:
    return len(_UNIT.findall(rest, 0, 200)) >= _FEWEST
