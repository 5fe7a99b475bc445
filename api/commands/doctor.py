"""`colonnade doctor`: looks at the parts that installations break on, and names the mend of each."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from api.terminal import COMMON, Common, show_rows
from core.errors import ColonnadeError
from core.settings import Settings

_ROOM = 2 * 2**30
_FAILED = 1
Finding = tuple[bool, str]


def _python(_settings: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return sys.version_info >= (3, 11), f"CPython {version} (3.11 is what is tested)"


def _sqlite(_settings: Settings) -> Finding:
    from core.storage.sqlite import checked, library

    module = checked(library())
    return True, f"SQLite {module.sqlite_version} ({module.__name__})"


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _disk(settings: Settings) -> Finding:
    free = {path: shutil.disk_usage(_existing(path)).free for path in (settings.data, settings.cache)}
    told = ", ".join(f"{path}: {room / 2**30:.1f} GiB free" for path, room in free.items())
    writable = all(os.access(_existing(path), os.W_OK) for path in free)
    return writable and min(free.values()) > _ROOM, told if writable else f"{told}; not writable by this user"


def _plugins(_settings: Settings) -> Finding:
    from core.registry import find_verticals

    found = find_verticals()
    return bool(found), ", ".join(
        v.name + ("" if v.finished else " (unfinished)") for v in found
    ) or "no vertical found"


def _database(settings: Settings) -> Finding:
    from api.bootstrap import open_storage

    with open_storage(settings) as storage:
        storage.ping()
        return True, f"{storage.dialect}, schema up to date"


def _weights(settings: Settings) -> Finding:
    from core.models.cache import is_sound
    from core.models.catalogue import ENTRIES
    from core.models.fetch import folder_name

    name = settings.encoder
    if name not in ENTRIES:
        return True, f"{name}: not one of the catalogue; looked up when it is used"
    sound = is_sound(settings.cache / "weights" / folder_name(ENTRIES[name]))
    return sound, f"{name}: " + (
        "in the cache, every hash right" if sound else "not there; run `colonnade models pull`"
    )


def _models(settings: Settings) -> Finding:
    from api.bootstrap import open_storage
    from core.models.versions import Versions
    from core.registry import find_verticals
    from core.storage.tenancy import SHARED

    tasks = [task.name for vertical in find_verticals() if vertical.finished for task in vertical.tasks]
    with open_storage(settings) as storage:
        versions = Versions(storage, settings.data)
        missing = [task for task in tasks if versions.production(SHARED, task) is None]
    return (
        not missing,
        f"no starter for {', '.join(missing)}; run `make up`" if missing else f"{len(tasks)} tasks served",
    )


def _threads(settings: Settings) -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    told = f"{settings.threads} threads on {cores} usable cores"
    return (
        settings.threads <= cores,
        told if settings.threads <= cores else f"{told}; set COLONNADE_THREADS={cores}",
    )


CHECKS: dict[str, Callable[[Settings], Finding]] = {
    "python": _python,
    "sqlite": _sqlite,
    "disk": _disk,
    "threads": _threads,
    "verticals": _plugins,
    "database": _database,
    "weights": _weights,
    "models": _models,
}


def examine(settings: Settings) -> Iterator[dict[str, object]]:
    """Yield one finding a check; a check that fails does not stop the others."""
    for name, check in CHECKS.items():
        try:
            good, detail = check(settings)
        except ColonnadeError as error:
            good, detail = False, str(error)
        yield {"check": name, "ok": good, "detail": detail}


def doctor(*, common: Common = COMMON) -> int:
    """Check this installation; exit code 1 when something is wrong.

    Args:
        common: Options of every command.
    """
    findings = list(examine(Settings()))
    shown = findings if common.json else [{**f, "ok": "ok" if f["ok"] else "WRONG"} for f in findings]
    show_rows(shown, ("check", "ok", "detail"), json=common.json)
    return 0 if all(finding["ok"] for finding in findings) else _FAILED
