"""Every answer that is no success is problem+json (RFC 9457), from us, the framework and the router alike."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from api.jsonbody import escape
from core.errors import (
    ColonnadeError,
    FieldError,
    InvalidInput,
    MethodNotAllowed,
    StorageFull,
    Unauthenticated,
)

MEDIA_TYPE = "application/problem+json"
_MOST_FAULTS = 50
_FULL = (errno.ENOSPC, errno.EDQUOT)
_AS_OPENAI = frozenset({"/v1/chat/completions", "/v1/embeddings"})
"""Paths that OpenAI's clients call: they show people the `message` of a member `error` and nothing else."""


def request_id_of(scope: Scope) -> str:
    """Return the id that `RequestContext` gave to the request; empty outside of one."""
    return str(scope.get("state", {}).get("request_id", ""))


def _body(
    scope: Scope, status: int, slug: str, title: str, detail: str, errors: Sequence[FieldError] = ()
) -> bytes:
    problem: dict[str, Any] = {
        "type": f"urn:colonnade:problem:{slug}",
        "title": title,
        "status": status,
        "detail": detail,
        "request_id": request_id_of(scope),
    }
    if errors:
        problem["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in errors[:_MOST_FAULTS]]
    if scope.get("path") in _AS_OPENAI:
        param = errors[0].pointer if errors else None
        problem["error"] = {"message": detail, "type": slug, "code": slug, "param": param}
    return json.dumps(problem, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _headers(error: ColonnadeError) -> dict[str, str]:
    headers = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="colonnade"'
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return headers


def problem(scope: Scope, error: ColonnadeError) -> Response:
    """Return the answer to a request that met one of our errors.

    A 5xx that is nobody's doing but ours keeps its detail for the log: it may name paths and statements.
    """
    if error.status == 500:
        return unexpected(scope)
    detail = f"{error.detail} {error.remedy}".strip()
    body = _body(scope, error.status, error.slug, error.title, detail, error.errors)
    return Response(body, error.status, _headers(error), MEDIA_TYPE)


def unexpected(scope: Scope) -> Response:
    """Return a 500 that says where to look and nothing of the inside."""
    detail = "Something went wrong on our side. Quote the request_id when you ask about it."
    body = _body(scope, 500, ColonnadeError.slug, ColonnadeError.title, detail)
    return Response(body, 500, media_type=MEDIA_TYPE)


def known_trouble(error: BaseException) -> ColonnadeError | None:
    """Return the Colonnade error that a foreign exception stands for, if it does."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return StorageFull(
            "No room is left to store this; nothing was changed.", remedy="Free some disk space."
        )
    return None


def http_problem(
    scope: Scope, status: int, detail: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer for a bare status, such as the router's 404 and 405."""
    title = HTTPStatus(status).phrase
    slug = title.lower().replace(" ", "-").replace("'", "")
    body = _body(scope, status, slug, title, detail or HTTPStatus(status).description or title)
    return Response(body, status, dict(headers or {}), MEDIA_TYPE)


def pointer_of(location: Sequence[str | int]) -> str:
    """Return where a fault is: a JSON pointer into the body, or `query:limit`, `path:job_id`, `header:…`."""
    place, *rest = location
    if place == "body":
        return "".join(f"/{escape(str(step))}" for step in rest)
    return f"{place}:{'.'.join(str(step) for step in rest)}"


def _said(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "timezone_aware":
        return "a time is written with its zone, such as 2026-11-20T09:31:00+08:00"
    return str(fault["msg"]).removeprefix("Value error, ")


def _faults(error: RequestValidationError) -> list[FieldError]:
    # Neither `input` nor `ctx` is passed on: they echo what was sent.
    return [FieldError(pointer_of(fault["loc"]), _said(fault)) for fault in error.errors()[:_MOST_FAULTS]]


def _is_other_than_json(request: Request, error: RequestValidationError) -> bool:
    """Return whether a body is refused whole because its Content-Type says that it is no JSON."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    whole = any(fault["loc"] == ("body",) and fault["type"] != "missing" for fault in error.errors())
    return whole and sent != "application/json" and not sent.endswith("+json")


async def _on_colonnade_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ColonnadeError)
    if error.status == 500:
        raise error  # RequestContext logs it with its traceback
    return problem(request.scope, error)


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if _is_other_than_json(request, error):
        sent = request.headers.get("content-type", "")[:80]
        wrong = InvalidInput(
            f"The body was sent as {sent!r}." if sent else "The body was sent without a Content-Type.",
            remedy="Send JSON, with the header Content-Type: application/json.",
        )
        return problem(request.scope, wrong)
    faults = _faults(error)
    where = faults[0].pointer or "the body" if faults else "the request"
    wrong = InvalidInput(
        f"The request is not valid at {where}: {faults[0].detail}." if faults else "", errors=faults
    )
    return problem(request.scope, wrong)


def _not_allowed(scope: Scope, allowed: str) -> Response:
    takes = f"; {allowed} is" if allowed else ""
    wrong = MethodNotAllowed(f"{scope['method']} is not taken here{takes}.", remedy="See /docs.")
    answer = problem(scope, wrong)
    if allowed:
        answer.headers["Allow"] = allowed
    return answer


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return _not_allowed(request.scope, (error.headers or {}).get("Allow", ""))
    detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
    if error.status_code == 404 and not detail:
        detail = "There is no such route. See /docs."
    return http_problem(request.scope, error.status_code, detail, error.headers)


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(ColonnadeError, _on_colonnade_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)
