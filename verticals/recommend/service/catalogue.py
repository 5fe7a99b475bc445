"""A tenant's items in memory: read once, then caught up by generation inside each call's own snapshot."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.ranking.neighbours import TextNeighbours
from verticals.recommend.policy.rules import Item
from verticals.recommend.policy.variants import group
from verticals.recommend.tables import RecommendItem, RecommendState

Floats = NDArray[np.float32]
_TENANTS = 64
_NO_TEXT = TextNeighbours((), np.zeros((0, 1), np.float32))


@dataclass(frozen=True, slots=True)
class Vector:
    """An item's vector and the encoder that made it."""

    encoder: str
    values: bytes


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All items of one generation, deleted ones included; never changed.

    Attributes:
        newest: Ids of what is not deleted, the newest first.
        text: Vectors of one encoder: the one that made most of them.
        encoder: Its fingerprint.
    """

    generation: int
    items: Mapping[str, Item]
    vectors: Mapping[str, Vector]
    newest: tuple[str, ...]
    text: TextNeighbours
    encoder: str | None

    def rows(self, ids: Sequence[str]) -> Floats:
        """Return (ids, dimension) unit vectors, float32; zeros where an item has none."""
        place = {item: index for index, item in enumerate(self.text.items)} if len(ids) > 200 else None
        out = np.zeros((len(ids), self.text.vectors.shape[1]), np.float32)
        for row, item in zip(out, ids, strict=True):
            vector = self.vectors.get(item)
            if place is not None and item in place:
                row[:] = self.text.vectors[place[item]]
            elif vector is not None and vector.encoder == self.encoder:
                row[:] = unit(vector.values)
        return out


EMPTY = Catalogue(0, {}, {}, (), _NO_TEXT, None)


def unit(values: bytes) -> Floats:
    """Return a stored float16 vector as float32 of length 1."""
    row = np.frombuffer(values, np.float16).astype(np.float32)
    return np.asarray(row / (np.linalg.norm(row) or 1.0), np.float32)


class Catalogues:
    """The catalogues of the tenants that were served last."""

    def __init__(self, tenants: int = _TENANTS) -> None:
        self._tenants = tenants
        self._known: OrderedDict[str, Catalogue] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, session: Session, tenant: str) -> Catalogue:
        """Return the catalogue as this snapshot has it, whoever changed it and in whatever process."""
        state = session.get(RecommendState, tenant)
        generation = state.generation if state is not None else 0
        with self._lock:
            known = self._known.get(tenant, EMPTY)
        if known.generation == generation:
            return known
        # A snapshot may be older than what another call has cached already: then it is read whole.
        start = known if known.generation < generation else EMPTY
        found = _caught_up(session, start, generation)
        with self._lock:
            latest = self._known.get(tenant, EMPTY)
            if found.generation > latest.generation:
                self._known[tenant] = found
                self._known.move_to_end(tenant)
            while len(self._known) > self._tenants:
                self._known.popitem(last=False)
        return found

    def drop(self, tenant: str) -> None:
        """Forget a tenant's items."""
        with self._lock:
            self._known.pop(tenant, None)


def _caught_up(session: Session, known: Catalogue, generation: int) -> Catalogue:
    rows = session.scalars(select(RecommendItem).where(RecommendItem.generation > known.generation)).all()
    items, vectors = dict(known.items), dict(known.vectors)
    same_vectors = True
    for row in rows:
        items[row.id] = as_item(row)
        vector = Vector(row.encoder, row.vector) if row.vector is not None and row.encoder else None
        same_vectors = same_vectors and vectors.get(row.id) == vector
        if vector is None:
            vectors.pop(row.id, None)
        else:
            vectors[row.id] = vector
    newest = tuple(sorted((i for i in items if not items[i].deleted), key=lambda i: (_born(items[i]), i)))[
        ::-1
    ]
    if same_vectors:
        return Catalogue(generation, items, vectors, newest, known.text, known.encoder)
    text, encoder = _neighbours(vectors)
    return Catalogue(generation, items, vectors, newest, text, encoder)


def _born(item: Item) -> float:
    return item.created_at.timestamp() if isinstance(item.created_at, datetime) else 0.0


def _neighbours(vectors: Mapping[str, Vector]) -> tuple[TextNeighbours, str | None]:
    if not vectors:
        return _NO_TEXT, None
    made_by = Counter(vector.encoder for vector in vectors.values())
    encoder = min(made_by, key=lambda name: (-made_by[name], name))
    ids = sorted(item for item, vector in vectors.items() if vector.encoder == encoder)
    return TextNeighbours(tuple(ids), np.stack([unit(vectors[item].values) for item in ids])), encoder


def as_item(row: RecommendItem) -> Item:
    """Return what the rules look at."""
    body = row.body
    title = body.get("title", row.id)
    return Item(
        id=row.id,
        title=title,
        category=body.get("category"),
        price=body.get("price"),
        stock=body.get("stock"),
        hidden=bool(body.get("hidden")),
        deleted=row.deleted_at is not None,
        repurchase_days=body.get("repurchase_days"),
        attributes=body.get("attributes") or {},
        group=group(row.id, title, body.get("variant_of")),
        created_at=row.created_at,
    )
