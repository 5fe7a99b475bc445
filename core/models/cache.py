"""The cache of pretrained weights: a folder per content, verified once a process, mended if broken."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from core.errors import IntegrityFailure
from core.models.assemble import DESCRIPTION, UNHASHED
from core.models.durable import locked, publish_folder, writing
from core.models.hashing import list_files, verify_folder

_Stamp = tuple[tuple[str, int, int, int], ...]
_verified: dict[Path, _Stamp] = {}


def _stamp(folder: Path) -> _Stamp:
    """Return what changes when a file does: name, size, time and inode of each."""
    stats = ((name, (folder / name).stat()) for name in list_files(folder))
    return tuple((name, s.st_size, s.st_mtime_ns, s.st_ino) for name, s in stats)


def verify(folder: Path) -> None:
    """Compare a cached folder with the sha256 of each file in its weights.json; a second call is cheap.

    Raises:
        IntegrityFailure: a file is missing, was added, or has other bytes.
    """
    stamp = _stamp(folder)
    if _verified.get(folder) == stamp:
        return
    try:
        files = json.loads((folder / DESCRIPTION).read_bytes())["files"]
        expected = {str(name): str(sha256) for name, sha256 in files.items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise IntegrityFailure(
            f"{folder / DESCRIPTION} cannot be read: {error!r}.", remedy="Delete the folder and pull again."
        ) from error
    verify_folder(folder, expected, without=UNHASHED)
    _verified[folder] = stamp


def is_sound(folder: Path) -> bool:
    """Tell whether a folder is there and holds the bytes it was published with."""
    try:
        verify(folder)
    except IntegrityFailure:
        return False
    return True


def keep(cache: Path, name: str, build: Callable[[Path], None]) -> Path:
    """Return the sound folder `cache/weights/<name>`, building it first where it is absent or broken.

    Two processes that want one name at one time build it once: the second waits for the first.

    Args:
        cache: COLONNADE_CACHE.
        name: Name of the entry and the head of a hash over what it is built from.
        build: Fills the empty folder it is given, weights.json included.

    Raises:
        IntegrityFailure: the folder is broken and cannot be built anew; the message names the file.
        StorageFull: no room.
        Whatever `build` raises, where there was no folder.
    """
    root = cache / "weights"
    folder = root / name
    if folder.is_dir() and is_sound(folder):
        return folder
    with writing(root), locked(root / f".{name}.lock"):
        if folder.is_dir():
            if is_sound(folder):  # another process was faster
                return folder
            return _mend(root, folder, build)
        return _publish(root, name, build)


def _publish(root: Path, name: str, build: Callable[[Path], None]) -> Path:
    def fill(part: Path) -> str:
        build(part)
        return name

    folder = publish_folder(root, fill)
    shutil.rmtree(root / f".broken-{name}", ignore_errors=True)  # of a process that died while mending
    verify(folder)
    return folder


def _mend(root: Path, folder: Path, build: Callable[[Path], None]) -> Path:
    """Build a broken folder anew; the broken one stays until the new one is whole."""
    broken = root / f".broken-{folder.name}"

    def swap(part: Path) -> str:
        build(part)
        shutil.rmtree(broken, ignore_errors=True)
        folder.rename(broken)
        return folder.name

    try:
        publish_folder(root, swap)
    except Exception as error:
        _report(folder, error)
        raise
    shutil.rmtree(broken)
    verify(folder)
    return folder


def _report(folder: Path, error: Exception) -> None:
    """Say that the folder is broken, rather than only that it could not be built again."""
    try:
        verify(folder)
    except IntegrityFailure as broken:
        raise IntegrityFailure(
            f"{broken.detail} It could not be built again: {error}",
            remedy="Put the network or the wheel back in reach and pull again.",
        ) from error
