"""Publishing under kill −9 and full disks: the folder is absent or whole; leftovers go next time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import StorageFull
from core.models.artefacts import load_manifest, publish
from core.models.hashing import list_files
from tests.core.models.test_artefacts import build, manifest

ROUNDS = int(os.environ.get("COLONNADE_TORTURE_ROUNDS", "20"))


def _child(repository: Path, root: Path, how: str, number: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.core.models.publishing_child", str(root), how, str(number)],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )


def _published(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))


def _leftovers(root: Path) -> list[Path]:
    return sorted(root.glob(".part-*"))


def _assert_whole(root: Path) -> None:
    for folder in _published(root):
        assert load_manifest(folder).id == folder.name


@pytest.mark.slow
@pytest.mark.torture
def test_a_kill_at_any_step_leaves_nothing_or_all(root: Path, tmp_path: Path) -> None:
    target = tmp_path / "artefacts"
    steps = int(_child(root, tmp_path / "untouched", "kill", 1_000_000).stdout)
    assert steps >= 20
    killed_with_leftovers = 0

    for number in range(ROUNDS):
        done = _child(root, target, "kill", number * (steps - 1) // (ROUNDS - 1))
        assert done.returncode == -signal.SIGKILL, done.stderr
        if target.exists():
            _assert_whole(target)
            killed_with_leftovers += bool(_leftovers(target))

    assert killed_with_leftovers > ROUNDS / 6
    assert _published(target), "no child died behind the rename"
    folder = publish(build, manifest(), target)
    assert not _leftovers(target)
    assert load_manifest(folder).id in {path.name for path in _published(target)}
    _assert_whole(target)


def test_one_publisher_does_not_sweep_away_another(tmp_path: Path) -> None:
    inner: list[Path] = []

    def slow(folder: Path) -> None:
        build(folder)
        inner.append(
            publish(build, manifest(method="full"), tmp_path)
        )  # looks for leftovers while we are alive

    outer = publish(slow, manifest(), tmp_path)

    assert load_manifest(outer).method == "head"
    assert load_manifest(inner[0]).method == "full"
    assert not _leftovers(tmp_path)


@pytest.mark.parametrize("limit", [1, 4096, 100_000, 200_000])
def test_a_limit_on_file_size_publishes_nothing(limit: int, root: Path, tmp_path: Path) -> None:
    done = _child(root, tmp_path, "limit", limit)

    assert done.returncode == 7, done.stderr
    assert "nothing was published" in done.stderr
    assert not _published(tmp_path)
    assert not _leftovers(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB; skipped where this process may not mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this process may not mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_publishes_nothing_and_recovers(small_disk: Path) -> None:
    def big(folder: Path) -> None:
        for number in range(8):
            (folder / f"{number}.safetensors").write_bytes(bytes(1 << 18))

    whole = publish(build, manifest(), small_disk)
    with pytest.raises(StorageFull, match="No room"):
        publish(big, manifest(method="full"), small_disk)

    assert _published(small_disk) == [whole]
    assert not _leftovers(small_disk)
    again = publish(build, manifest(method="lora"), small_disk)
    assert sorted(list_files(again)) == ["head/model.safetensors", "manifest.json", "tokenizer.json"]


def test_a_full_disk_met_by_the_safetensors_library_is_known(small_disk: Path) -> None:
    def big(folder: Path) -> None:
        import numpy as np
        from safetensors.numpy import save_file

        save_file({"w": np.zeros(1 << 20, np.float32)}, folder / "model.safetensors")

    with pytest.raises(StorageFull, match="nothing was published"):
        publish(big, manifest(), small_disk)

    assert not _published(small_disk)
