"""The commands; the services are made when one runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.errors import InvalidInput
from core.ranking.split import Protocol
from core.security.tenants import Tenants
from core.vertical import Services
from verticals.recommend.commands.files import batches, bodies, interactions
from verticals.recommend.commands.shown import report_table
from verticals.recommend.evaluate import best, measure, worse_than
from verticals.recommend.intake import event, item
from verticals.recommend.schemas.lists import RecommendIn
from verticals.recommend.service import FitRequest, build, take_events, take_items

ServicesFactory = Callable[[], Services]
_EVENTS = 1000


def commands(services: ServicesFactory) -> App:
    """Return the command group."""
    app = App(name="recommend", help="Items for a person, similar items, and the reasons.")
    _add_import(app, services)
    _add_fit(app, services)
    _add_for(app, services)
    _add_evaluate(app)
    return app


def _add_import(app: App, services: ServicesFactory) -> None:
    @app.command(name="import")
    def import_(
        *,
        items: Path | None = None,
        events: Path | None = None,
        zone: str | None = None,
        tenant: str = "demo",
        json: bool = False,
    ) -> None:
        """Take in the items and the events of files; doing it again changes nothing.

        Args:
            items: A CSV, JSONL or Parquet file with columns such as id, title, category, price, stock.
            events: One with columns such as event_id, user_id, session_id, item_id, type, timestamp.
            zone: Zone of the times in the file that have none, e.g. Asia/Shanghai.
            tenant: Whose shop it is.
            json: One JSON object instead of lines.
        """
        if items is None and events is None:
            raise InvalidInput("Give items, events, or both.", remedy="Say --items FILE --events FILE.")
        ready = services()
        service, said = build(ready), {}
        Tenants(ready.storage).ensure(tenant, actor="cli")
        if items is not None:
            counts: Counter[str] = Counter(created=0, updated=0, unchanged=0, rejected=0)
            for batch in batches(bodies(items, zone, item, _one(counts)), ready.settings.max_batch):
                counts.update(_told(take_items(service, tenant, batch, actor="cli").data))
            said["items"] = dict(counts)
        if events is not None:
            counts = Counter(accepted=0, duplicate=0, rejected=0)
            for batch in batches(bodies(events, zone, event, _one(counts)), _EVENTS):
                counts.update(_told(take_events(service, tenant, batch).data))
            said["events"] = dict(counts)
        _show(said, as_json=json)


def _one(counts: Counter[str]) -> Callable[[], None]:
    return lambda: counts.update(rejected=1)


def _told(rows: Any) -> Counter[str]:
    for row in rows:
        if row.status == "rejected":
            Console(stderr=True).print(f"left out: {row.pointer}: {row.reason}", markup=False)
    return Counter(row.status for row in rows)


def _show(said: dict[str, Any], *, as_json: bool) -> None:
    console = Console()
    if as_json:
        console.print_json(data=said)
        return
    for name, value in said.items():
        shown = (
            ", ".join(f"{count} {word}" for word, count in value.items())
            if isinstance(value, dict)
            else value
        )
        console.print(f"{name}: {shown}", markup=False)


def _add_fit(app: App, services: ServicesFactory) -> None:
    @app.command
    def fit(*, method: str = "auto", force: bool = False, tenant: str = "demo", json: bool = False) -> None:
        """Fit a model from all events and promote it if no baseline beats it.

        Args:
            method: auto, blend, ease or item-knn.
            force: Promote it all the same.
            tenant: Whose shop.
            json: The whole report as one JSON object.
        """
        if method not in ("auto", "blend", "ease", "item-knn"):
            raise InvalidInput(
                f"There is no method {method!r}.", remedy="Take auto, blend, ease or item-knn."
            )
        service = build(services())
        with Console(stderr=True).status("fitting", spinner="line") as status:
            done = service.fit(
                tenant, FitRequest(method=method, force=force), lambda _, line: status.update(line)
            )
        report = done.pop("report", None)
        if json:
            Console().print_json(data={**done, "report": report})
            return
        if report is not None:
            Console().print(report_table(report))
        _show({name: value for name, value in done.items() if value not in (None, [])}, as_json=False)


def _add_for(app: App, services: ServicesFactory) -> None:
    @app.command(name="for")
    def for_(
        user: str, /, *, k: int = 10, diversity: float = 0.0, tenant: str = "demo", json: bool = False
    ) -> None:
        """List what a user might like next, and why.

        Args:
            user: The user's id, as given with the events.
            k: Length of the list, 1 to 100.
            diversity: 0 to 1.
            tenant: Whose shop.
            json: One JSON object instead of a table.
        """
        if not (1 <= k <= 100 and 0 <= diversity <= 1 and user):
            raise InvalidInput("A list has 1 to 100 items and a diversity from 0 to 1.")
        asked = RecommendIn(user_id=user, k=k, diversity=diversity)
        found = build(services()).lists.recommend(tenant, asked)
        console = Console()
        if json:
            console.out(found.model_dump_json(), highlight=False)
            return
        table = Table("item", "title", "score", "why")
        for each in found.data:
            title = " / ".join(each.title.values()) if isinstance(each.title, dict) else str(each.title)
            why = ", ".join(reason.source for reason in each.reasons)
            # As Text, so that brackets in a title are not taken for markup.
            table.add_row(*map(Text, (each.item_id, title, f"{each.score:.4f}", why)))
        console.print(table)
        if found.explanation or found.degraded:
            console.print(Text(" ".join(filter(None, (found.explanation, found.degraded)))))


def _add_evaluate(app: App) -> None:
    @app.command
    def evaluate(
        *,
        events: Path,
        protocol: Annotated[Protocol, Parameter(help="time or leave-one-out.")] = "time",
        zone: str | None = None,
        tenant: str = "demo",
        json: bool = False,
    ) -> None:
        """Rank all items for every user of a file of events, by every model and baseline, and compare.

        Args:
            events: A CSV, JSONL or Parquet file with columns such as user_id, item_id, type, timestamp.
            protocol: A global split in time, or each user's last new item.
            zone: Zone of the times in the file that have none.
            tenant: Taken like everywhere; nothing of it is read or changed.
            json: The whole report as one JSON object.
        """
        del tenant
        report = measure(interactions(events, zone), (protocol,))
        if report is None:
            raise InvalidInput(
                f"{events.name} has too few events with user, item and time for the protocol {protocol}.",
                remedy="Give more of them: several a user, at different times.",
            )
        chosen = best(report)
        report = {**report, "best": chosen, "beaten_by": worse_than(report, chosen)}
        console = Console()
        if json:
            console.print_json(data=report)
            return
        console.print(report_table(report))
        beaten = ", ".join(report["beaten_by"])
        console.print(
            f"best: {chosen}; " + (f"beaten by {beaten}" if beaten else "no baseline beats it"), markup=False
        )
