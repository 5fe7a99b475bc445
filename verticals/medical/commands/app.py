"""`colonnade medical triage` and `colonnade medical erase`."""

from __future__ import annotations

import json as json_
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.errors import InvalidInput
from core.records import Record
from core.security.tenants import Tenants
from core.text.types import safe
from core.vertical import Services
from verticals.medical.commands.rows import complaint_of, records
from verticals.medical.schemas import NOTICE_EN, TriageOut
from verticals.medical.service import DEFAULT_PACK, Medical, answer, build

ServicesFactory = Callable[[], Services]
Answered = tuple[Record, TriageOut | InvalidInput]


def commands(services: ServicesFactory) -> App:
    """Return the command group; the services are made when a command runs."""
    app = App(name="medical", help="Symptom triage for staff; advice, no diagnosis.")

    @app.command
    def triage(
        text: str | None = None,
        /,
        *,
        in_: Annotated[str | None, Parameter(name="--in", allow_leading_hyphen=True)] = None,
        pack: str = DEFAULT_PACK,
        tenant: str = "demo",
        json: bool = False,
    ) -> int:
        """Say how urgent a complaint is, or each row of a file; every case goes into the review queue.

        A row that is refused, e.g. for a heart rate of 0, says so in its place; the command then exits 1.

        Args:
            text: The complaint.
            in_: A CSV, JSONL or Parquet file with columns such as text, age, sex, heart_rate; - reads JSONL
                from standard input.
            pack: The rules.
            tenant: Whose models and review queue.
            json: One JSON object a row instead of a table.
        """
        ready = services()
        Tenants(ready.storage).ensure(tenant, actor="cli")
        answered = _answered(build(ready), tenant, pack, _rows(text, in_))
        return _as_json(answered) if json else _as_table(answered)

    @app.command
    def erase(encounter: str, /, *, tenant: str = "demo", json: bool = False) -> None:
        """Delete what was said in an encounter; figures, hashes and the audit chain stay.

        Args:
            encounter: The encounter id as it was sent.
            tenant: Whose.
            json: One JSON object instead of a line.
        """
        count = build(services()).reviews.erase(tenant, encounter, actor="cli")
        line = json_.dumps({"erased": count}) if json else f"{count} erased"
        Console().out(line, highlight=False)

    return app


def _rows(text: str | None, source: str | None) -> Iterator[Record]:
    if (text is None) == (source is None):
        raise InvalidInput("Give either a text or a file.", remedy='Say triage "…", --in FILE or --in -.')
    if text is not None:
        yield Record("cli", "", {"text": safe(text)})
    elif source is not None:
        yield from records(source)


def _answered(medical: Medical, tenant: str, pack: str, rows: Iterator[Record]) -> Iterator[Answered]:
    for record in rows:
        try:
            yield record, answer(medical.triage(tenant, complaint_of(record), pack=pack))
        except InvalidInput as error:
            yield record, error


def _as_json(answered: Iterator[Answered]) -> int:
    console, faulty = Console(), 0
    for record, said in answered:
        if isinstance(said, TriageOut):
            line: dict[str, Any] = said.model_dump(mode="json")
        else:
            faulty += 1
            faults = [{"pointer": each.pointer, "detail": each.detail} for each in said.errors]
            line = {"error": str(said), "errors": faults}
        given = {"id": record.payload["id"]} if "id" in record.payload else {}
        console.out(json_.dumps({**given, **line}, ensure_ascii=False), highlight=False)
    return 1 if faulty else 0


def _as_table(answered: Iterator[Answered]) -> int:
    table, faulty = Table("urgency", "level", "department", "why", "review"), 0
    for _, said in answered:
        if isinstance(said, TriageOut):
            why = "; ".join(reason.text for reason in said.reasons[:3])
            cells = (str(said.urgency), said.level_name, said.department, why, said.review_id or "not stored")
        else:
            faulty += 1
            cells = ("refused", "", "", str(said), "")
        # As Text, so that brackets in a text are not taken for markup.
        table.add_row(*map(Text, cells))
    console = Console()
    console.print(table)
    console.print(NOTICE_EN)
    return 1 if faulty else 0
