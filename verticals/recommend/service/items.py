"""The use case: put items in, take them out, read them; seen by the next call of every process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound, PayloadTooLarge
from core.ports import Clock, Encoder, Progress
from core.settings import Settings
from core.storage import audit
from core.storage.engine import Storage
from core.storage.outbox import emit
from core.text.mask import mask
from core.text.normalise import for_model
from verticals.recommend.tables import RecommendItem, RecommendState

Outcome = Literal["created", "updated", "unchanged"]
_ROUNDS = 5
_BATCH = 64


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item as it stood when it was read; `body` as `schemas.items.ItemBody`."""

    id: str
    body: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class _Made:
    """A vector, and what it was made of."""

    reading: str
    vector: bytes
    encoder: str


class Items:
    """A tenant's items.

    Args:
        storage: Where they are kept.
        encoder: Makes their vectors; asked only where what it reads has changed.
        clock: Tells when they came.
        settings: For the cap on a text.
    """

    def __init__(self, storage: Storage, encoder: Encoder, clock: Clock, settings: Settings) -> None:
        self._storage = storage
        self._encoder = encoder
        self._clock = clock
        self._settings = settings

    def put(self, tenant: str, items: Mapping[str, Mapping[str, Any]], *, actor: str) -> dict[str, Outcome]:
        """Store items whole, all in one transaction; vectors are made before, outside of it.

        Args:
            tenant: Whose items.
            items: By id a body as `ItemBody` dumps it.
            actor: Who sent them, for the audit.

        Returns:
            What became of each.

        Raises:
            PayloadTooLarge: a text is over COLONNADE_MAX_TEXT_CHARS.
            Unavailable: the encoder cannot be loaded; nothing was stored.
        """
        readings = {item_id: self._reading(item_id, body) for item_id, body in items.items()}
        made = self._vectors(self._changed(tenant, readings))

        def step(session: Session) -> dict[str, Outcome]:
            done = {
                item_id: self._store(
                    session, tenant, item_id, dict(body), readings[item_id], made.get(item_id)
                )
                for item_id, body in items.items()
            }
            fresh = [item_id for item_id, outcome in done.items() if outcome != "unchanged"]
            if fresh:
                _mark(session, tenant, fresh)
                emit(session, "recommend.items.changed", {"items": len(fresh)})
                audit.record(
                    session, actor=actor, action="recommend.items.put", subject=f"{len(fresh)} items"
                )
            return done

        done = self._storage.write(tenant, step)
        if any(outcome != "unchanged" for outcome in done.values()):
            self.complete(tenant, list(items))
        return done

    def get(self, tenant: str, item_id: str) -> ItemView:
        """Return one item.

        Raises:
            NotFound: this tenant has no such item, or deleted it.
        """
        with self._storage.read(tenant) as session:
            row = session.get(RecommendItem, (tenant, item_id))
            if row is None or row.deleted_at is not None:
                raise _unknown(item_id)
            return ItemView(row.id, dict(row.body), row.created_at, row.updated_at)

    def delete(self, tenant: str, item_id: str, *, actor: str) -> None:
        """Take an item out; its id and date stay, so that an event or a question about it makes sense.

        Raises:
            NotFound: this tenant has no such item, or deleted it already.
        """

        def step(session: Session) -> None:
            row = session.get(RecommendItem, (tenant, item_id))
            if row is None or row.deleted_at is not None:
                raise _unknown(item_id)
            row.body, row.reading, row.vector, row.encoder = {}, "", None, None
            row.deleted_at = row.updated_at = self._clock.now()
            _mark(session, tenant, [item_id])
            emit(session, "recommend.item.deleted", {"item_id": item_id})
            audit.record(session, actor=actor, action="recommend.item.deleted", subject=item_id)

        self._storage.write(tenant, step)

    def complete(
        self, tenant: str, only: Sequence[str] | None = None, progress: Progress | None = None
    ) -> int:
        """Make the vectors that are missing or of another encoder than the present one; return how many.

        Without `only` all items are looked at: after a change of COLONNADE_ENCODER a fit does so.
        """
        current = self._encoder.fingerprint if only is None else None
        total = 0
        for _ in range(_ROUNDS if only is not None else 10_000):
            missing = self._missing(tenant, only, current)
            if not missing:
                break
            made = self._vectors(missing)
            self._storage.write(tenant, lambda session, made=made: _fill(session, tenant, made))  # type: ignore[misc]
            total += len(missing)
            if progress is not None:
                progress(0.2 * total / (total + _BATCH), f"{total} items encoded")
        return total

    def _missing(self, tenant: str, only: Sequence[str] | None, current: str | None) -> dict[str, str]:
        query = select(RecommendItem.id, RecommendItem.reading).where(
            RecommendItem.tenant_id == tenant, RecommendItem.deleted_at.is_(None), RecommendItem.reading != ""
        )
        if only is not None:
            query = query.where(RecommendItem.vector.is_(None), RecommendItem.id.in_(only[:_BATCH]))
        else:
            query = query.where((RecommendItem.encoder.is_(None)) | (RecommendItem.encoder != current))
        with self._storage.read(tenant) as session:
            return {item: reading for item, reading in session.execute(query.limit(_BATCH))}

    def _reading(self, item_id: str, body: Mapping[str, Any]) -> str:
        parts = [*_texts(body.get("title")), body.get("category") or "", *_texts(body.get("description"))]
        text = "\n".join(part for part in parts if part)
        if len(text) > self._settings.max_text_chars:
            raise PayloadTooLarge(
                f"The texts of item {item_id} are longer than {self._settings.max_text_chars} code points.",
                remedy="Send a summary.",
            )
        return mask(for_model(text))

    def _changed(self, tenant: str, readings: Mapping[str, str]) -> dict[str, str]:
        """Return what has no vector of its present text yet; a change of stock needs none."""
        known: dict[str, str] = {}
        ids = list(readings)
        with self._storage.read(tenant) as session:
            for start in range(0, len(ids), 500):
                query = select(RecommendItem.id, RecommendItem.reading).where(
                    RecommendItem.tenant_id == tenant,
                    RecommendItem.id.in_(ids[start : start + 500]),
                    RecommendItem.vector.is_not(None),
                )
                known |= {item: reading for item, reading in session.execute(query)}
        return {item: text for item, text in readings.items() if text and known.get(item) != text}

    def _vectors(self, readings: Mapping[str, str]) -> dict[str, _Made]:
        if not readings:
            return {}
        rows = self._encoder.encode(list(readings.values()), role="passage").astype(np.float16)
        print_ = self._encoder.fingerprint
        pairs = zip(readings.items(), rows, strict=True)
        return {item: _Made(text, row.tobytes(), print_) for (item, text), row in pairs}

    def _store(
        self,
        session: Session,
        tenant: str,
        item_id: str,
        body: dict[str, Any],
        reading: str,
        made: _Made | None,
    ) -> Outcome:
        now = self._clock.now()
        row = session.get(RecommendItem, (tenant, item_id))
        if row is None:
            row = RecommendItem(id=item_id, body=body, reading=reading, generation=0)
            row.created_at = row.updated_at = now
            session.add(row)
            outcome: Outcome = "created"
        elif row.deleted_at is None and row.body == body and row.reading == reading:
            return "unchanged"
        else:
            outcome = "created" if row.deleted_at is not None else "updated"
            row.created_at = now if row.deleted_at is not None else row.created_at
            row.updated_at, row.deleted_at = now, None
        if row.reading != reading or row.vector is None:
            row.vector, row.encoder = (made.vector, made.encoder) if made is not None else (None, None)
        row.body, row.reading = body, reading
        return outcome


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [str(value[key]) for key in sorted(value)]
    return [str(value)] if value else []


def _fill(session: Session, tenant: str, made: Mapping[str, _Made]) -> None:
    filled = []
    for item_id, each in made.items():
        row = session.get(RecommendItem, (tenant, item_id))
        if row is not None and row.deleted_at is None and row.reading == each.reading:
            row.vector, row.encoder = each.vector, each.encoder
            filled.append(item_id)
    if filled:
        _mark(session, tenant, filled)


def _mark(session: Session, tenant: str, ids: Sequence[str]) -> None:
    """Raise the generation and give it to the items that changed."""
    state = state_of(session, tenant)
    state.generation += 1
    for item_id in ids:
        row = session.get(RecommendItem, (tenant, item_id))
        if row is not None:
            row.generation = state.generation
    session.flush()


def state_of(session: Session, tenant: str) -> RecommendState:
    """Return the tenant's row of counters, made where there is none; only inside storage.write."""
    state = session.get(RecommendState, tenant)
    if state is None:
        state = RecommendState(tenant_id=tenant, generation=0, events=0)
        session.add(state)
        session.flush()
    return state


def _unknown(item_id: str) -> NotFound:
    return NotFound(f"There is no item {item_id!r}.", remedy="Send it with POST /v1/recommend/items.")
