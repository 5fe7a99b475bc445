"""`colonnade finance check`: whether the books are right."""

from __future__ import annotations

from collections.abc import Callable

from cyclopts import App
from rich.console import Console

from core.errors import IntegrityFailure
from core.vertical import Services
from verticals.finance.service.recount import recount


def add(app: App, services: Callable[[], Services]) -> None:
    """Add the command."""

    @app.command
    def check(*, tenant: str = "demo", json: bool = False) -> None:
        """Count everything again: cells, ledger, and documents with their stories have to agree.

        Args:
            tenant: Whose books.
            json: One JSON object instead of a line.
        """
        found = recount(services().storage, tenant)
        if json:
            differing = {"ledger": len(found.ledger_differs), "recount": len(found.recount_differs)}
            Console().print_json(
                data={"documents": found.documents, "cells": found.cells, "differing": differing}
            )
        else:
            Console().print(f"{found.documents} documents in {found.cells} cells")
        if not found.right:
            wrong = {*found.ledger_differs, *found.recount_differs}
            raise IntegrityFailure(
                f"{len(wrong)} of the cells of {tenant} are wrong, for one {min(wrong)}.",
                remedy="Restore the last backup, and report this: the books are kept in one transaction.",
            )
