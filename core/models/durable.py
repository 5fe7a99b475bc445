"""Publishes folders so that a reader, or a machine that lost power, sees all of one or nothing.

The order is: write into a hidden sibling, fsync every file and folder in it, rename it to its name, fsync the
parent. A publisher holds a lock on its hidden sibling; one whose lock is free belongs to a process that is
gone, and the next publisher removes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import ColonnadeError, StorageFull, Unavailable
from core.models.hashing import list_files

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REFUSED = frozenset({errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST})
_PART = ".part-"
_GATE = ".publish.lock"


def fsync_path(path: Path) -> None:
    """Flush a file's bytes, or a folder's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_tree(folder: Path) -> None:
    """Flush every file and folder below and including `folder`, the deepest first."""
    for name in list_files(folder):
        fsync_path(folder / name)
    folders = sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True)
    for path in [*folders, folder]:
        fsync_path(path)


def translate(error: OSError, where: Path) -> ColonnadeError:
    """Return the Colonnade error that an operating system error while writing stands for."""
    if error.errno in _FULL:
        return StorageFull(
            f"No room to write {where}: {os.strerror(error.errno)}; nothing was published.",
            remedy="Free some space or point COLONNADE_DATA and COLONNADE_CACHE at a larger disk.",
        )
    return Unavailable(
        f"Cannot write {where}: {error}.", remedy="Check the disk and the folder's permissions."
    )


def _is_full(error: Exception) -> bool:
    """Tell whether a writer outside Python (safetensors, tokenizers) met a full disk: it says so in text."""
    return any(f"os error {number}" in str(error) or f"code: {number}," in str(error) for number in _FULL)


@contextmanager
def writing(where: Path) -> Iterator[None]:
    """Turn what a disk says no with into StorageFull or Unavailable; other errors pass.

    Raises:
        StorageFull: no room, a quota, or a limit on file size.
        Unavailable: the disk or its permissions refuse.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL | _REFUSED:
            raise
        raise translate(error, where) from error
    except Exception as error:
        if not _is_full(error):
            raise
        raise translate(OSError(errno.ENOSPC, str(error)), where) from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path`, waiting for it; a process that dies lets go of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def remove_leftovers(root: Path) -> None:
    """Remove the hidden siblings of publishers that are gone."""
    for path in root.glob(f"{_PART}*"):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path)
        except BlockingIOError:
            continue  # its publisher is alive
        finally:
            os.close(descriptor)


@contextmanager
def _sibling(root: Path) -> Iterator[Path]:
    """Make a locked hidden folder in `root`; what is left of it goes when the block ends."""
    root.mkdir(parents=True, exist_ok=True)
    part = root / f"{_PART}{uuid.uuid4().hex}"
    with locked(root / _GATE):  # nobody may look for leftovers between mkdir and flock
        remove_leftovers(root)
        part.mkdir()
        descriptor = os.open(part, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield part
    finally:
        with suppress(FileNotFoundError):
            shutil.rmtree(part)
        os.close(descriptor)


def publish_folder(root: Path, build: Callable[[Path], str]) -> Path:
    """Build a folder and publish it in `root`.

    Args:
        root: The parent; made if absent.
        build: Fills the empty folder it is given and returns the name to publish it under, which stands for
            its content: where a folder of that name is there already, that one is kept.

    Returns:
        The published folder.

    Raises:
        StorageFull: no room; nothing was published.
        Unavailable: the disk or its permissions refuse.
    """
    with writing(root), _sibling(root) as part:
        target = root / build(part)
        fsync_tree(part)
        try:
            part.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        fsync_path(root)
        return target
