"""/v1/finance/companies: the companies of a tenant's own, beside those that everybody knows."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Depends

from core.errors import FieldError, InvalidInput
from core.paging import Cursor, Limit, Page, after, page
from core.security.caller import Caller
from core.vertical import Access
from verticals.finance.routes.scopes import READ, WRITE
from verticals.finance.schemas.companies import CompaniesIn, CompaniesOut, CompanyIn, CompanyOut
from verticals.finance.service import Company, Finance


def mount(routes: APIRouter, service: Finance, access: Access) -> None:
    """Add the routes."""
    reader, writer = Depends(access.require(READ)), Depends(access.require(WRITE))

    @routes.put("/companies", summary="Add or replace companies")
    def put(body: CompaniesIn, caller: Caller = writer) -> CompaniesOut:
        """Store each company under its id; one of the same id is replaced, the shipped ones too."""
        rows = [_company(each) for each in body.companies]
        _check_once([row.id for row in rows])
        return CompaniesOut(stored=service.companies.put(caller.tenant, rows, actor=caller.key_id))

    @routes.get("/companies", summary="Companies of one's own")
    def companies(cursor: Cursor = None, limit: Limit = 50, caller: Caller = reader) -> Page[CompanyOut]:
        """List the companies that the tenant added, by id."""
        rows = service.companies.list(caller.tenant, behind=after(cursor), limit=limit + 1)
        return page(rows, limit, _shown, lambda row: row.id)


def _check_once(ids: list[str]) -> None:
    first = {id_: place for place, id_ in reversed(list(enumerate(ids)))}
    twice = [place for place, id_ in enumerate(ids) if first[id_] != place]
    if twice:
        raise InvalidInput(
            f"{ids[twice[0]]!r} is the id of two companies.",
            remedy="Send each company once.",
            errors=[FieldError(f"/companies/{place}/id", "came before") for place in twice],
        )


def _company(given: CompanyIn) -> Company:
    cells = given.model_dump()
    facts = {key: tuple(cell) if isinstance(cell, list) else cell for key, cell in cells.items()}
    return Company(**facts)  # type: ignore[arg-type]


def _shown(row: Company) -> CompanyOut:
    return CompanyOut.model_validate(asdict(row))
