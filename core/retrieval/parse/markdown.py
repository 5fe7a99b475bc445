"""Markdown: headings, lists, tables and code by markdown-it; raw HTML in it as HTML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core.retrieval.parse.draft import Draft, Writer, one_line
from core.retrieval.parse.html import COMMENT, fragment_text, write_html
from core.retrieval.parse.text import decode

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FRONT = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_TITLE = re.compile(r"^title:[ \t]*[\"']?([^\n\"']*)", re.MULTILINE)
# [//]: # (a remark that no reader sees)
_REMARK = re.compile(r"^ {0,3}\[(?://|comment)[^\]\n]{0,80}\]:", re.MULTILINE | re.IGNORECASE)
_BREAK = "\x0b"
"""Stands for a line end that the author wants, until blanks are joined."""


def read_markdown(data: bytes) -> Draft:
    """Read CommonMark with tables; link targets and marks of emphasis do not enter the text."""
    from markdown_it import MarkdownIt

    source = re.sub(r"\r\n?", "\n", decode(data)).lstrip("\ufeff")
    writer = Writer()
    front = _FRONT.match(source)
    if front:
        title = _TITLE.search(front[1])
        writer.title = title[1] if title else ""
        source = source[front.end() :]
    if _REMARK.search(source):
        writer.flag(COMMENT)
    _Reader(writer, MarkdownIt("commonmark").enable("table")).read(source)
    return writer.draft()


def _piece(token: Token) -> str:
    match token.type:
        case "softbreak":
            return "\n"
        case "hardbreak":
            return _BREAK
        case _:
            return token.content


class _Reader:
    def __init__(self, writer: Writer, markdown: MarkdownIt) -> None:
        self._writer = writer
        self._markdown = markdown
        self._level = 0  # of the heading that is open
        self._lists = 0  # how many lists are open
        self._marker = ""
        self._lines: list[str] = []
        self._rows: list[str] = []
        self._cells: list[str] | None = None

    def read(self, source: str) -> None:
        for token in self._markdown.parse(source):
            match token.type:
                case "heading_open":
                    self._level = int(token.tag[1])
                case "heading_close":
                    self._level = 0
                case "bullet_list_open" | "ordered_list_open":
                    self._lists += 1
                case "list_item_open":
                    self._marker = f"{token.info}. " if token.info else "- "
                case "bullet_list_close" | "ordered_list_close":
                    self._close_list()
                case _:
                    self._table(token)

    def _table(self, token: Token) -> None:
        match token.type:
            case "tr_open":
                self._cells = []
            case "tr_close":
                self._rows.append(" | ".join(self._cells or []))
                self._cells = None
            case "table_close":
                self._add("table", "\n".join(self._rows))
                self._rows = []
            case _:
                self._content(token)

    def _content(self, token: Token) -> None:
        match token.type:
            case "inline":
                self._inline(self._plain(token))
            case "fence" | "code_block":
                self._add("code", token.content)
            case "html_block" if self._lists:
                self._add("paragraph", fragment_text(token.content, self._writer))
            case "html_block":
                write_html(token.content, self._writer)

    def _inline(self, text: str) -> None:
        if self._cells is not None:
            self._cells.append(one_line(text))
        elif self._level and not self._lists:
            self._writer.heading(self._level, text)
            self._writer.title = self._writer.title or text
        else:
            self._add("paragraph", text)

    def _add(self, kind: str, text: str) -> None:
        if self._lists:
            self._lines.append(self._marker + text.strip("\n"))
            self._marker = ""
        elif kind == "table":
            self._writer.add("table", text)
        else:
            self._writer.add("code" if kind == "code" else "paragraph", text)

    def _close_list(self) -> None:
        self._lists -= 1
        self._marker = ""
        if not self._lists:
            self._writer.add("list", "\n".join(line for line in self._lines if line.strip()))
            self._lines = []

    def _plain(self, token: Token) -> str:
        children = token.children or []
        if any(child.type == "html_inline" for child in children):
            renderer = self._markdown.renderer
            return fragment_text(renderer.render(children, self._markdown.options, {}), self._writer)
        text = "".join(map(_piece, children))
        return "\n".join(map(one_line, text.split(_BREAK)))
