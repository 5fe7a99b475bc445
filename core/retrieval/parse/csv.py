"""Tables as CSV or TSV: a row is a block. A question with its answer is written as the two of them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from core.errors import FieldError, InvalidInput
from core.retrieval.parse.draft import Draft, Writer
from core.retrieval.parse.text import decode

FORMULA = "formula"
_QUESTION = {"question", "q", "title", "query", "faq", "问题", "问", "标题", "提问", "問題", "标准问题"}
_ANSWER = {
    "answer",
    "a",
    "content",
    "reply",
    "response",
    "body",
    "答案",
    "回答",
    "答",
    "内容",
    "回复",
    "解答",
}
# Spreadsheets run what begins with these; a number or a lone dash is none.
_FORMULA = re.compile(r"\s*(?:[=@]\s*\S|[+-]\s*[A-Za-z(=@])")
_LONGEST_NAME = 40
_LONGEST_CELL = 131_072
"""The reader has such a limit itself, but one for the whole process, which others may have raised."""


def read_csv(data: bytes) -> Draft:
    """Read a table whose columns are told apart by comma, semicolon, tab or bar."""
    writer = Writer()
    rows = _rows(decode(data))
    first = next(rows, [])
    names = first if _is_header(first) else []
    if not names:
        _write(writer, [], first)
    for row in rows:
        _write(writer, names, row)
    return writer.draft()


def _rows(text: str) -> Iterator[list[str]]:
    text = text.lstrip("\ufeff")
    line = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t|", key=line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            if any(len(cell) > _LONGEST_CELL for cell in row):
                raise csv.Error(f"field larger than field limit ({_LONGEST_CELL})")
            if any(cell.strip() for cell in row):
                yield [cell.strip() for cell in row]
    except csv.Error as error:
        place = f"file:{reader.line_num}"
        raise InvalidInput(
            f"The table breaks off in line {reader.line_num}: {error}.",
            remedy=f"Close every quotation mark and keep cells below {_LONGEST_CELL:,} characters.",
            errors=[FieldError(place, str(error))],
        ) from error


def _is_header(row: list[str]) -> bool:
    """Column names are short, all there, all different, and no sentences or numbers."""
    names = [cell.casefold() for cell in row]
    if set(names) & (_QUESTION | _ANSWER):
        return True
    whole = len(names) > 1 and all(names) and len(set(names)) == len(names)
    return whole and all(
        len(name) <= _LONGEST_NAME and not re.search(r"^[\d.,%-]+$|[。！？!?]$|\.$", name) for name in names
    )


def _write(writer: Writer, names: list[str], row: list[str]) -> None:
    block = writer.add("row", "\n".join(_lines(names, row)))
    if block and any(_FORMULA.match(cell) for cell in row):
        writer.flag(FORMULA, block)


def _lines(names: list[str], row: list[str]) -> Iterator[str]:
    """Yield question, answer, and the other columns with their names."""
    cells = [(names[place] if place < len(names) else "", cell) for place, cell in enumerate(row) if cell]
    for kind in (_QUESTION, _ANSWER):
        yield from (cell for name, cell in cells if name.casefold() in kind)
    for name, cell in cells:
        if name.casefold() not in _QUESTION | _ANSWER:
            yield f"{name}: {cell}" if name else cell
