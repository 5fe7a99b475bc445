"""Indexes on the disk: whole or absent under kill −9, refused when one byte is another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.models.hashing import list_files
from core.retrieval.index import Space
from core.retrieval.published import folder_of, load, publish
from tests.core.retrieval.indexes import SPACE, is_wholly, made

ROUNDS = int(os.environ.get("COLONNADE_TORTURE_ROUNDS", "20"))


def _folders(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if not path.name.startswith("."))


def test_what_was_published_is_loaded(tmp_path: Path) -> None:
    folder = publish(tmp_path, made(1))

    again = load(tmp_path, SPACE)

    assert again is not None
    assert is_wholly(again, 1)
    assert sorted(list_files(folder)) == ["dense.safetensors", "lexical.jsonl", "manifest.json"]


def test_older_ones_go_when_a_newer_one_is_there(tmp_path: Path) -> None:
    publish(tmp_path, made(1))
    newest = publish(tmp_path, made(2))

    assert _folders(tmp_path) == [newest.name]
    again = load(tmp_path, SPACE)
    assert again is not None
    assert is_wholly(again, 2)


def test_nothing_published_is_nothing_loaded(tmp_path: Path) -> None:
    assert load(tmp_path / "absent", SPACE) is None
    assert load(tmp_path, SPACE) is None


@pytest.mark.parametrize("name", ["manifest.json", "lexical.jsonl", "dense.safetensors"])
def test_another_byte_anywhere_is_noticed(name: str, tmp_path: Path) -> None:
    folder = publish(tmp_path, made(1))
    whole = (folder / name).read_bytes()
    places = [0, 1, 7, 8, 9, len(whole) // 3, len(whole) // 2, len(whole) - 2, len(whole) - 1]

    for place in places:
        assert not (tmp_path / folder.name).exists() or load(tmp_path, SPACE) is not None
        publish(tmp_path, made(1))
        (folder / name).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert load(tmp_path, SPACE) is None, f"byte {place} of {name}"
        assert not folder.exists(), "what is broken must not stand in the way of the next"


@pytest.mark.parametrize("harm", ["cut", "longer", "missing", "added", "emptied"])
def test_a_file_too_short_too_long_gone_or_added_is_noticed(harm: str, tmp_path: Path) -> None:
    folder = publish(tmp_path, made(1))
    path = folder / "lexical.jsonl"
    match harm:
        case "cut":
            path.write_bytes(path.read_bytes()[:-10])
        case "longer":
            path.write_bytes(path.read_bytes() + b'[1, "x"]\n')
        case "missing":
            path.unlink()
        case "added":
            (folder / "more.jsonl").write_text("[]")
        case "emptied":
            (folder / "manifest.json").write_text("{}")

    assert load(tmp_path, SPACE) is None


def test_an_older_sound_one_is_better_than_a_broken_newer_one(tmp_path: Path) -> None:
    old = publish(tmp_path, made(1))
    kept = {name: (old / name).read_bytes() for name in list_files(old)}
    new = publish(tmp_path, made(2))
    old.mkdir()
    for name, content in kept.items():
        (old / name).write_bytes(content)
    (new / "lexical.jsonl").write_bytes(b"")

    again = load(tmp_path, SPACE)

    assert again is not None
    assert is_wholly(again, 1)
    assert _folders(tmp_path) == [old.name]


def test_another_encoder_does_not_get_these_vectors(tmp_path: Path) -> None:
    publish(tmp_path, made(1))
    assert load(tmp_path, Space("e" * 64, 8)) is None
    publish(tmp_path, made(1))
    assert load(tmp_path, SPACE, vectors=False) is None


def test_a_name_that_is_no_folder_name_stays_inside(tmp_path: Path) -> None:
    for name in ("../../etc", "..", "a/b", "", "x" * 300, "退货"):
        assert folder_of(tmp_path, "demo", name).parent == tmp_path / "index" / "demo"
    assert folder_of(tmp_path, "demo", "kb") != folder_of(tmp_path, "other", "kb")


@pytest.mark.slow
@pytest.mark.torture
def test_a_kill_at_any_step_leaves_the_old_or_the_new(root: Path, tmp_path: Path) -> None:
    def child(where: Path, step: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tests.core.retrieval.publishing_child", str(where), str(step)],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )

    publish(tmp_path / "whole", made(1))
    steps = int(child(tmp_path / "whole", 1_000_000).stdout)
    assert steps >= 15
    seen: set[int] = set()
    for number in range(ROUNDS):
        where = tmp_path / f"round{number}"
        publish(where, made(1))
        done = child(where, number * steps // ROUNDS)
        assert done.returncode == -signal.SIGKILL, done.stderr
        found = load(where, SPACE)
        assert found is not None
        assert is_wholly(found, found.generation)
        seen.add(found.generation)
        publish(where, made(3))
        assert [path.name for path in where.iterdir() if path.name.startswith(".part-")] == []
        assert len(_folders(where)) == 1

    assert seen == {1, 2}
