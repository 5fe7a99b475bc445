"""The text in a piece of HTML, as a reader sees it; in linear time, whatever was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

_UNSEEN = frozenset({"script", "style", "template", "noscript", "svg", "math", "object", "iframe"})
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "big", "cite", "code", "del", "em", "font", "i", "ins", "label"}
)
_INLINE_TOO = frozenset({"mark", "q", "s", "small", "span", "strong", "sub", "sup", "time", "u", "wbr"})
# Possessive, and stopped by the next "<": no text makes it go over the same characters twice.
_TOKEN = re.compile(r"<!--|<(/?)([A-Za-z][\w:.-]{0,40}+)[^<>]{0,10000}+>|<[!?][^<>]{0,10000}+>")
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")


def text_of(html: str) -> str:
    """Return the text of a piece of HTML: no tags, no scripts, a line for each block."""
    return one_space("".join(_parts(html)))


def one_space(text: str) -> str:
    """Return a text with single blanks, single line breaks and nothing at its ends."""
    return _LINES.sub("\n", _BLANKS.sub(" ", text.strip()))


def _parts(html: str) -> Iterator[str]:
    at = 0
    while (token := _TOKEN.search(html, at)) is not None:
        yield _data(html[at : token.start()])
        name = (token[2] or "").lower()
        at = token.end()
        if token[0] == "<!--":
            at = _behind(html, "-->", at)
        elif name in _UNSEEN and not token[1]:
            at = _behind(html, f"</{re.escape(name)}[^<>]{{0,100}}>", at)
        if name and name not in _INLINE | _INLINE_TOO:
            yield "\n"
    yield _data(html[at:])


def _data(text: str) -> str:
    # A line break in HTML is a blank; only tags begin lines.
    return unescape(text).replace("\n", " ").replace("\r", " ")


def _behind(html: str, end: str, start: int) -> int:
    found = re.compile(end, re.IGNORECASE).search(html, start)
    return found.end() if found else len(html)
