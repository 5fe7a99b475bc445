"""A tenant's own companies."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from core.text.types import Name, SafeText
from verticals.finance.schemas.closed import MAX_TEXTS, Closed

_Cell = Annotated[SafeText, Field(max_length=200)]
_Cells = Annotated[list[_Cell], Field(max_length=200)]


class CompanyIn(Closed):
    """A company of one's own; of the same id as a shipped one it stands in for that."""

    id: Annotated[SafeText, Field(pattern=r"^[\w.-]{1,200}$", examples=["orvane-foods"])]
    name: Annotated[Name, Field(min_length=1, max_length=200, examples=["Orvane Foods"])]
    name_zh: _Cell = ""
    ticker: Annotated[SafeText, Field(pattern=r"^[A-Za-z0-9.-]{0,12}$")] = ""
    exchange: Annotated[SafeText, Field(max_length=20)] = ""
    aliases: Annotated[
        _Cells,
        Field(description="Other names; further listings as SYMBOL@EXCHANGE or SYMBOL@EXCHANGE@FROM..UNTIL."),
    ] = Field(default_factory=list)
    aliases_zh: _Cells = Field(default_factory=list)
    industry: _Cell = ""
    ambiguous: Annotated[
        _Cells, Field(description="Names that mean something else as well, as they are written then.")
    ] = Field(default_factory=list)
    cues: Annotated[_Cells, Field(description="Words beside which an ambiguous name is this company.")] = (
        Field(default_factory=list)
    )
    parent: _Cell = ""
    lookalikes: Annotated[
        _Cells, Field(description="Phrases with one of its names that mean something else: amazon river.")
    ] = Field(default_factory=list)


class CompaniesIn(Closed):
    """Companies to add or replace."""

    companies: Annotated[list[CompanyIn], Field(min_length=1, max_length=MAX_TEXTS)]


class CompaniesOut(Closed):
    """How many were stored."""

    stored: int


class CompanyOut(CompanyIn):
    """A company as it is stored."""
