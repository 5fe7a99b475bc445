"""The use case: companies of a tenant's own, and the directory that they and the shipped ones make."""

from __future__ import annotations

import csv
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from io import StringIO
from pathlib import Path
from threading import Lock

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import InvalidInput, NotFound
from core.storage.audit import record
from core.storage.engine import Storage
from core.storage.ids import new_id
from core.text.decode import encoding_of
from core.text.types import safe
from verticals.finance.policy.companies import Company, Directory, checked, company
from verticals.finance.recipe import DATA
from verticals.finance.tables import FinanceCompany

MAX_ROWS = 100_000
_KEPT = 64
"""Directories of tenants that are kept in memory."""


def read_companies(path: Path) -> list[Company]:
    """Read a CSV file of companies.

    Raises:
        NotFound: no such file.
        InvalidInput: it is no CSV, or a row has no id or name, or two rows have one id.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {path}.", remedy="Give a CSV file with the columns id and name.")
    raw = path.read_bytes()
    text = safe(raw.decode(encoding_of(raw), "replace").removeprefix("\ufeff"))
    rows = csv.DictReader(StringIO(text, newline=""), strict=True)
    try:
        found = [company(row, place) for place, row in enumerate(rows, 1)]
    except csv.Error as error:
        raise InvalidInput(
            f"{path.name} is no readable CSV: {error}.", remedy="Quote cells with commas."
        ) from error
    if not found:
        raise InvalidInput(f"{path.name} has no rows.", remedy="Give the columns id and name, and rows.")
    return found


@cache
def shipped() -> tuple[Company, ...]:
    """Return the companies that come along."""
    return tuple(read_companies(DATA / "companies.csv"))


@cache
def plain_directory() -> Directory:
    """Return the directory of the shipped companies."""
    return Directory.load(shipped())


class Companies:
    """The companies of tenants.

    Args:
        storage: Where they are kept.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._known: OrderedDict[str, tuple[tuple[int, str], Directory]] = OrderedDict()
        self._lock = Lock()

    def put(self, tenant: str, rows: Sequence[Company], *, actor: str) -> int:
        """Store companies, all of them or none; one of the same id is replaced.

        Args:
            tenant: Whose companies.
            rows: The companies; of several with one id the last one holds.
            actor: Who sent them, for the audit.

        Returns:
            How many were stored.

        Raises:
            InvalidInput: more than MAX_ROWS, or the dates of a listing are none.
        """
        if len(rows) > MAX_ROWS:
            raise InvalidInput(
                f"{len(rows):,} companies; at most {MAX_ROWS:,} at once.", remedy="Send parts."
            )
        for place, row in enumerate(rows, 1):
            checked(row, f"/{place}")
        distinct = {row.id: row for row in rows}
        revision = new_id()

        def write(session: Session) -> None:
            for each in distinct.values():
                facts = {key: value for key, value in asdict(each).items() if key not in ("id", "name")}
                session.merge(
                    FinanceCompany(
                        tenant_id=tenant, id=each.id, name=each.name, facts=facts, revision=revision
                    )
                )
            record(
                session,
                actor=actor,
                action="finance.companies.put",
                subject=revision,
                detail={"rows": len(distinct)},
            )

        self._storage.write(tenant, write)
        return len(distinct)

    def list(self, tenant: str, *, behind: str | None = None, limit: int | None = 50) -> list[Company]:
        """Return the tenant's own companies by id.

        Args:
            tenant: Whose companies.
            behind: Id of the last one of the page before.
            limit: At most so many; None: all.
        """
        query = select(FinanceCompany).order_by(FinanceCompany.id).limit(limit)
        if behind is not None:
            query = query.where(FinanceCompany.id > behind)
        with self._storage.read(tenant) as session:
            return [_company(row) for row in session.scalars(query)]

    def directory(self, tenant: str) -> Directory:
        """Return the shipped companies with the tenant's own over them; made again only when they changed."""
        state = self._state(tenant)
        if not state[0]:
            return plain_directory()
        with self._lock:
            kept = self._known.get(tenant)
            if kept is None or kept[0] != state:
                own = self.list(tenant, limit=None)
                kept = state, Directory.load([*shipped(), *own])
                self._known[tenant] = kept
            self._known.move_to_end(tenant)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
            return kept[1]

    def _state(self, tenant: str) -> tuple[int, str]:
        query = select(func.count(FinanceCompany.id), func.max(FinanceCompany.revision))
        with self._storage.read(tenant) as session:
            count, newest = session.execute(query).one()
            return int(count), newest or ""


def _company(row: FinanceCompany) -> Company:
    facts = {key: tuple(value) if isinstance(value, list) else value for key, value in row.facts.items()}
    return Company(id=row.id, name=row.name, **facts)  # type: ignore[arg-type]
