"""Turns the bytes of a feed into text that is safe to parse: its encoding settled, its DOCTYPE harmless."""

from __future__ import annotations

import codecs
import re
from html.entities import html5
from xml.sax.saxutils import escape

from core.errors import InvalidInput
from core.text.decode import encoding_of

_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_PROLOG = re.compile(r"(?:\s|<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^\[>]*>)*", re.DOTALL | re.IGNORECASE)
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?(?:rss|feed|RDF)[\s>/]")
_BARE = re.compile(r"&(?!#?\w{1,32};)")
_NAMED = re.compile(r"&(\w{1,32});")
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What is declared as the left is, in the wild, the right, which holds it.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "iso8859-1": "cp1252", "ascii": "cp1252", "big5": "cp950"}
# UTF-7 and the like hide "<!ENTITY" from whoever looks for it, and no feed is in them.
_NEVER = frozenset({"utf-7", "hz", "unicode_escape", "raw_unicode_escape", "punycode", "idna", "undefined"})
_BY_THEIR_LOOK = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8"})
_MOST_BROKEN = 0.01
_NO_FEED = "Configure the address of an RSS or Atom feed."


def source_of(body: bytes, content_type: str) -> str:
    """Return the text of a feed, without mark and XML declaration.

    Args:
        body: As it came.
        content_type: Of the answer; its charset is believed only where the bytes agree.

    Raises:
        InvalidInput: no encoding fits, it is no RSS or Atom, or it declares entities.
    """
    text = _decoded(body, content_type).lstrip("\ufeff \t\r\n")
    prolog = _PROLOG.match(text)
    start = prolog.end() if prolog else 0
    if text.startswith(("<!DOCTYPE", "<!doctype", "<!ENTITY"), start):
        raise InvalidInput(
            "The feed declares entities of its own, which could read files or swell without end.",
            remedy="Ask for a feed without a DOCTYPE.",
        )
    if not _ROOT.match(text, start):
        raise InvalidInput("The answer is no RSS or Atom feed.", remedy=_NO_FEED)
    return _well_formed(text[start:])


def _well_formed(text: str) -> str:
    """Mend what most often keeps a feed from being XML: bare ampersands, HTML's names, controls."""
    first, *sections = _CONTROLS.sub("", text).split("<![CDATA[")
    mended = [_mended(first)]
    for section in sections:
        literal, end, after = section.partition("]]>")
        mended.append(f"<![CDATA[{literal}{end}{_mended(after)}")
    return "".join(mended)


def _mended(text: str) -> str:
    return _NAMED.sub(_named, _BARE.sub("&amp;", text))


def _named(found: re.Match[str]) -> str:
    return found[0] if found[1] in _XML_NAMES else escape(html5.get(f"{found[1]};", found[0]))


def _decoded(body: bytes, content_type: str) -> str:
    if body.startswith(_BOMS):
        return body.decode(encoding_of(body[:4]), "replace")
    if body[:1] == b"\x00" or body[1:2] == b"\x00":
        return body.decode("utf-16-be" if body[:1] == b"\x00" else "utf-16-le", "replace")
    # Text of another encoding is next to never valid UTF-8 by chance, while wrong declarations are common.
    encodings = ("utf-8", *_declared(body, content_type))
    for read in (_strict, _mostly):
        for encoding in encodings:
            if (text := read(body, encoding)) is not None:
                return text
    return body.decode(encoding_of(body), "replace")


def _declared(body: bytes, content_type: str) -> list[str]:
    found = [match[1].decode() for match in [_DECLARED.search(body[:512])] if match]
    found += [match[1] for match in [_CHARSET.search(content_type)] if match]
    names = []
    for name in found:
        try:
            names.append(codecs.lookup(name.lower()).name)
        except LookupError:
            continue
    return [_WIDER.get(name, name) for name in names if name not in _NEVER | _BY_THEIR_LOOK]


def _strict(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def _mostly(body: bytes, encoding: str) -> str | None:
    """Return text with a few broken characters; a feed is not lost for one of them."""
    try:
        text = body.decode(encoding, "replace")
    except (UnicodeError, LookupError):
        return None
    foreign = sum(not character.isascii() for character in text)
    return text if text.count("\ufffd") <= foreign * _MOST_BROKEN else None
