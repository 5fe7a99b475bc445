"""Reads the multipart form of an upload; its file is on disk before anybody looks at it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from core.errors import FieldError, InvalidInput
from core.text.types import fault

_NAME = re.compile(r"[\w][\w .-]{0,99}\Z")
_MAX_FIELD = 4_096


@dataclass(frozen=True, slots=True)
class UploadForm:
    """What an upload says.

    Attributes:
        file: The bytes, at their beginning; closed with `form`.
        filename: As the client named it: only its ending and stem are ever used.
        columns: Our column to the file's.
    """

    form: FormData
    file: BinaryIO
    filename: str
    name: str
    columns: dict[str, str]
    label_separator: str | None


def _wrong(field: str, detail: str, remedy: str = "") -> InvalidInput:
    return InvalidInput(f"{field}: {detail}.", remedy=remedy, errors=[FieldError(f"/{field}", detail)])


def _text(form: FormData, field: str) -> str | None:
    value = form.get(field)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise _wrong(field, "must be text, not a file")
    found = fault(value)
    if found is not None or len(value) > _MAX_FIELD:
        raise _wrong(field, found or f"longer than {_MAX_FIELD} characters")
    return value


def parse_map(text: str) -> dict[str, str]:
    """Return `text=headline,label=tone` as {"text": "headline", "label": "tone"}.

    Raises:
        InvalidInput: it is written otherwise.
    """
    columns = {}
    for part in text.split(","):
        ours, equals, theirs = part.partition("=")
        if not (ours.strip() and equals and theirs.strip()):
            raise _wrong(
                "map", f"{part[:80]!r} is not of the form ours=theirs", "Write `text=headline,label=tone`."
            )
        columns[ours.strip()] = theirs.strip()
    return columns


async def read_form(request: Request) -> UploadForm:
    """Read the whole form; the caller closes `form`.

    Raises:
        InvalidInput: no file, or a field that is not what it should be.
        PayloadTooLarge, RequestTimeout: the layer below cut the upload.
    """
    form = await request.form(max_files=1, max_fields=8, max_part_size=64 * 2**10)
    try:
        return _understood(form)
    except BaseException:
        await form.close()
        raise


def _understood(form: FormData) -> UploadForm:
    upload = form.get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        raise _wrong("file", "missing", "Send multipart/form-data with a file, as `curl -F file=@data.csv`.")
    filename = PurePath(upload.filename.replace("\\", "/")).name
    name = _text(form, "name") or PurePath(filename).stem
    if fault(name) or not _NAME.match(name):
        raise _wrong(
            "name", "must be 1 to 100 letters, digits, blanks, '.', '-' or '_'", "Send a field `name`."
        )
    mapping = _text(form, "map")
    separator = _text(form, "label_separator")
    if separator is not None and len(separator) > 5:
        raise _wrong("label_separator", "longer than 5 characters")
    return UploadForm(form, upload.file, filename, name, parse_map(mapping) if mapping else {}, separator)
