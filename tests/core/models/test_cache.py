"""The cache: built once, by however many processes; verified; mended where that is possible."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import IntegrityFailure, Unavailable
from core.models.assemble import describe
from core.models.cache import keep, verify


def _build(folder: Path) -> None:
    (folder / "1_Pooling").mkdir()
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 40)
    (folder / "1_Pooling" / "config.json").write_text("{}", encoding="utf-8")
    (folder / "NOTICE").write_text("whose", encoding="utf-8")
    describe(folder, name="invented")


def _unreachable(folder: Path) -> None:
    raise Unavailable("The registry does not answer.")


def _flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def _in_new_process(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )


def test_a_folder_is_built_once(tmp_path: Path) -> None:
    first = keep(tmp_path, "invented-1", _build)

    second = keep(tmp_path, "invented-1", _unreachable)

    assert first == second == tmp_path / "weights" / "invented-1"


def test_nothing_is_left_of_a_build_that_fails(tmp_path: Path) -> None:
    def half(folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(b"half")
        raise Unavailable("The network went away.")

    with pytest.raises(Unavailable, match="went away"):
        keep(tmp_path, "invented-1", half)

    assert not [path for path in (tmp_path / "weights").iterdir() if path.is_dir()]
    assert keep(tmp_path, "invented-1", _build).is_dir()


@pytest.mark.parametrize("name", ["model.safetensors", "1_Pooling/config.json"])
def test_a_flipped_byte_is_found_and_the_folder_built_anew(name: str, tmp_path: Path) -> None:
    folder = keep(tmp_path, "invented-1", _build)
    _flip(folder / name)
    with pytest.raises(IntegrityFailure, match=name):
        verify(folder)

    keep(tmp_path, "invented-1", _build)

    verify(folder)
    assert [path.name for path in (tmp_path / "weights").iterdir() if path.is_dir()] == ["invented-1"]


def test_a_flipped_byte_that_cannot_be_mended_is_named_and_stays(tmp_path: Path) -> None:
    folder = keep(tmp_path, "invented-1", _build)
    _flip(folder / "model.safetensors")

    with pytest.raises(IntegrityFailure, match=r"model\.safetensors.*registry does not answer") as caught:
        keep(tmp_path, "invented-1", _unreachable)

    assert "pull again" in caught.value.remedy
    assert folder.is_dir()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "model.safetensors").unlink(),
        lambda folder: (folder / "added.bin").write_bytes(b"x"),
        lambda folder: (folder / "weights.json").write_text("[]", encoding="utf-8"),
        lambda folder: (folder / "weights.json").unlink(),
        lambda folder: (folder / "link").symlink_to("/etc/hosts"),
    ],
    ids=["missing", "added", "wrong list", "no list", "link"],
)
def test_a_folder_that_lost_or_gained_something_is_built_anew(
    spoil: Callable[[Path], None], tmp_path: Path
) -> None:
    folder = keep(tmp_path, "invented-1", _build)
    spoil(folder)
    with pytest.raises(IntegrityFailure):
        verify(folder)

    keep(tmp_path, "invented-1", _build)

    verify(folder)


def test_a_byte_that_was_flipped_before_this_process_is_found_at_first_load(tmp_path: Path) -> None:
    folder = keep(tmp_path, "invented-1", _build)
    path = folder / "model.safetensors"
    times = path.stat()
    _flip(path)
    os.utime(
        path, ns=(times.st_atime_ns, times.st_mtime_ns)
    )  # as a failing disk would: no trace in the times

    code = "import pathlib, sys; from core.models.cache import verify; verify(pathlib.Path(sys.argv[1]))"
    done = _in_new_process(code, str(folder))

    assert done.returncode == 1
    assert "IntegrityFailure" in done.stderr
    assert "model.safetensors" in done.stderr


def _count_builds(cache: Path, counter: Path, start: Path) -> None:
    def build(folder: Path) -> None:
        with counter.open("a", encoding="utf-8") as file:
            file.write("built\n")
        _build(folder)

    while not start.exists():
        pass
    verify(keep(cache, "invented-1", build))


def test_processes_that_pull_at_once_build_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    counter, start = tmp_path / "count", tmp_path / "start"
    workers = [context.Process(target=_count_builds, args=(tmp_path, counter, start)) for _ in range(4)]
    for worker in workers:
        worker.start()
    start.touch()
    for worker in workers:
        worker.join(60)

    assert [worker.exitcode for worker in workers] == [0] * 4
    assert counter.read_text(encoding="utf-8") == "built\n"


_DIE_IN_BUILD = """
import os, signal, sys
from pathlib import Path
from core.models.cache import keep
def build(folder):
    (folder / "model.safetensors").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
keep(Path(sys.argv[1]), "invented-1", build)
"""


def test_a_pull_that_is_killed_leaves_the_next_one_free(tmp_path: Path) -> None:
    done = _in_new_process(_DIE_IN_BUILD, str(tmp_path))
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "weights" / "invented-1").exists()

    keep(tmp_path, "invented-1", _build)

    assert [path.name for path in (tmp_path / "weights").iterdir() if path.is_dir()] == ["invented-1"]


_DIE_WHILE_MENDING = """
import os, signal, sys
from pathlib import Path
from core.models import durable
from core.models.cache import keep
sys.path.insert(0, sys.argv[2])
from tests.core.models.test_cache import _build
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
durable.fsync_tree = die
keep(Path(sys.argv[1]), "invented-1", _build)
"""


def test_a_mending_that_is_killed_is_done_again(tmp_path: Path, root: Path) -> None:
    folder = keep(tmp_path, "invented-1", _build)
    _flip(folder / "model.safetensors")
    done = _in_new_process(_DIE_WHILE_MENDING, str(tmp_path), str(root))
    assert done.returncode == -signal.SIGKILL, done.stderr

    keep(tmp_path, "invented-1", _build)

    verify(folder)
    assert [path.name for path in (tmp_path / "weights").iterdir() if path.is_dir()] == ["invented-1"]
