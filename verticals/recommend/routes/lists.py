"""Routes that answer with items; what they say of a person may be kept by no cache."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from core.security.caller import Caller
from core.text.types import SafeText
from core.vertical import Access
from verticals.recommend.routes.items import READ, PathId
from verticals.recommend.schemas.closed import ItemId
from verticals.recommend.schemas.lists import (
    MAX_K,
    ExplainOut,
    FiltersIn,
    ListOut,
    RecommendIn,
    RecommendOut,
    RerankIn,
    RerankOut,
)
from verticals.recommend.service import Order, Recommend

_WhoQuery = Annotated[SafeText | None, Query(min_length=1, max_length=200)]
_KQuery = Annotated[int, Query(ge=1, le=MAX_K)]
_ShareQuery = Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)]


class _Private:
    """Forbids caches to keep an answer: who is asked about is in it, or the key is a shop's own."""

    def __call__(self, response: Response) -> None:
        response.headers["Cache-Control"] = "no-store, private"


def _filters(
    category: Annotated[list[SafeText] | None, Query(max_length=100)] = None,
    min_price: Annotated[float | None, Query(ge=0, allow_inf_nan=False)] = None,
    max_price: Annotated[float | None, Query(ge=0, allow_inf_nan=False)] = None,
) -> FiltersIn:
    wanted = [each[:200] for each in category or [] if each]
    return FiltersIn(category=wanted or None, min_price=min_price, max_price=max_price)


_Filters = Annotated[FiltersIn, Depends(_filters)]


def add_lists(routes: APIRouter, service: Recommend, access: Access) -> None:
    """Mount them."""
    reader = Depends(access.require(READ))
    private: list[Any] = [Depends(_Private())]
    _bodies(routes, service, reader, private)

    @routes.get("/items/{item_id}/similar", summary="Items that go with one", dependencies=private)
    def similar(
        item_id: PathId,
        filters: _Filters,
        k: _KQuery = 10,
        user_id: _WhoQuery = None,
        session_id: _WhoQuery = None,
        diversity: _ShareQuery = 0.0,
        caller: Caller = reader,
    ) -> ListOut:
        """Return what goes with an item; with a user nothing that this user bought."""
        order = Order(k, diversity)
        whose = {"user_id": user_id, "session_id": session_id}
        return service.lists.similar(caller.tenant, item_id, order, filters=filters, **whose)

    @routes.get("/trending", summary="What is taken more and more", dependencies=private)
    def trending(
        filters: _Filters,
        k: _KQuery = 10,
        user_id: _WhoQuery = None,
        session_id: _WhoQuery = None,
        diversity: _ShareQuery = 0.0,
        caller: Caller = reader,
    ) -> ListOut:
        """Return what is trending in event time; one user, or bot, weighs little."""
        order = Order(k, diversity)
        whose = {"user_id": user_id, "session_id": session_id}
        return service.lists.trending(caller.tenant, order, filters=filters, **whose)

    @routes.get("/explain", summary="Why, or why not", dependencies=private)
    def explain(
        item_id: Annotated[ItemId, Query()],
        filters: _Filters,
        user_id: _WhoQuery = None,
        session_id: _WhoQuery = None,
        k: _KQuery = 10,
        exclude: Annotated[list[SafeText] | None, Query(max_length=1000)] = None,
        caller: Caller = reader,
    ) -> ExplainOut:
        """Say what puts an item on a person's list, at which place, or the first rule that keeps it off."""
        whose = {"user_id": user_id, "session_id": session_id}
        return service.explain(caller.tenant, item_id, k, filters=filters, exclude=exclude or (), **whose)


def _bodies(routes: APIRouter, service: Recommend, reader: Any, private: list[Any]) -> None:
    @routes.post("/recommendations", summary="Items for a person", dependencies=private)
    def recommendations(body: RecommendIn, caller: Caller = reader) -> RecommendOut:
        """Return what a person might like next, with reasons; to a stranger what is trending, else new.

        Hard rules act after ranking, and the list is filled up to k; where that cannot be, it says why.
        """
        return service.lists.recommend(caller.tenant, body)

    @routes.post("/rerank", summary="A person's order of given items", dependencies=private)
    def rerank(body: RerankIn, caller: Caller = reader) -> RerankOut:
        """Put items that were found elsewhere into this person's order; rules take out what must not show."""
        return service.lists.rerank(caller.tenant, body)
