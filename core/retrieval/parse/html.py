"""HTML: what a reader of the page sees, block by block. Scripts, comments and hidden elements stay out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from core.errors import InvalidInput
from core.retrieval.parse.clean import instructions
from core.retrieval.parse.draft import Draft, Writer, one_line
from core.retrieval.parse.hidden import HiddenRules
from core.retrieval.parse.text import decode
from core.text.decode import SAMPLE

COMMENT = "comment"
HIDDEN = "hidden text"
_SPOKEN = "instruction in a comment"
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,40})", re.IGNORECASE)
_DECLARATION = re.compile(r"<\?xml[^>]*\?>")
_UNSEEN = frozenset(
    re.findall(
        r"\w+",
        """script style noscript template svg math iframe object embed canvas audio video head input
        select button textarea datalist nav dialog""",
    )
)
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        """address article aside blockquote body center dd details div dl dt fieldset figcaption figure
        footer form header hr html legend main p pre section summary h1 h2 h3 h4 h5 h6 ul ol menu li
        table caption thead tbody tfoot tr td th""",
    )
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = frozenset(("ul", "ol", "menu"))
_LAYOUT = "self::*[.//table or .//h1 or .//h2 or .//h3 or .//h4 or .//ul or .//ol or .//p]"
_BREAK = "\x0b"


def _declared(data: bytes) -> str | None:
    found = _CHARSET.search(data[:4096])
    return found[1].decode("ascii").lower() if found else None


def read_html(data: bytes) -> Draft:
    """Read a page; of one with <main> or a single <article> that part, else the body without navigation."""
    writer = Writer()
    write_html(_source(data), writer)
    return writer.draft()


def _source(data: bytes) -> str:
    declared = _declared(data)
    # The declaration counts where it holds; many pages say gb2312 and are GBK, or say latin-1 and are UTF-8.
    name = {"gb2312": "gb18030", "gbk": "gb18030"}.get(declared or "", declared)
    try:
        data[:SAMPLE].decode("utf-8")
    except UnicodeDecodeError:
        try:
            return data.decode(name) if name and name not in {"utf-8", "utf8"} else decode(data)
        except (UnicodeDecodeError, LookupError):
            return decode(data)
    return decode(data)


def _tree(source: str) -> Any:
    from lxml import etree, html

    parser = html.HTMLParser(no_network=True, huge_tree=False, encoding="utf-8")
    plain = source.lstrip()
    declaration = _DECLARATION.match(plain)
    plain = plain[declaration.end() if declaration else 0 :]
    try:
        return html.document_fromstring(plain.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:
        return None  # nothing but blanks and comments
    except (etree.LxmlError, ValueError) as error:
        raise InvalidInput("The HTML cannot be read.", remedy="Save the page again, or send text.") from error


def write_html(source: str, writer: Writer) -> None:
    """Write a page or a part of one."""
    root = _tree(source)
    if root is None:
        if "<!--" in source:
            _flag_comment(source, writer)
        return
    title = root.findtext(".//title")
    writer.title = writer.title or one_line(title or "")
    walker = _Walker(writer, HiddenRules(root))
    for comment in root.getroottree().xpath("//comment()"):
        _flag_comment(comment.text or "", writer)
    walker.walk(_content_of(root))
    if not writer.title:
        writer.title = walker.first_heading


def fragment_text(source: str, writer: Writer) -> str:
    """Return the visible text of a piece of HTML; what is suspicious in it is noted in the writer."""
    inner = Writer()
    write_html(f"<div>{source}</div>", inner)
    draft = inner.draft()
    for found in draft.suspicious:
        writer.flag(found.reason)
    return draft.text


def _flag_comment(text: str, writer: Writer) -> None:
    if instructions(text):
        writer.flag(_SPOKEN)
    elif len(re.findall(r"\w{2,}", text)) >= 3 and not text.startswith("["):
        writer.flag(COMMENT)


def _content_of(root: Any) -> Any:
    for path in (".//main", ".//article"):
        found = root.findall(path)
        if len(found) == 1 and len(one_line(found[0].text_content())) >= 200:
            return found[0]
    body = root.find("body")
    return root if body is None else body


class _Walker:
    """Walks the tree without recursion and writes a block wherever one ends."""

    def __init__(self, writer: Writer, rules: HiddenRules) -> None:
        self.first_heading = ""
        self._writer = writer
        self._rules = rules
        self._inline: list[str] = []
        self._lists: list[int] = []
        self._lines: list[str] = []
        self._pre = 0

    def walk(self, root: Any) -> None:
        open_elements: list[tuple[Any, Iterator[Any]]] = []
        if self._enter(root):
            open_elements.append((root, iter(root)))
        while open_elements:
            element, children = open_elements[-1]
            child = next(children, None)
            if child is None:
                open_elements.pop()
                self._leave(element)
                self._inline.append((element.tail or "") if open_elements else "")
            elif self._enter(child):
                open_elements.append((child, iter(child)))
            else:
                self._inline.append(child.tail or "")
        self._flush()

    def _enter(self, element: Any) -> bool:
        """Begin an element; False where it does not enter the text."""
        tag = element.tag
        if not isinstance(tag, str) or tag in _UNSEEN:
            return False
        if self._hidden(element):
            return False
        if tag == "br":
            self._inline.append(_BREAK)
        if tag == "img" and element.get("alt"):
            self._inline.append(f" {element.get('alt')} ")
        if tag in _BLOCKS:
            self._flush()
        if tag == "table" and not element.xpath(_LAYOUT):
            self._table(element)
            return False
        self._open(tag)
        self._inline.append(element.text or "")
        return True

    def _open(self, tag: str) -> None:
        if tag in _LISTS:
            self._lists.append(0)
        elif tag == "li" and self._lists:
            self._lists[-1] += 1
        elif tag == "pre":
            self._pre += 1

    def _leave(self, element: Any) -> None:
        tag = element.tag
        if tag in _HEADINGS and not self._lists:
            text = self._take()
            self.first_heading = self.first_heading or text
            self._writer.heading(_HEADINGS[tag], text)
        elif tag == "pre":
            text = "".join(self._inline).replace(_BREAK, "\n")
            self._inline = []
            self._pre -= 1
            self._put("code", text)
        elif tag in _BLOCKS:
            self._flush()
        if tag in _LISTS and self._lists:
            self._lists.pop()
            if not self._lists:
                self._writer.add("list", "\n".join(self._lines))
                self._lines = []

    def _take(self) -> str:
        text = "".join(self._inline)
        self._inline = []
        return "\n".join(filter(None, map(one_line, text.split(_BREAK))))

    def _flush(self) -> None:
        if self._pre:
            return
        text = self._take()
        if text:
            self._put("paragraph", text)

    def _put(self, kind: str, text: str) -> None:
        if self._lists:
            self._lines.append(f"- {text}")
        else:
            self._writer.add("code" if kind == "code" else "paragraph", text)

    def _table(self, element: Any) -> None:
        rows = []
        for row in element.iter("tr"):
            cells = [self._cell(cell) for cell in row if cell.tag in ("td", "th") and not self._hidden(cell)]
            if any(cells) and not self._hidden(row):
                rows.append(" | ".join(cells))
        caption = element.find("caption")
        if caption is not None:
            self._writer.add("paragraph", self._cell(caption))
        if self._lists:
            self._lines += rows
        else:
            self._writer.add("table", "\n".join(rows))

    def _hidden(self, element: Any) -> bool:
        if not self._rules.hides(element):
            return False
        if isinstance(element.tag, str) and one_line(element.text_content()):
            self._writer.flag(HIDDEN)
        return True

    def _cell(self, element: Any) -> str:
        inner = Writer()
        walker = _Walker(inner, self._rules)
        walker._inline.append(element.text or "")
        for child in element:
            walker.walk(child)
            walker._inline.append(child.tail or "")
        walker._flush()
        draft = inner.draft()
        for found in draft.suspicious:
            self._writer.flag(found.reason)
        return one_line(draft.text)
