"""PDF with text: page by page, lines made paragraphs again, running heads and hidden text left out."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from core.errors import InvalidInput, PayloadTooLarge
from core.retrieval.parse.clean import clean
from core.retrieval.parse.draft import Draft, Writer
from core.retrieval.parse.lines import paragraphs
from core.retrieval.parse.pdf_hidden import Watcher

MOST_PAGES = 3_000
_STREAM_BYTES = 16 * 2**20
"""A page of text is a few kilobytes; what unpacks to more is a picture or a bomb."""
_CAPPED = (
    "zlib_maximum_output_length",
    "lzw_maximum_output_length",
    "run_length_maximum_output_length",
    "brotli_maximum_output_length",
    "array_based_stream_maximum_output_length",
)
_HEAD_SHARE = 0.6
"""A first or last line that stands on so many of the pages is a running head."""
_HEAD_PAGES = 4


def read_pdf(data: bytes, *, each_page: Callable[[], None] = lambda: None) -> Draft:
    """Read a PDF.

    Args:
        data: The file.
        each_page: Called before every page; a limit of time can begin anew there.

    Raises:
        InvalidInput: it is encrypted, or has no text (a scan).
        PayloadTooLarge: it has too many pages.
    """
    from pypdf import apply_configuration

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    with apply_configuration(None, **dict.fromkeys(_CAPPED, _STREAM_BYTES)):
        return _read(_open(data), each_page)


def _read(reader: Any, each_page: Callable[[], None]) -> Draft:
    count = len(reader.pages)
    if count > MOST_PAGES:
        raise PayloadTooLarge(f"The PDF has {count} pages; {MOST_PAGES} are read.", remedy="Split it.")
    writer = Writer()
    writer.title = _title(reader)
    pages = []
    for number in range(count):
        each_page()
        page = reader.pages[number]
        pages.append(_lines(_page_text(page, writer, number + 1)))
        _forget(reader, page)
    _write(pages, writer)
    return writer.draft()


def _open(data: bytes) -> Any:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        try:
            opened = bool(reader.decrypt(""))
        except (DependencyError, NotImplementedError):
            opened = False
        if not opened:
            raise InvalidInput("The PDF is encrypted.", remedy="Save it without a password and send that.")
    return reader


def _title(reader: Any) -> str:
    found = reader.metadata.title if reader.metadata else None
    return found if isinstance(found, str) else ""


def _page_text(page: Any, writer: Writer, number: int) -> str:
    box = tuple(float(side) for side in page.cropbox)
    images = _images(page)
    watcher = Watcher(box, images)  # type: ignore[arg-type]
    text = _extract(page, watcher)
    if watcher.invisible and images and not text.strip():
        watcher = Watcher(box, images, keep_invisible=True)  # type: ignore[arg-type]
        text = _extract(page, watcher)
    if watcher.hidden:
        writer.flag(f"hidden text on page {number}")
    return text


def _extract(page: Any, watcher: Watcher) -> str:
    return str(page.extract_text(visitor_operand_before=watcher.before, visitor_operand_after=watcher.after))


def _images(page: Any) -> frozenset[str]:
    resources = page.get("/Resources")
    found = resources.get_object().get("/XObject") if resources is not None else None
    if found is None:
        return frozenset()
    things = ((str(name), thing.get_object()) for name, thing in found.get_object().items())
    return frozenset(name for name, thing in things if thing.get("/Subtype") == "/Image")


def _forget(reader: Any, page: Any) -> None:
    # pypdf keeps every object it has read, fonts with profit; the contents of all pages are too much.
    contents = page.raw_get("/Contents") if "/Contents" in page else None
    parts = contents.get_object() if contents is not None else None
    for part in (contents, *(parts if isinstance(parts, list) else ())):
        if hasattr(part, "idnum"):
            reader.resolved_objects.pop((part.generation, part.idnum), None)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in clean(text)[0].split("\n")]


def _write(pages: Sequence[Sequence[str]], writer: Writer) -> None:
    heads = _running_heads(pages)
    empty = []
    for number, lines in enumerate(pages, 1):
        writer.page = number
        kept = _without(lines, heads)
        if not any(lines):
            empty.append(number)
        for paragraph in paragraphs(kept):
            writer.add("paragraph", paragraph)
    if len(empty) == len(pages):
        raise InvalidInput(
            "The PDF has no text: its pages are pictures, probably scans.",
            remedy="Run character recognition (OCR) over it first, e.g. with ocrmypdf.",
        )
    if empty:
        shown = ", ".join(map(str, empty[:20])) + (" …" if len(empty) > 20 else "")
        writer.flag(f"no text on pages {shown}")


def _key(line: str) -> str:
    return re.sub(r"\d+", "#", line)


def _edges(lines: Sequence[str]) -> set[str]:
    full = [line for line in lines if line]
    return {_key(full[0]), _key(full[-1])} if len(full) > 2 else set()


def _running_heads(pages: Sequence[Sequence[str]]) -> frozenset[str]:
    if len(pages) < _HEAD_PAGES:
        return frozenset()
    seen = Counter(edge for lines in pages for edge in _edges(lines))
    return frozenset(line for line, count in seen.items() if count >= _HEAD_SHARE * len(pages))


def _without(lines: Sequence[str], heads: frozenset[str]) -> list[str]:
    kept = list(lines)
    edges = _edges(lines) & heads
    for place in (0, -1):
        full = [index for index, line in enumerate(kept) if line]
        if full and _key(kept[full[place]]) in edges:
            kept[full[place]] = ""
    return kept
