"""Uploading data sets, in versions."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from api.auth import BearerAccess
from api.bootstrap import Container
from api.dataset_form import UploadForm, read_form
from api.idempotency import key_of, once
from core.paging import Cursor, Limit, Page, after, page
from core.security.caller import Caller
from core.training.uploads import DatasetView, Shape

PATH = "/v1/datasets"

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "CSV, JSONL or Parquet.",
                        },
                        "name": {
                            "type": "string",
                            "description": "Default: the file's name without its ending.",
                        },
                        "map": {"type": "string", "description": "Columns: `text=headline,label=tone`."},
                        "label_separator": {
                            "type": "string",
                            "maxLength": 5,
                            "description": "Between several labels.",
                        },
                    },
                }
            }
        },
    }
}


class DatasetOut(BaseModel):
    """One version of a data set."""

    id: str
    name: str
    version: int
    sha256: str
    rows: int
    columns: list[str]
    created_at: datetime


def _shown(dataset: DatasetView) -> DatasetOut:
    return DatasetOut(
        id=dataset.id,
        name=dataset.name,
        version=dataset.version,
        sha256=dataset.sha256,
        rows=dataset.rows,
        columns=list(dataset.columns),
        created_at=dataset.created_at,
    )


def _check(form: UploadForm, path: Path, max_chars: int) -> Shape:
    """Load the file as training would: what is refused then is refused now.

    It is read as multi-label, which allows rows without a label; whether that suits is the task's to say.
    """
    from core.training.dataset import load
    from core.training.table import read_rows

    columns = read_rows(path).columns
    separator = form.label_separator or ";"
    loaded = load(path, kind="multi", mapping=form.columns, label_separator=separator, max_chars=max_chars)
    return Shape(rows=loaded.rows, columns=columns)


def _digest(form: UploadForm) -> str:
    """Return what makes two uploads the same: the raw bodies differ by their multipart boundaries."""
    whole = hashlib.sha256(repr((form.name, form.filename, form.columns, form.label_separator)).encode())
    while chunk := form.file.read(2**20):
        whole.update(chunk)
    form.file.seek(0)
    return whole.hexdigest()


def router(container: Container, access: BearerAccess) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix=PATH, tags=["datasets"])
    reader, writer = Depends(access.require("datasets:read")), Depends(access.require("datasets:write"))

    def keep(caller: Caller, form: UploadForm) -> DatasetOut:
        stored = container.uploads.store(
            caller.tenant,
            form.name,
            form.filename,
            form.file,
            lambda path: _check(form, path, container.settings.max_text_chars),
            actor=caller.key_id,
        )
        return _shown(stored)

    # The form is read by hand: declared as parameters, it would be read before the caller is known.
    @routes.post("", status_code=201, response_model=DatasetOut, openapi_extra=_FORM)
    async def upload(request: Request, caller: Caller = writer) -> Response:
        """Keep a file as the next version of a data set; sending the same bytes again changes nothing."""
        key = key_of(request.headers)
        form = await read_form(request)
        try:
            return await run_in_threadpool(
                once,
                container.idempotency,
                caller,
                PATH,
                key,
                lambda: _digest(form),
                lambda: (201, keep(caller, form).model_dump_json().encode()),
            )
        finally:
            await form.form.close()

    @routes.get("")
    def list_datasets(
        cursor: Cursor = None,
        limit: Limit = 50,
        name: Annotated[str | None, Query(max_length=200)] = None,
        caller: Caller = reader,
    ) -> Page[DatasetOut]:
        """List versions, newest first."""
        rows = container.uploads.list(caller.tenant, name=name, before=after(cursor), limit=limit + 1)
        return page(rows, limit, _shown, lambda row: str(row.id))

    @routes.get("/{dataset_id}")
    def get_dataset(dataset_id: str, caller: Caller = reader) -> DatasetOut:
        """Return one version."""
        return _shown(container.uploads.get(caller.tenant, dataset_id))

    return routes
