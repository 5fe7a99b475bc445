"""The proof of the books: ledger, cells and a recount of documents and stories say the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.storage.engine import Storage
from verticals.finance.policy.counting import NOTHING, Amount, Cell, Place, cell_of, contributions
from verticals.finance.service.ledger import facts_of
from verticals.finance.tables import FinanceCell, FinanceDocument, FinanceLedger, FinanceStory

Cells = dict[Cell, Amount]
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Balance:
    """What was found; the books are right where nothing differs.

    Attributes:
        documents: How many were read and so counted.
        cells: How many cells hold something.
        ledger_differs: Cells that are not the sum of the ledger.
        recount_differs: Cells that are not what documents and stories say.
    """

    documents: int
    cells: int
    ledger_differs: tuple[Cell, ...]
    recount_differs: tuple[Cell, ...]

    @property
    def right(self) -> bool:
        """Whether all three agree."""
        return not self.ledger_differs and not self.recount_differs


def recount(storage: Storage, tenant: str) -> Balance:
    """Count everything again, on one snapshot."""
    with storage.read(tenant) as session:
        cells, ledger, counted = booked(session), summed(session), counted_again(session)
        read = select(func.count()).select_from(FinanceDocument).where(FinanceDocument.read_at.is_not(None))
        documents = session.scalar(read) or 0
    return Balance(documents, len(cells), _differing(cells, ledger), _differing(cells, counted))


def booked(session: Session) -> Cells:
    """Return the cells that hold something."""
    columns = [getattr(FinanceCell, name) for name in (*Cell._fields, "count", "negative", "reach")]
    rows = session.execute(select(*columns).execution_options(yield_per=_AT_ONCE))
    width = len(Cell._fields)
    return _sum((Cell(*row[:width]), Amount(*row[width:])) for row in rows)


def summed(session: Session) -> Cells:
    """Return the sum of the ledger."""
    columns = [getattr(FinanceLedger, name) for name in (*Place._fields, "count", "negative", "reach")]
    rows = session.execute(select(*columns).execution_options(yield_per=_AT_ONCE))
    width = len(Place._fields)
    return _sum((cell_of(Place(*row[:width])), Amount(*row[width:])) for row in rows)


def counted_again(session: Session) -> Cells:
    """Return what documents and stories say should be counted."""
    standing = select(FinanceStory.lead_id, FinanceStory.kind).where(
        FinanceStory.counted, FinanceStory.absorbed_into.is_(None)
    )
    leads = {row.lead_id: row.kind for row in session.execute(standing)}
    query = select(FinanceDocument).where(FinanceDocument.story_id.is_not(None))
    rows: Any = session.execute(query.execution_options(yield_per=_AT_ONCE)).scalars()
    return _sum(_all(rows, leads))


def _all(rows: Iterable[FinanceDocument], leads: dict[str, str]) -> Iterator[tuple[Cell, Amount]]:
    for row in rows:
        for place, amount in contributions(facts_of(row, leads.get(row.id))).items():
            yield cell_of(place), amount


def _sum(rows: Iterable[tuple[Cell, Amount]]) -> Cells:
    found: Cells = {}
    for cell, amount in rows:
        found[cell] = found.get(cell, NOTHING).plus(amount)
    return {cell: amount for cell, amount in found.items() if any(amount)}


def _differing(one: Cells, other: Cells) -> tuple[Cell, ...]:
    return tuple(sorted(cell for cell in {**one, **other} if one.get(cell) != other.get(cell)))
