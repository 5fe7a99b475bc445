"""Which formats are read, and how a file's is told: by its first bytes, its media type, its name."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

from core.errors import FieldError, InvalidInput

Format = Literal["text", "markdown", "html", "csv", "pdf"]

MEDIA_TYPES: dict[Format, str] = {
    "text": "text/plain",
    "markdown": "text/markdown",
    "html": "text/html",
    "csv": "text/csv",
    "pdf": "application/pdf",
}
_BY_TYPE: dict[str, Format] = {
    **{media_type: kind for kind, media_type in MEDIA_TYPES.items()},
    "text/x-markdown": "markdown",
    "application/xhtml+xml": "html",
    "text/tab-separated-values": "csv",
    "application/csv": "csv",
}
_BY_SUFFIX: dict[str, Format] = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".csv": "csv",
    ".tsv": "csv",
    ".pdf": "pdf",
}
_SAYS_NOTHING = {
    "",
    "application/octet-stream",
    "binary/octet-stream",
    "text/plain",
    "application/vnd.ms-excel",
}
"""Media types that browsers send for any file; the name knows better."""
_PDF = b"%PDF-"


def format_of(data: bytes, filename: str, media_type: str | None = None) -> Format:
    """Return the format of a file.

    Raises:
        InvalidInput: it is none that is read.
    """
    if _PDF in data[:1024]:
        return "pdf"
    declared = (media_type or "").split(";", 1)[0].strip().lower()
    named = _BY_SUFFIX.get(PurePosixPath(filename.lower()).suffix)
    found = named or _BY_TYPE.get(declared) if declared in _SAYS_NOTHING else _BY_TYPE.get(declared)
    if found is None:
        shown = declared if declared not in _SAYS_NOTHING else PurePosixPath(filename).suffix or "no suffix"
        raise InvalidInput(
            f"Documents of the kind {shown[:100]!r} are not read.",
            remedy=f"Send one of {', '.join(_BY_SUFFIX)}.",
            errors=[FieldError("/file", "unknown kind of document")],
        )
    if found == "pdf":
        raise InvalidInput("The file is called a PDF and is none.", remedy="Send the PDF itself.")
    return found
