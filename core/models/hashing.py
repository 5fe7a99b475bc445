"""Sha256 of files and folders."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from core.errors import IntegrityFailure


def sha256_file(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_text(text: str) -> str:
    """Return the sha256 of a text in UTF-8, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def list_files(folder: Path) -> list[str]:
    """Return the files below `folder` as sorted relative POSIX names.

    Raises:
        IntegrityFailure: there is a symbolic link or something else that is neither file nor folder.
    """
    names = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise IntegrityFailure(
                f"{path} is neither a plain file nor a folder.",
                remedy="Replace links by the files themselves.",
            )
        if path.is_file():
            names.append(path.relative_to(folder).as_posix())
    return names


def hash_folder(folder: Path, *, without: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return relative name to sha256 for every file below `folder` that is not in `without`."""
    return {name: sha256_file(folder / name) for name in list_files(folder) if name not in without}


def fingerprint(files: Mapping[str, str]) -> str:
    """Return one sha256 for a set of named file hashes, whatever their order."""
    return sha256_text("".join(f"{files[name]}  {name}\n" for name in sorted(files)))


def verify_folder(folder: Path, files: Mapping[str, str], *, without: frozenset[str] = frozenset()) -> None:
    """Compare a folder with what it was published as.

    Raises:
        IntegrityFailure: a file is missing, was added, or has other bytes; the message names it.
    """
    present = set(list_files(folder)) - without
    if missing := sorted(files.keys() - present):
        raise IntegrityFailure(f"{folder / missing[0]} is missing.", remedy="Restore it or publish again.")
    if added := sorted(present - files.keys()):
        raise IntegrityFailure(f"{folder / added[0]} was not published here.", remedy="Remove the file.")
    for name in sorted(files):
        if sha256_file(folder / name) != files[name]:
            raise IntegrityFailure(
                f"{folder / name} is not the bytes that were published: its sha256 differs.",
                remedy="Restore it from a backup or publish again.",
            )
