"""The secret that API keys are hashed with: from COLONNADE_SECRET, or made once in COLONNADE_DATA."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from core.errors import ConfigurationError
from core.settings import Settings

_FILE = "secret"
_SHORTEST = 16


def load_secret(settings: Settings) -> bytes:
    """Return the secret; make it where there is none yet. Processes that start together get the same one.

    Raises:
        ConfigurationError: it is too short, or others can read its file.
    """
    if settings.secret is not None:
        return _long_enough(settings.secret.get_secret_value().encode(), "COLONNADE_SECRET")
    path = settings.data / _FILE
    if not path.exists():
        _make(path)
    return _read(path)


def _read(path: Path) -> bytes:
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigurationError(f"Others can read the secret in {path}.", remedy=f"Run `chmod 600 {path}`.")
    return _long_enough(path.read_bytes().strip(), str(path))


def _long_enough(secret: bytes, place: str) -> bytes:
    if len(secret) < _SHORTEST:
        raise ConfigurationError(
            f"The secret in {place} has fewer than {_SHORTEST} bytes.",
            remedy="Use 32 random bytes, e.g. `openssl rand -hex 32`.",
        )
    return secret


def _make(path: Path) -> None:
    """Write a secret beside its place, then link it there: whoever comes second finds the first's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{_FILE}-{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        _sync_folder(path.parent)
    finally:
        draft.unlink()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
