"""What the SEC answers: the JSON of a company's submissions and the Atom of current filings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from typing import Any
from xml.etree.ElementTree import Element, ParseError
from zoneinfo import ZoneInfo

from core.errors import InvalidInput
from core.records import Refused

NEW_YORK = ZoneInfo("America/New_York")
# EDGAR accepts filings on business days from 6 a.m. to 10 p.m. Eastern.
_OPENS, _CLOSES = time(6), time(22, 1)
_ATOM = "{http://www.w3.org/2005/Atom}"
_ACCESSION = re.compile(r"\d{10}-\d{2}-\d{6}")
_TITLE = re.compile(r"^(?P<form>.+?) - (?P<name>.*) \((?P<cik>\d{1,10})\) \((?P<role>[^()]*)\)$")
_ITEM = re.compile(r"Item\s+\d+\.\d+[^<\n]*")
_FILED = re.compile(r"Filed:\s*(?:</b>)?\s*(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, slots=True)
class Filing:
    """One submission, with all who take part in it.

    Attributes:
        accession: E.g. 0000320193-24-000123: its id at the SEC.
        form: E.g. 8-K.
        companies: Name, CIK and role of each.
        accepted: When EDGAR took it.
        filed: The day it counts as filed, as told.
        url: Of its index page or main document.
        description: What it says about itself.
        items: Of an 8-K, e.g. `Item 2.02: Results of Operations and Financial Condition`.
    """

    accession: str
    form: str
    companies: tuple[Mapping[str, str], ...]
    accepted: datetime
    filed: str = ""
    url: str = ""
    description: str = ""
    items: tuple[str, ...] = field(default=())


def current(body: bytes) -> list[Filing | Refused]:
    """Return the filings of the current-filings feed; one entry a company becomes one filing.

    Raises:
        InvalidInput: it is not that feed.
    """
    found: dict[str, Filing] = {}
    odd: list[Filing | Refused] = []
    for entry in _root(body).iterfind(f"{_ATOM}entry"):
        try:
            filing = _entry(entry)
        except InvalidInput as error:
            text = " ".join("".join(entry.itertext()).split())
            odd.append(Refused(f"edgar:{entry.findtext(f'{_ATOM}id') or ''}", error.detail, text[:2_000]))
        else:
            found[filing.accession] = joined(found.get(filing.accession), filing)
    return odd + list(found.values())


def joined(before: Filing | None, filing: Filing) -> Filing:
    """Return a filing with the companies of both its entries."""
    if before is None:
        return filing
    others = tuple(company for company in filing.companies if company not in before.companies)
    return replace(before, companies=before.companies + others)


def _root(body: bytes) -> Element:
    from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
    from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise _strange(f"current filings do not parse as Atom ({type(error).__name__})") from error
    if root.tag != f"{_ATOM}feed":
        raise _strange("current filings are no Atom feed")
    return root


def _entry(entry: Element) -> Filing:
    told = {name: (entry.findtext(f"{_ATOM}{name}") or "").strip() for name in ("id", "title", "updated")}
    accession, title = _ACCESSION.search(told["id"]), _TITLE.match(told["title"])
    category, link = entry.find(f"{_ATOM}category"), entry.find(f"{_ATOM}link")
    form = category.get("term", "") if category is not None else title["form"] if title else ""
    if accession is None or not form:
        raise _strange(f"the entry {told['title'][:80]!r} has no accession number or form")
    summary = entry.findtext(f"{_ATOM}summary") or ""
    filed = _FILED.search(summary)
    company = {key: title[key] for key in ("name", "cik", "role")} if title else {"name": told["title"]}
    return Filing(
        accession[0],
        form,
        ({**company, "cik": company.get("cik", "").zfill(10)} if title else company,),
        _with_zone(told["updated"]),
        filed[1] if filed else "",
        link.get("href", "") if link is not None else "",
        "",
        tuple(item.strip() for item in _ITEM.findall(summary)),
    )


def _with_zone(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise _strange(f"{text[:40]!r} is no time") from error
    return at if at.tzinfo else at.replace(tzinfo=NEW_YORK)


def submissions(body: bytes, archives: str) -> list[Filing]:
    """Return the recent filings of a company.

    Args:
        body: The JSON.
        archives: Where documents are, e.g. `https://www.sec.gov/Archives/edgar/data`.

    Raises:
        InvalidInput: it has not the documented shape.
    """
    try:
        told = json.loads(body)
        company = {"name": str(told["name"]), "cik": str(told["cik"]).zfill(10), "role": "Filer"}
        rows = list(_rows(told["filings"]["recent"]))
        times = accepted([row["acceptanceDateTime"] for row in rows])
        return [_row(row, at, company, archives) for row, at in zip(rows, times, strict=True)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _strange(f"submissions have another shape ({type(error).__name__}: {error})") from error


def _rows(columns: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    names = list(columns)
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(names, values, strict=True))


def _row(row: Mapping[str, Any], at: datetime, company: Mapping[str, str], archives: str) -> Filing:
    accession = str(row["accessionNumber"])
    if not _ACCESSION.fullmatch(accession):
        raise ValueError(f"{accession[:40]!r} is no accession number")
    folder = f"{archives}/{int(company['cik'])}/{accession.replace('-', '')}"
    items = tuple(f"Item {item.strip()}" for item in str(row.get("items") or "").split(",") if item.strip())
    return Filing(
        accession,
        str(row["form"]),
        (company,),
        at,
        str(row.get("filingDate") or ""),
        f"{folder}/{row.get('primaryDocument') or f'{accession}-index.htm'}",
        str(row.get("primaryDocDescription") or ""),
        items,
    )


def accepted(texts: Sequence[str]) -> list[datetime]:
    """Return the moments that the acceptance times of one filer tell.

    All of them end in Z, but of some filers the SEC writes New York's clock so and of others UTC, one way for
    all filings of a filer. EDGAR takes nothing at night, so times that would be at night in one reading tell
    the other; where none does, UTC stands.
    """
    clocks = [datetime.fromisoformat(text).replace(tzinfo=None) for text in texts]
    as_utc = [clock.replace(tzinfo=UTC) for clock in clocks]
    as_local = [clock.replace(tzinfo=NEW_YORK) for clock in clocks]
    return as_local if sum(map(_at_night, as_local)) < sum(map(_at_night, as_utc)) else as_utc


def _at_night(at: datetime) -> bool:
    return not _OPENS <= at.astimezone(NEW_YORK).time() <= _CLOSES


def _strange(what: str) -> InvalidInput:
    return InvalidInput(
        f"EDGAR: {what}.", remedy="Check the base address; the SEC may have changed its format."
    )
