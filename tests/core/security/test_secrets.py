"""The secret: made once, private, refused when it is weak or readable by others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.errors import ConfigurationError
from core.security.secrets import load_secret
from core.settings import Settings


def test_processes_that_start_together_get_the_same_secret(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new")
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: load_secret(settings), range(64)))
    assert len(found) == 1
    assert len(found.pop()) == 64
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret"]
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o777 == 0o600


def test_the_setting_goes_first(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, secret=SecretStr("x" * 32))
    assert load_secret(settings) == b"x" * 32
    assert list(tmp_path.iterdir()) == []


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    load_secret(settings)
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        load_secret(settings)


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="COLONNADE_SECRET"):
        load_secret(Settings(data=tmp_path, secret=SecretStr("short")))
    (tmp_path / "secret").write_bytes(b"")
    (tmp_path / "secret").chmod(0o600)
    with pytest.raises(ConfigurationError, match="fewer than"):
        load_secret(Settings(data=tmp_path))
