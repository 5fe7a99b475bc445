"""`colonnade finance …`: analyse a text, or every row of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, TypeVar

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.errors import InvalidInput, PayloadTooLarge
from core.registry import find_connectors
from core.text.normalise import for_model
from core.text.types import safe
from core.vertical import Services
from verticals.finance.intake import Document, Story, document, story
from verticals.finance.service import Analysis, Finance, answer, build

ServicesFactory = Callable[[], Services]
Row = TypeVar("Row")


def commands(services: ServicesFactory) -> App:
    """Return the command group; the services are made when a command runs."""
    app = App(name="finance", help="Topic and sentiment of financial news and posts.")

    @app.command
    def analyze(
        text: str | None = None,
        /,
        *,
        in_: Annotated[Path | None, Parameter(name="--in")] = None,
        zone: str | None = None,
        tenant: str = "demo",
        json: bool = False,
    ) -> None:
        """Say what a text, or each row of a file, is about and whether it is good or bad news.

        Args:
            text: The text.
            in_: A CSV, JSONL or Parquet file with columns such as title, content, published_at.
            zone: Zone of the times in the file that have none, e.g. Asia/Shanghai.
            tenant: Whose models are asked.
            json: One JSON object a text instead of a table.
        """
        ready = services()
        finance = build(ready)
        stories = _stories(text, in_, zone)
        console = Console()
        for batch in _batches(stories, ready.settings.max_batch):
            _show(console, finance.analyze(tenant, batch), as_json=json)

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
            for batch in _batches(_documents(finance, file, zone, counts), ready.settings.max_batch):
                for became in finance.documents.take(tenant, batch, actor="cli")[0]:
                    counts[became.status] += 1
            read = finance.documents.read(tenant, lambda _, line: status.update(line))
        if json:
            console.print_json(data={**counts, "read": read})
        else:
            console.print(", ".join(f"{count} {word}" for word, count in {**counts, "read": read}.items()))

    return app


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


def _stories(text: str | None, file: Path | None, zone: str | None) -> Iterator[Story]:
    if (text is None) == (file is None):
        raise InvalidInput("Give either a text or a file.", remedy='Say analyze "…" or --in FILE.')
    if text is not None:
        yield Story(safe(text))
    else:
        connector = find_connectors()["file"](file, zone=zone)
        yield from (story(record) for record, _ in connector.read(None))


def _batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while batch := list(islice(rows, size)):
        yield batch


def _show(console: Console, analyses: Sequence[Analysis], *, as_json: bool) -> None:
    if as_json:
        for analysis in analyses:
            console.out(answer(analysis).model_dump_json(), highlight=False)
        return
    table = Table("sentiment", "p", "topics", "lang", "text")
    for analysis in analyses:
        said = analysis.sentiment
        row = (said.labels[0], f"{said.probability:.2f}", ", ".join(analysis.ranked_topics), analysis.lang)
        # As Text, so that brackets in a headline are not taken for markup.
        table.add_row(*map(Text, row), Text(_shortened(analysis.story.text)))
    console.print(table)


def _shortened(text: str, width: int = 60) -> str:
    line = for_model(text)
    return line if len(line) <= width else f"{line[: width - 1]}…"
