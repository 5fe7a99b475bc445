"""`colonnade finance analyze`: a text, or every row of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.errors import InvalidInput
from core.registry import find_connectors
from core.text.normalise import for_model
from core.text.types import safe
from core.vertical import Services
from verticals.finance.commands.rows import batches
from verticals.finance.intake import Story, story
from verticals.finance.service import Analysis, answer, build


def add(app: App, services: Callable[[], Services]) -> None:
    """Add the command."""

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
        for batch in batches(stories, ready.settings.max_batch):
            _show(console, finance.analyze(tenant, batch), as_json=json)


def _stories(text: str | None, file: Path | None, zone: str | None) -> Iterator[Story]:
    if (text is None) == (file is None):
        raise InvalidInput("Give either a text or a file.", remedy='Say analyze "…" or --in FILE.')
    if text is not None:
        yield Story(safe(text))
    else:
        connector = find_connectors()["file"](file, zone=zone)
        yield from (story(record) for record, _ in connector.read(None))


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
