"""Refuses what a route's query cannot say: a filter that is misspelt would be left out, and all be shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from api.auth import BearerAccess
from core.errors import FieldError, InvalidInput

_ROOT = "/v1/"
_ONE, _MANY, _ANY = "one", "many", "any"
_OF_SCHEMA = {"array": _MANY, "object": _ANY}


def declared_only(access: BearerAccess) -> Callable[[Request], Awaitable[None]]:
    """Return a dependency of all routes: a query holds what the route declares, each name once.

    A list may come more than once. A route that reads its query by itself declares it in `openapi_extra`;
    with a parameter that is an object it takes any name.

    Raises (when a request comes in):
        InvalidInput: a parameter that the route does not have, or one too many; with a pointer to each.
        Unauthenticated: the same, from somebody without a valid key.
    """

    async def check(request: Request) -> None:
        route = request.scope.get("route")
        if not request.url.query or not request.url.path.startswith(_ROOT) or not isinstance(route, APIRoute):
            return
        declared = _declared(route)
        if _ANY in declared.values():
            return
        faults = list(_faults(request, declared))
        if faults:
            await access.check(request.scope)
            listed = "; ".join(f"{fault.pointer} {fault.detail}" for fault in faults[:5])
            takes = f"takes {', '.join(declared)}" if declared else "takes none"
            raise InvalidInput(
                f"The query cannot be read: {listed}.", remedy=f"This route {takes}.", errors=faults
            )

    return check


def _faults(request: Request, declared: Mapping[str, str]) -> Iterator[FieldError]:
    query = request.query_params
    for name in query:
        pointer = f"query:{name[:80]}"
        if name not in declared:
            yield FieldError(pointer, "is unknown here")
        elif len(query.getlist(name)) > 1 and declared[name] == _ONE:
            yield FieldError(pointer, "is given more than once")


def _declared(route: APIRoute) -> dict[str, str]:
    """Return the names of the query, and of each whether it may come once or more often."""
    # Not out of the OpenAPI page, which takes seconds to make.
    found: dict[str, str] = {}
    for name, field in _fields(route.dependant):
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            found |= {one.alias or each: _often(one) for each, one in model.model_fields.items()}
            found |= {name: _ANY} if model.model_config.get("extra") == "allow" else {}
        else:
            found[name] = _often(field)
    for extra in (route.openapi_extra or {}).get("parameters", ()):
        if extra["in"] == "query":
            found[extra["name"]] = _OF_SCHEMA.get(extra.get("schema", {}).get("type"), _ONE)
    return found


def _fields(dependant: Dependant) -> Iterator[tuple[str, FieldInfo]]:
    yield from ((field.alias, field.field_info) for field in dependant.query_params)
    for each in dependant.dependencies:
        yield from _fields(each)


def _often(field: FieldInfo) -> str:
    return _MANY if _is_list(field.annotation) else _ONE


def _is_list(annotation: Any) -> bool:
    """Return whether a type is a list or set, or one of its alternatives is."""
    return get_origin(annotation) in (list, set, frozenset, tuple) or any(map(_is_list, get_args(annotation)))
