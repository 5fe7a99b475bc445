"""`colonnade models`: weights to fetch, versions to look at, the one that serves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cyclopts import App

from api.terminal import COMMON, Common, progress, show, show_rows
from core.settings import Settings

if TYPE_CHECKING:
    from core.models.versions import Version, Versions

app = App(name="models", help="Fetch pretrained weights; list, show, promote and roll back trained models.")
app.command("api.commands.starters:starters", name="starters")
_ACTOR = "cli"
_COLUMNS = ("id", "task", "stage", "method", "created_at", "promoted_at")


@contextmanager
def _versions() -> Iterator[Versions]:
    from api.bootstrap import open_storage
    from core.models.versions import Versions

    settings = Settings()
    with open_storage(settings) as storage:
        yield Versions(storage, settings.data)


def _row(version: Version) -> dict[str, Any]:
    return {
        "id": version.id,
        "task": version.task,
        "stage": version.stage,
        "method": version.manifest.method,
        "tenant": version.tenant,
        "created_at": version.created_at,
        "promoted_at": version.promoted_at,
    }


@app.command
def pull(name: str | None = None, /, *, common: Common = COMMON) -> None:
    """Fetch pretrained weights into the cache.

    Args:
        name: A catalogue name, a Hugging Face id or a folder; default COLONNADE_ENCODER.
        common: Options of every command.
    """
    from core.models.fetch import pull as fetch

    settings = Settings()
    wanted = name or settings.encoder
    with progress(quiet=common.json) as move:
        path = fetch(wanted, settings.cache, progress=move)
    show({"name": wanted, "path": str(path)}, json=common.json)


@app.command(name="list")
def list_(*, task: str | None = None, common: Common = COMMON) -> None:
    """List the tenant's model versions and the shared starters, newest first.

    Args:
        task: Only this task's.
        common: Options of every command.
    """
    with _versions() as versions:
        rows = [_row(version) for version in versions.list(common.tenant, task)]
    show_rows(rows, _COLUMNS, json=common.json)


@app.command(name="show")
def show_(model_id: str, /, *, common: Common = COMMON) -> None:
    """Show the card of one version.

    Args:
        model_id: As `colonnade models list` prints it.
        common: Options of every command.
    """
    from core.models.cards import card

    with _versions() as versions:
        version = versions.get(common.tenant, model_id)
    facts = {**card(version.manifest), "stage": version.stage, "path": str(version.path)}
    show(facts, json=common.json)


@app.command
def promote(model_id: str, /, *, force: bool = False, common: Common = COMMON) -> None:
    """Make a version serve its task.

    Args:
        model_id: As `colonnade models list` prints it.
        force: Promote it even where a baseline does better.
        common: Options of every command.
    """
    with _versions() as versions:
        show(_row(versions.promote(common.tenant, model_id, _ACTOR, force)), json=common.json)


@app.command
def rollback(task: str, /, *, common: Common = COMMON) -> None:
    """Make the version that served a task before serve it again.

    Args:
        task: Task name, e.g. finance.sentiment.
        common: Options of every command.
    """
    with _versions() as versions:
        show(_row(versions.rollback(common.tenant, task, _ACTOR)), json=common.json)
