"""What all commands share: two options, one way to speak, one way to fail.

People get tables and lines, programs get JSON with `--json`: one object, or one line of JSON a row. Results
go to stdout; everything else to stderr.
"""

from __future__ import annotations

import json as jsonlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from core.errors import ColonnadeError, FieldError

_SHOWN_FAULTS = 3
_SECONDS_A_LINE = 3.0


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Common:
    """The options of every command; take it as `common: Common = COMMON`.

    Attributes:
        tenant: Whose data and models.
        json: Whether to write JSON for programs.
    """

    tenant: Annotated[str, Parameter(help="Whose data and models.")] = "demo"
    json: Annotated[bool, Parameter(negative="", help="Write JSON for programs.")] = False


COMMON = Common()


def console() -> Console:
    """Return the console for results; as wide as they are when piped, so that nothing is cut."""
    return Console(width=None if sys.stdout.isatty() else 1000, highlight=False)


def notes() -> Console:
    """Return the console for progress and remarks."""
    return Console(stderr=True, highlight=False)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (Path, frozenset, set, tuple)):
        return (
            str(value)
            if isinstance(value, Path)
            else sorted(value)
            if not isinstance(value, tuple)
            else list(value)
        )
    raise TypeError(f"{type(value).__name__} has no JSON form")


def to_json(value: Any) -> str:
    """Return one line of JSON."""
    return jsonlib.dumps(value, ensure_ascii=False, default=_plain)


def write_json(value: Any) -> None:
    """Write one line of JSON to stdout."""
    sys.stdout.write(to_json(value) + "\n")


def write_line(text: str) -> None:
    """Write one line of plain text to stdout, never wrapped or styled."""
    sys.stdout.write(text + "\n")


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, json: bool) -> None:
    """Write rows: a table for people, one JSON object a line for programs."""
    if json:
        for row in rows:
            write_json(row)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    console().print(table)


def show(facts: Mapping[str, Any], *, json: bool) -> None:
    """Write one thing: `name  value` lines for people, one JSON object for programs."""
    if json:
        write_json(facts)
        return
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(name, _cell(value))
    console().print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, (dict, list)):
        return jsonlib.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, (tuple, set, frozenset)):
        return ", ".join(str(item) for item in value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return str(value)


def option_of(fault: FieldError) -> str | None:
    """Return the option that a fault lies in, if any: what is `query:as_of` over REST is `--as-of` here."""
    if fault.pointer.startswith("--"):
        return fault.pointer
    place, _, name = fault.pointer.partition(":")
    return f"--{name.replace('_', '-')}" if place == "query" else None


def one_line(error: ColonnadeError) -> str:
    """Return an error with its first faults and its mend, on one line."""
    faults: Sequence[FieldError] = error.errors[:_SHOWN_FAULTS]
    listed = "; ".join(f"{option_of(fault) or fault.pointer}: {fault.detail}" for fault in faults)
    more = f" (and {len(error.errors) - _SHOWN_FAULTS} more)" if len(error.errors) > _SHOWN_FAULTS else ""
    parts = (error.detail, f"[{listed}{more}]" if listed else "", error.remedy)
    return " ".join(" ".join(part for part in parts if part).split())


def complain(message: str) -> None:
    """Write one line about what went wrong to stderr."""
    sys.stderr.write(f"colonnade: {' '.join(message.split())}\n")


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Callable[[float, str], None]]:
    """Show progress on stderr, as a bar or, where stderr is no terminal, as a line now and then.

    Args:
        quiet: Show nothing, e.g. under `--json`.

    Yields:
        A `core.ports.Progress` that moves it.
    """
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    target = notes()
    if quiet or not target.is_terminal:
        yield (lambda _share, _line: None) if quiet else _Lines(target)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=target, transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share, line: bar.update(task, completed=share, description=line or "…")


class _Lines:
    """Progress for log files: a line at most every few seconds."""

    def __init__(self, target: Console) -> None:
        self._target = target
        self._next = time.monotonic() + _SECONDS_A_LINE

    def __call__(self, share: float, line: str) -> None:
        if line and time.monotonic() >= self._next:
            self._next = time.monotonic() + _SECONDS_A_LINE
            self._target.print(f"{share:4.0%}  {line}", markup=False)
