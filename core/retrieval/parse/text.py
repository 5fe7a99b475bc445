"""Plain text: paragraphs stand between blank lines."""

from __future__ import annotations

import re

from core.errors import InvalidInput
from core.retrieval.parse.clean import clean
from core.retrieval.parse.draft import Draft, Writer
from core.retrieval.parse.lines import joined, wrapped
from core.text.decode import SAMPLE, encoding_of

_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")


def decode(data: bytes) -> str:
    """Return the bytes of a text file as text without NUL characters.

    Raises:
        InvalidInput: it is in no encoding that can be told, or not in one throughout.
    """
    name = encoding_of(data[:SAMPLE])
    try:
        return data.decode(name).replace("\x00", "")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"The file begins in {name} and breaks off at byte {error.start}.",
            remedy="Save it as UTF-8 and try again.",
        ) from error


def read_text(data: bytes) -> Draft:
    """Read a plain text file."""
    writer = Writer()
    # Line ends are made plain first: paragraphs are told by them.
    for paragraph in _BLANK_LINES.split(re.sub(r"\r\n?|\x0c", "\n", decode(data))):
        writer.add("paragraph", _unwrapped([line.strip() for line in paragraph.strip().split("\n")]))
    return writer.draft()


def _unwrapped(lines: list[str]) -> str:
    return joined(lines) if wrapped([clean(line)[0] for line in lines]) else "\n".join(lines)
