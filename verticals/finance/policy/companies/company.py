"""A company as the directory knows it, and how a row of a CSV file becomes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from core.errors import FieldError, InvalidInput

SEPARATOR = ";"
_LISTS = ("aliases", "aliases_zh", "ambiguous", "cues", "lookalikes")
LONGEST = 200
"""Code points of one cell's value; of a list, of each of its values."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A symbol at an exchange, and from when until when it is this company's, both days included."""

    symbol: str
    exchange: str
    since: date = date.min
    until: date = date.max


@dataclass(frozen=True, slots=True)
class Company:
    """One company or security.

    Attributes:
        id: Stable name of it, e.g. `apple`.
        name: Legal or usual name in English (or its own language).
        name_zh: In Chinese; empty where there is none.
        ticker: Symbol at its first exchange, e.g. AAPL, 600519, 0700; empty where it is not listed.
        exchange: Short name of that exchange, e.g. NASDAQ, SSE, HKEX.
        aliases: Other names, and further listings as SYMBOL@EXCHANGE, former ones as
            SYMBOL@EXCHANGE@FROM..UNTIL with days such as 2022-06-08, of which either may be left out.
        aliases_zh: Other names in Chinese.
        industry: One word.
        ambiguous: Those of its names and symbols that mean something else as well, as they are written then:
            `apple` is a fruit, but Apple inside a sentence is the company; `Ford` is a family as well.
        cues: Words beside which an ambiguous name is meant as this company.
        parent: Id of the company it belongs to.
        lookalikes: Phrases with one of its names that mean something else, as "amazon river"; a bare name
            among them is this company only beside one of its cues.
    """

    id: str
    name: str
    name_zh: str = ""
    ticker: str = ""
    exchange: str = ""
    aliases: tuple[str, ...] = ()
    aliases_zh: tuple[str, ...] = ()
    industry: str = ""
    ambiguous: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    parent: str = ""
    lookalikes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names that it is called by, symbols left out."""
        every = (self.name, self.name_zh, *self.aliases, *self.aliases_zh)
        return tuple(dict.fromkeys(name for name in every if name and "@" not in name))

    @property
    def listings(self) -> tuple[Listing, ...]:
        """Every listing, the first one first.

        Raises:
            ValueError: the dates of one are no dates.
        """
        own = [Listing(self.ticker, self.exchange)] if self.ticker else []
        return (*own, *(_listing(alias) for alias in self.aliases if "@" in alias))


def company(row: Mapping[str, str | None], place: int) -> Company:
    """Return a row of a CSV file as a company.

    Args:
        row: Column to cell; lists are joined by `;`.
        place: Number of the row, from 1, for the message.

    Raises:
        InvalidInput: it has no id or no name, or a value is too long.
    """
    cells = {name: (row.get(name) or "").strip() for name in Company.__dataclass_fields__}
    for needed in ("id", "name"):
        if not cells[needed]:
            raise _faulty(place, needed, "is empty")
    lists = {name: _split(cells.pop(name)) for name in _LISTS}
    for name, values in {**{key: (cell,) for key, cell in cells.items()}, **lists}.items():
        if any(len(value) > LONGEST for value in values):
            raise _faulty(place, name, f"is longer than {LONGEST} characters")
    return Company(**cells, **lists)  # type: ignore[arg-type]


def checked(given: Company, where: str) -> None:
    """Refuse a company whose listings have dates that are none.

    Args:
        given: The company.
        where: Its place in what came in, for the message.

    Raises:
        InvalidInput: the dates of a listing are no dates.
    """
    try:
        _ = given.listings
    except ValueError as error:
        raise InvalidInput(
            f"The company {given.id!r} has a listing with a wrong date: {error}.",
            remedy="Write SYMBOL@EXCHANGE@FROM..UNTIL, with days such as 2022-06-08 or nothing.",
            errors=[FieldError(f"{where}/aliases", "wrong date")],
        ) from error


def _listing(alias: str) -> Listing:
    symbol, exchange, days = [*alias.split("@", 2), ""][:3]
    since, _, until = days.partition("..")
    return Listing(
        symbol,
        exchange,
        date.fromisoformat(since) if since else date.min,
        date.fromisoformat(until) if until else date.max,
    )


def _split(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in cell.split(SEPARATOR) if part.strip()))


def _faulty(place: int, column: str, fault: str) -> InvalidInput:
    return InvalidInput(
        f"Row {place}, column {column!r} {fault}.",
        remedy="Columns: id, name, optional name_zh, ticker, exchange, aliases …; lists joined by `;`.",
        errors=[FieldError(f"/{place}/{column}", fault)],
    )
