"""Items of a shop: what is sent, and what became of each row."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from core.text.types import SafeText
from verticals.recommend.schemas.closed import MAX_CHARS, MAX_ROWS, Closed, ItemId, Name

_Lang = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
_Title = Annotated[SafeText, Field(min_length=1, max_length=1000)]
_Text = Annotated[SafeText, Field(max_length=MAX_CHARS)]
Value = Annotated[SafeText, Field(max_length=1000)] | bool | float | list[Name]
"""Of an attribute; a list where an item has several."""


class ItemBody(Closed):
    """An item without its id; what is left out is empty: a PUT replaces the whole item."""

    title: Annotated[
        _Title | Annotated[dict[_Lang, _Title], Field(min_length=1, max_length=20)],
        Field(description="One text, or one by language.", examples=[{"en": "Tea pot", "zh": "茶壶"}]),
    ]
    description: Annotated[
        _Text | Annotated[dict[_Lang, _Text], Field(max_length=20)] | None,
        Field(description="One text, or one by language."),
    ] = None
    category: Name | None = None
    price: Annotated[float | None, Field(ge=0, le=1e12)] = None
    currency: Annotated[str | None, Field(pattern=r"^[A-Z]{3}$")] = None
    stock: Annotated[
        int | None, Field(ge=0, le=10**9, description="0: sold out; null: stock is not counted.")
    ] = None
    hidden: Annotated[bool, Field(description="Kept, and shown to nobody.")] = False
    variant_of: Annotated[
        ItemId | None, Field(description="Item or group of which this is a size or colour.")
    ] = None
    repurchase_days: Annotated[
        int | None, Field(ge=1, le=3650, description="A consumable: may come back so long after a purchase.")
    ] = None
    attributes: Annotated[dict[Name, Value], Field(max_length=50)] = Field(default_factory=dict)


class ItemIn(ItemBody):
    """An item."""

    id: ItemId


class ItemsIn(Closed):
    """A batch; each row is judged by itself, so that a bad one does not hold up the others."""

    items: Annotated[
        list[dict[str, Any]],
        Field(min_length=1, max_length=MAX_ROWS, json_schema_extra={"items": ItemIn.model_json_schema()}),
    ]


class ItemRow(Closed):
    """What became of one row."""

    index: int
    item_id: str | None
    status: Literal["created", "updated", "unchanged", "rejected"]
    reason: str | None = None
    pointer: Annotated[str | None, Field(description="Where in the request the fault is.")] = None


class ItemsOut(Closed):
    """What became of each row, in their order."""

    created: int
    updated: int
    unchanged: int
    rejected: int
    data: list[ItemRow]


class ItemOut(ItemBody):
    """An item as it stands."""

    id: str
    created_at: AwareDatetime
    updated_at: AwareDatetime
