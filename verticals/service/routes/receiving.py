"""Reads a document's body: JSON, a multipart form with a file, or the bare bytes of a file."""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import PurePath
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from core.errors import FieldError, InvalidInput
from verticals.service.intake import Upload
from verticals.service.schemas.documents import DocumentIn, DocumentPut

Body = DocumentIn | DocumentPut
_TEXT_FIELDS = ("id", "title", "media_type")
_BINARY = {"schema": {"type": "string", "format": "binary"}}


_FILENAME = {
    "name": "filename",
    "in": "query",
    "schema": {"type": "string"},
    "description": "Name of a file that is sent as it is; its ending tells what it is.",
}


def body_schema(model: type[Body]) -> dict[str, Any]:
    """Return what OpenAPI says of the body."""
    file = {"type": "string", "format": "binary", "description": "PDF, HTML, Markdown, text or CSV."}
    texts = {name: {"type": "string"} for name in _TEXT_FIELDS if name in model.model_fields}
    meta = {"meta": {"type": "string", "description": "A JSON object of texts to filter by."}}
    form = {"type": "object", "required": ["file"], "properties": {"file": file, **texts, **meta}}
    content = {
        "application/json": {"schema": model.model_json_schema()},
        "multipart/form-data": {"schema": form},
        "application/pdf": _BINARY,
        "text/plain": _BINARY,
        "text/markdown": _BINARY,
        "text/html": _BINARY,
        "text/csv": _BINARY,
    }
    return {"requestBody": {"required": True, "content": content}, "parameters": [_FILENAME]}


async def receive(request: Request, model: type[Body], *, fallback_id: str) -> Upload:
    """Read and check a document.

    Args:
        request: Its caller is known already.
        model: What a JSON body looks like.
        fallback_id: The document's id where the body names none.

    Raises:
        RequestValidationError, InvalidInput: the body is wrong, with a pointer to where.
    """
    media_type = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if media_type == "application/json" or media_type.endswith("+json"):
        body = _checked(model, json.loads(await request.body() or b"null"))
        return _upload(body, fallback_id)
    if media_type == "multipart/form-data":
        async with request.form(max_files=1, max_fields=8, max_part_size=64 * 2**10) as form:
            return await _from_form(form, model, fallback_id)
    name = request.query_params.get("filename")
    body = _checked(model, {"text": "", "media_type": media_type, "filename": name or None})
    return Upload(fallback_id, await request.body(), name or fallback_id, media_type)


def _checked(model: type[Body], value: Any) -> Body:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from error


def _upload(body: Body, fallback_id: str) -> Upload:
    number = getattr(body, "id", None) or fallback_id
    if body.text is not None:
        # Text without a name is read as Markdown: its headings, where it has any, make better passages.
        named = body.filename or ("document.md" if body.media_type is None else "document")
        return Upload(number, body.text.encode(), named, body.media_type, body.title or number, body.meta)
    try:
        data = base64.b64decode(body.content_base64 or "", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput(
            "content_base64 is no base64.",
            remedy="Encode the file's bytes in standard base64 (RFC 4648), without line breaks.",
            errors=[FieldError("/content_base64", "no base64")],
        ) from None
    return Upload(number, data, body.filename or "document", body.media_type, body.title, body.meta)


async def _from_form(form: FormData, model: type[Body], fallback_id: str) -> Upload:
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise InvalidInput(
            "The form has no file.",
            remedy="Send multipart/form-data with a file, as `curl -F file=@returns.md`.",
            errors=[FieldError("/file", "missing")],
        )
    filename = PurePath((file.filename or "document").replace("\\", "/")).name[:200]
    said: dict[str, Any] = {name: form[name] for name in _TEXT_FIELDS if form.get(name)}
    said.setdefault("media_type", file.content_type)
    body = _checked(model, {"text": "", "filename": filename, "meta": _meta(form), **said})
    number = getattr(body, "id", None) or fallback_id
    return Upload(number, await file.read(), filename, body.media_type, body.title, body.meta)


def _meta(form: FormData) -> Any:
    given = form.get("meta")
    if not given:
        return {}
    try:
        return json.loads(given) if isinstance(given, str) else given
    except (ValueError, RecursionError):
        raise InvalidInput(
            "The field meta is no JSON object.", errors=[FieldError("/meta", "no JSON object")]
        ) from None
