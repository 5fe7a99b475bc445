"""Reads files: text, Markdown, HTML, CSV and PDF become one text with blocks.

Nothing in a document is obeyed. What a reader would not see stays out of the text; that, and what speaks to a
machine, is listed in `suspicious`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from core.errors import FieldError, InvalidInput
from core.retrieval.parse.clean import clean, instructions
from core.retrieval.parse.csv import read_csv
from core.retrieval.parse.draft import Draft, one_line
from core.retrieval.parse.formats import MEDIA_TYPES, Format, format_of
from core.retrieval.parse.markdown import read_markdown
from core.retrieval.parse.sandbox import read_in_child
from core.retrieval.parse.text import read_text
from core.retrieval.records import Parsed
from core.text.language import detect

__all__ = ["MEDIA_TYPES", "PARSER", "format_of", "parse"]

PARSER = 1
"""Raised whenever the same bytes give another text: documents sent again are then read again."""
_TITLE = 500
_SMALL = 32 * 1024
"""Bytes of Markdown that no trick makes slow; more is read in a child process, like HTML and PDF."""

_READERS: dict[Format, Callable[[bytes], Draft]] = {
    "text": read_text,
    "markdown": read_markdown,
    "csv": read_csv,
}


def parse(data: bytes, *, filename: str, media_type: str | None = None, title: str | None = None) -> Parsed:
    """Read a file.

    Args:
        data: Its bytes.
        filename: Its name; the ending tells the format where bytes and media type do not.
        media_type: As a client declared it.
        title: Given by a person; else the file's own, else its name.

    Returns:
        Its text, with blocks that cover all of it.

    Raises:
        InvalidInput: its kind is unknown, it is broken, encrypted or a scan, or holds no text.
        PayloadTooLarge: its text is too long.
        Unavailable: the reading process did not come to an end.
    """
    kind = format_of(data, filename, media_type)
    here = kind in ("text", "csv") or (kind == "markdown" and len(data) <= _SMALL)
    draft = _READERS[kind](data) if here else read_in_child(kind, data)
    if not draft.text:
        raise InvalidInput(
            "The document holds no text.",
            remedy="Send one with text that a reader can see.",
            errors=[FieldError("/file", "no text")],
        )
    suspicious = (*draft.suspicious, *instructions(draft.text))
    return Parsed(draft.text, draft.blocks, _title(title, draft, filename), detect(draft.text), suspicious)


def _title(given: str | None, draft: Draft, filename: str) -> str:
    named = PurePath(filename.replace("\\", "/")).stem
    found = (one_line(clean(text)[0]) for text in (given or "", draft.title, named))
    return next((text for text in found if text), "untitled")[:_TITLE]
