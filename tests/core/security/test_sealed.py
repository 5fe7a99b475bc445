"""Sealed secrets open only here, unchanged and in their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import IntegrityFailure
from core.security.sealed import seal, unseal
from core.settings import Settings

TEXT = "p4ss wörd 密码"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, secret="0123456789abcdef", datasets=None)


@pytest.mark.parametrize("text", [TEXT, "", "x" * 10_000])
def test_what_was_sealed_opens_and_shows_nothing(settings: Settings, text: str) -> None:
    sealed = seal(settings, text, place="demo/1")

    assert unseal(settings, sealed, place="demo/1") == text
    assert not text or text not in sealed
    assert seal(settings, text, place="demo/1") != sealed


def test_it_opens_in_no_other_place_and_under_no_other_secret(settings: Settings, tmp_path: Path) -> None:
    sealed = seal(settings, TEXT, place="demo/1")
    other = Settings(data=tmp_path, secret="fedcba9876543210", datasets=None)
    for asked, place in ((settings, "demo/2"), (settings, ""), (other, "demo/1")):
        with pytest.raises(IntegrityFailure, match="COLONNADE_SECRET") as refused:
            unseal(asked, sealed, place=place)
        assert sealed not in str(refused.value)


def test_every_changed_character_is_found(settings: Settings) -> None:
    sealed = seal(settings, "secret")
    for place in range(3, len(sealed) - 1):
        changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(IntegrityFailure):
            unseal(settings, changed)
    for noise in ("", "v1.", "v1.AAAA", "密", sealed[:-8]):
        with pytest.raises(IntegrityFailure):
            unseal(settings, noise)
