"""Maps files and connectors' Records to documents of the knowledge base; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath

from core.errors import FieldError, InvalidInput
from core.records import Record

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,119}\Z")
_ODD = re.compile(r"[^A-Za-z0-9._:-]+")


@dataclass(frozen=True, slots=True)
class Upload:
    """A document as it came.

    Attributes:
        id: Its id in the knowledge base.
        data: Its bytes.
        filename: Tells the format.
        media_type: As declared, if it was.
        title: Given by a person, if at all.
        meta: Texts to filter by.
    """

    id: str
    data: bytes
    filename: str
    media_type: str | None = None
    title: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict)


def document_id(name: str) -> str:
    """Return an id for a name; names that cannot be ids get one with a digest, so that none collide."""
    short = _ODD.sub("-", name).strip("-._:") or "document"
    if short == name and _PLAIN.match(name):
        return name
    return f"{short[:100]}-{sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"


def from_file(path: Path, root: Path) -> Upload:
    """Return a file as a document whose id is its path below `root`.

    Raises:
        OSError: it cannot be read.
    """
    name = path.relative_to(root).as_posix() if path != root else path.name
    return Upload(document_id(name.replace("/", ":")), path.read_bytes(), path.name)


def from_record(record: Record) -> Upload:
    """Return a record of a help desk's article.

    Raises:
        InvalidInput: it has no text.
    """
    payload = record.payload
    body = next(
        (payload[k] for k in ("text", "content", "body", "html") if isinstance(payload.get(k), str)), ""
    )
    if not body.strip():
        where = f"{record.source}:{record.external_id}"
        raise InvalidInput(
            f"The record {where} has no text.",
            remedy="Give it one of text, content, body, html.",
            errors=[FieldError(where, "has no text")],
        )
    title = payload.get("title")
    suffix = ".html" if "html" in payload and not payload.get("text") else ".md"
    name = PurePosixPath(record.external_id).name
    return Upload(
        document_id(record.external_id),
        body.encode(),
        f"{name}{suffix}",
        title=title if isinstance(title, str) and title.strip() else None,
        meta={"source": record.source},
    )
