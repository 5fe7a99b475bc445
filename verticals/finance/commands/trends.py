"""`colonnade finance trends`: a table with bars in the terminal, once or again and again, or a plot."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from core.errors import ConfigurationError, FieldError, InvalidInput
from core.streams.windows import WIDTHS, Width
from core.vertical import Services
from verticals.finance.service import Finance, Trend, Window, build, trend_out
from verticals.finance.service.trends import Asked, in_calendar

_ROWS = {"15m": 24, "1h": 24, "1d": 30, "7d": 26}
_BAR = 16
_EVERY = 2.0


def add(app: App, services: Callable[[], Services]) -> None:
    """Add the command."""

    @app.command
    def trends(
        *,
        topic: str = "",
        entity: str = "",
        source: str | None = None,
        window: Width = "1d",
        from_: Annotated[str | None, Parameter(name="--from")] = None,
        to: str | None = None,
        watch: bool = False,
        plot: Path | None = None,
        tenant: str = "demo",
        json: bool = False,
    ) -> None:
        """Show how many stories came, how many were bad news, and how far they reached.

        Args:
            topic: Only this topic.
            entity: Only this company, by id or ticker.
            source: Only this source.
            window: Width of a window; weeks begin on Mondays, UTC.
            from_: First moment, e.g. 2026-11-01 or 2026-11-01T09:00:00+08:00; default: some windows back.
            to: Last moment; default: now.
            watch: Show it again every two seconds, until Ctrl-C.
            plot: Write a picture of it into this file: .svg, .png or .html.
            tenant: Whose documents.
            json: One JSON object instead of a table.
        """
        finance = build(services())
        company = finance.entity(tenant, entity) if entity else ""
        if topic:
            finance.topics.check(tenant, topic)

        def ask() -> Trend:
            end = in_calendar("to", _moment(to, "--to") or finance.trends.now())
            start = _moment(from_, "--from") or end - _ROWS[window] * WIDTHS[window]
            return finance.trends.ask(tenant, Asked(start, end, window, topic, company, source))

        if plot is not None:
            draw(ask().windows, plot)
        elif watch:
            _watch(finance, ask)
            return
        if json:
            Console().out(trend_out(ask(), window).model_dump_json(), highlight=False)
        else:
            Console().print(table_of(ask().windows))


def _moment(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(
            f"{option} {text[:60]!r} is no time.",
            remedy="Write 2026-11-20 or 2026-11-20T09:30:00+08:00.",
            errors=[FieldError(option, "not a time")],
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def table_of(windows: Sequence[Window]) -> Table:
    """Return windows as a table; a bar is as long as its count, bad news first."""
    most = max((each.count for each in windows), default=0)
    table = Table("begins (UTC)", "stories", "bad", "share", "reach", "", "")
    for each in windows:
        share = "" if each.negative_share is None else f"{each.negative_share:.0%}"
        bad = round(_BAR * each.negative / most) if most else 0
        rest = round(_BAR * each.count / most) - bad if most else 0
        bar = Text("█" * bad, "red") + Text("░" * rest)
        state = "" if each.final else "open"
        cells = (f"{each.start:%Y-%m-%d %H:%M}", str(each.count), str(each.negative), share, str(each.reach))
        table.add_row(*map(Text, cells), bar, Text(state))
    return table


def _watch(finance: Finance, ask: Callable[[], Trend]) -> None:
    over = False

    def end(_number: int, _frame: object) -> None:
        nonlocal over
        over = True  # raised inside a finaliser, an interrupt is swallowed there
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, end)
    try:
        with Live(screen=False, refresh_per_second=2) as live:
            while not over:
                told = Text(f"{finance.trends.now():%Y-%m-%d %H:%M:%S} UTC, Ctrl-C ends")
                live.update(Group(table_of(ask().windows), told))
                time.sleep(_EVERY)
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGINT, before)


def draw(windows: Sequence[Window], file: Path) -> None:
    """Write a chart of counts: bars of stories with the bad news in them. No text of any document is in it.

    Raises:
        InvalidInput: the ending of the file is none of .svg, .png, .html.
        ConfigurationError: the file cannot be written.
    """
    if file.suffix.lower() not in {".svg", ".png", ".html"}:
        raise InvalidInput(f"{file.name}: cannot draw this format.", remedy="Name it .svg, .png or .html.")
    chart = _chart(windows)
    try:
        chart.save(str(file), format=file.suffix.lower().removeprefix("."))
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror or error}.") from error


def _chart(windows: Sequence[Window]) -> Any:
    import altair

    rows = [
        {"start": each.start.isoformat(), "end": each.end.isoformat(), "kind": kind, "stories": number}
        for each in windows
        for kind, number in (("bad news", each.negative), ("other", each.count - each.negative))
    ]
    colours = altair.Scale(domain=["bad news", "other"], range=["#b2182b", "#b8c4d0"])
    return (
        altair.Chart(altair.InlineData(values=rows))
        .mark_bar()
        .encode(
            x=altair.X("start:T", title=None),
            x2="end:T",
            y=altair.Y("stories:Q", title="stories"),
            color=altair.Color("kind:N", title=None, scale=colours),
        )
        .properties(width=720, height=240)
    )
