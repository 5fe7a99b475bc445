"""Rows as they come, over REST or from a file: each is judged by itself, a bad one holds up no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from verticals.recommend.schemas.events import EventIn, EventRow, EventsOut
from verticals.recommend.schemas.items import ItemIn, ItemRow, ItemsOut
from verticals.recommend.service.recommend import Recommend

Model = TypeVar("Model", bound=BaseModel)


def take_items(service: Recommend, tenant: str, rows: Sequence[Mapping[str, Any]], *, actor: str) -> ItemsOut:
    """Store the items that are sound; of several with one id the last counts.

    Raises:
        Unavailable: the encoder cannot be loaded; nothing was stored.
    """
    read = [_read(ItemIn, row, f"/items/{index}") for index, row in enumerate(rows)]
    bodies = {
        each.id: each.model_dump(mode="json", exclude={"id"}) for each in read if isinstance(each, ItemIn)
    }
    long = {item: fault for item, body in bodies.items() if (fault := _too_long(service, body))}
    sound = {item: body for item, body in bodies.items() if item not in long}
    done = service.items.put(tenant, sound, actor=actor) if sound else {}
    said = []
    for index, (each, row) in enumerate(zip(read, rows, strict=True)):
        if not isinstance(each, ItemIn):
            reason, pointer = each
            said.append(_item_row(index, _shown(row, "id"), "rejected", reason, pointer))
        elif each.id in long:
            said.append(_item_row(index, each.id, "rejected", long[each.id], f"/items/{index}/description"))
        else:
            said.append(_item_row(index, each.id, done[each.id]))
    counts = {
        word: sum(row.status == word for row in said)
        for word in ("created", "updated", "unchanged", "rejected")
    }
    return ItemsOut(data=said, **counts)


def take_events(service: Recommend, tenant: str, rows: Sequence[Mapping[str, Any]]) -> EventsOut:
    """Store the events that are sound and new."""
    read = [_read(EventIn, row, f"/events/{index}") for index, row in enumerate(rows)]
    taken = iter(service.events.take(tenant, [each for each in read if isinstance(each, EventIn)]))
    said = []
    for index, (each, row) in enumerate(zip(read, rows, strict=True)):
        if isinstance(each, EventIn):
            became = next(taken)
            pointer = None if became.field is None else f"/events/{index}/{became.field}"
            said.append(
                EventRow(
                    index=index,
                    event_id=each.event_id,
                    status=became.status,
                    reason=became.reason,
                    pointer=pointer,
                )
            )
        else:
            reason, pointer = each
            event_id = _shown(row, "event_id")
            said.append(
                EventRow(index=index, event_id=event_id, status="rejected", reason=reason, pointer=pointer)
            )
    counts = {word: sum(row.status == word for row in said) for word in ("accepted", "duplicate", "rejected")}
    return EventsOut(data=said, **counts)


def _read(model: type[Model], row: Mapping[str, Any], place: str) -> Model | tuple[str, str]:
    try:
        return model.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        where = "/".join(str(step) for step in first["loc"][:1])
        return first["msg"], f"{place}/{where}" if where else place


def _too_long(service: Recommend, body: Mapping[str, Any]) -> str | None:
    cap = service.settings.max_text_chars
    values = [body.get("title"), body.get("description")]
    texts = [text for value in values for text in (value.values() if isinstance(value, Mapping) else [value])]
    size = sum(len(text) for text in texts if text)
    return f"its texts are {size} code points long; the cap is {cap}" if size > cap - 300 else None


def _shown(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) and len(value) <= 200 and value.isprintable() else None


def _item_row(
    index: int,
    item_id: str | None,
    status: Literal["created", "updated", "unchanged", "rejected"],
    reason: str | None = None,
    pointer: str | None = None,
) -> ItemRow:
    return ItemRow(index=index, item_id=item_id, status=status, reason=reason, pointer=pointer)
