"""`colonnade finance ingest`: the documents of a file, once each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from cyclopts import App
from rich.console import Console

from core.errors import InvalidInput, PayloadTooLarge
from core.registry import find_connectors
from core.vertical import Services
from verticals.finance.commands.rows import batches
from verticals.finance.intake import Document, document
from verticals.finance.service import Finance, build


def add(app: App, services: Callable[[], Services]) -> None:
    """Add the command."""

    @app.command
    def ingest(file: Path, /, *, zone: str | None = None, tenant: str = "demo", json: bool = False) -> None:
        """Take in the documents of a file, each once, and read them.

        Args:
            file: A CSV, JSONL or Parquet file with columns such as id, title, content, published_at.
            zone: Zone of the times in the file that have none, e.g. Asia/Shanghai.
            tenant: Whose documents they become.
            json: One JSON object instead of a line.
        """
        ready, console = services(), Console()
        finance = build(ready)
        counts = {"accepted": 0, "duplicate": 0, "rejected": 0}
        with Console(stderr=True).status("reading", spinner="line") as status:
            for batch in batches(_documents(finance, file, zone, counts), ready.settings.max_batch):
                for became in finance.documents.take(tenant, batch, actor="cli")[0]:
                    counts[became.status] += 1
            read = finance.documents.read(tenant, lambda _, line: status.update(line))
        if json:
            console.print_json(data={**counts, "read": read})
        else:
            console.print(", ".join(f"{count} {word}" for word, count in {**counts, "read": read}.items()))


def _documents(finance: Finance, file: Path, zone: str | None, counts: dict[str, int]) -> Iterator[Document]:
    """Yield the documents of a file that can be taken; count and tell of the others."""
    for record, place in find_connectors()["file"](file, zone=zone).read(None):
        try:
            found = document(record)
            finance.analyze.check([found.story])
        except (InvalidInput, PayloadTooLarge) as error:
            counts["rejected"] += 1
            Console(stderr=True).print(f"row {place} is left out: {error.detail}", markup=False)
        else:
            yield found
