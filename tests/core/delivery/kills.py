"""Which tries a kill broke off: only they may leave a copy of a notice behind."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from core.delivery.queue import Deliveries
from core.delivery.tables import Delivery
from core.storage.engine import Storage

Try = tuple[str, int]
"""A delivery's id, and the number of the try."""


def broken_off(storage: Storage, tenant: str) -> set[Try]:
    """Return the tries that were begun and have no receipt; asked when every dispatcher is dead.

    A try that an earlier kill broke off is among them until its lease runs out: keep a set.
    """
    with storage.read(tenant) as session:
        rows = session.scalars(select(Delivery).where(Delivery.state == "sending"))
        return {(row.id, row.tries) for row in rows}


def check_copies(storage: Storage, tenant: str, hits: set[Try], arrived: Counter[str]) -> None:
    """Check that each notice was tried once, and once more for each kill that hit it: no more copies."""
    deliveries, kills = Deliveries(storage), Counter(id_ for id_, _ in hits)
    for id_ in arrived:
        outcomes = [one.outcome for one in deliveries.get(tenant, id_).receipts]
        assert outcomes == ["lost"] * kills[id_] + ["delivered"], id_
    copies = {id_: (many, kills[id_]) for id_, many in arrived.items() if many > 1 + kills[id_]}
    assert not copies, "a kill costs the notice that it hit one copy at most"
