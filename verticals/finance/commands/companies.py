"""`colonnade finance companies`: a tenant's own companies, out of a CSV file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cyclopts import App
from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.security.tenants import Tenants
from core.vertical import Services
from verticals.finance.service import build, read_companies


def add(app: App, services: Callable[[], Services]) -> None:
    """Add the commands."""
    group = App(name="companies", help="Companies of your own, beside the ones that come along.")
    app.command(group)

    @group.command(name="import")
    def import_(file: Path, /, *, tenant: str = "demo", json: bool = False) -> None:
        """Add or replace the companies of a CSV file, all of them or none.

        Args:
            file: Columns id, name; optional name_zh, ticker, exchange, aliases, aliases_zh, industry,
                ambiguous (those names that mean something else as well), cues, parent, lookalikes; several
                values in a cell are joined by `;`.
            tenant: Whose companies they become.
            json: One JSON object instead of a line.
        """
        rows = read_companies(file)
        ready = services()
        Tenants(ready.storage).ensure(tenant, actor="cli")
        stored = build(ready).companies.put(tenant, rows, actor="cli")
        if json:
            Console().print_json(data={"stored": stored})
        else:
            Console().print(f"{stored} companies stored")

    @group.command(name="list")
    def list_(*, tenant: str = "demo", json: bool = False) -> None:
        """List the companies that the tenant added.

        Args:
            tenant: Whose companies.
            json: One JSON object a company instead of a table.
        """
        from orjson import dumps

        rows = build(services()).companies.list(tenant, limit=None)
        console = Console()
        if json:
            for row in rows:
                console.out(dumps(row).decode(), highlight=False)
            return
        table = Table("id", "name", "ticker", "exchange", "also called")
        for row in rows:
            also = "; ".join((row.name_zh, *row.aliases, *row.aliases_zh)).strip("; ")
            table.add_row(*map(Text, (row.id, row.name, row.ticker, row.exchange, also)))
        console.print(table)
