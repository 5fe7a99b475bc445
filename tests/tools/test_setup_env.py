"""Set-up: refuses what it cannot serve, resumes what was interrupted, and does nothing twice."""

from __future__ import annotations

import ast
import fcntl
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.house.source import ROOT
from tools import setup_env
from tools.setup_env import SetupError, check_python, stamp_of, sweep, torch_requirement

_SCRIPT = ROOT / "tools" / "setup_env.py"


@pytest.mark.parametrize("version", [(2, 7), (3, 10), (3, 15), (4, 0)])
def test_a_python_that_the_lock_cannot_serve_is_refused_with_one_line(version: tuple[int, int]) -> None:
    with pytest.raises(SetupError, match=r"PYTHON=python3\.11") as refusal:
        check_python(version)

    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13), (3, 14)])
def test_a_python_that_the_lock_serves_is_taken(version: tuple[int, int]) -> None:
    check_python(version)


def test_an_old_python_can_read_the_script_far_enough_to_be_refused() -> None:
    ast.parse(_SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 7))


def test_torch_is_the_one_pinned_line() -> None:
    assert re.fullmatch(r"torch==\d+\.\d+\.\d+", torch_requirement())


def test_the_stamp_tells_kinds_of_environments_apart() -> None:
    stamps = {stamp_of(dev=dev, editable=editable) for dev in (True, False) for editable in (True, False)}

    assert len(stamps) == 4
    assert stamp_of(dev=True, editable=True) in stamps


def _install(site: Path, name: str, *, finished: bool) -> Path:
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "RECORD").write_text(f"{name}.py,,\n", encoding="utf-8")
    if finished:
        (info / "RECORD").write_text(f"{name}.py,,\n{info.name}/INSTALLER,,\n", encoding="utf-8")
    return info


def test_what_pip_was_writing_when_it_was_killed_is_swept_away(tmp_path: Path) -> None:
    whole, half = _install(tmp_path, "whole", finished=True), _install(tmp_path, "half", finished=False)
    bare = tmp_path / "bare-1.0.dist-info"
    bare.mkdir()
    (tmp_path / "~alf").mkdir()

    swept = sweep(tmp_path)

    assert set(swept) == {half.name, bare.name, "~alf"}
    assert sorted(tmp_path.iterdir()) == [whole]


def test_this_environment_would_survive_a_sweep(tmp_path: Path) -> None:
    site = Path(pytest.__file__).parent.parent
    for info in site.glob("*.dist-info"):
        copied = tmp_path / info.name
        copied.mkdir()
        shutil.copy(info / "RECORD", copied)

    assert sweep(tmp_path) == []


def test_a_half_made_environment_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "env"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (folder / "bin" / "python").chmod(0o755)

    setup_env.Environment(folder, lock=-1, say=lambda _line: None).create()

    probe = [folder / "bin" / "python", "-c", "import pip"]
    assert subprocess.run(probe).returncode == 0


def _checkout(folder: Path) -> Path:
    """A small project in the place of ours: one pinned package (none), and itself."""
    (folder / "tools").mkdir(parents=True)
    (folder / "requirements").mkdir()
    shutil.copy(_SCRIPT, folder / "tools")
    (folder / "requirements" / "torch.txt").write_text("# pinned\ntorch==0.0.1\n", encoding="utf-8")
    (folder / "requirements" / "lock.txt").write_text("", encoding="utf-8")
    (folder / "pyproject.toml").write_text("[project]\nname = 'x'\nversion = '1'\n", encoding="utf-8")
    return folder


def _run(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, checkout / "tools" / "setup_env.py", "--dependencies-only"],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"},
    )


def test_a_failure_of_pip_is_one_line_that_names_the_log(tmp_path: Path) -> None:
    checkout = _checkout(tmp_path / "checkout")

    run = _run(checkout)

    assert run.returncode == 1
    assert "[2/3] torch==0.0.1" in run.stdout
    assert len(run.stderr.splitlines()) == 1
    assert "No matching distribution found for torch==0.0.1" in run.stderr
    assert "setup.log" in run.stderr
    assert not list((checkout / ".venv").glob(".colonnade-*"))


def test_a_stamped_environment_is_left_alone(tmp_path: Path) -> None:
    checkout = _checkout(tmp_path / "checkout")
    venv.create(checkout / ".venv", with_pip=False)
    code = "from tools.setup_env import stamp_of; print(stamp_of(dev=False, editable=True), end='')"
    stamp = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True
    )
    (checkout / ".venv" / ".colonnade-run").write_text(stamp.stdout, encoding="utf-8")

    run = _run(checkout)

    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_two_set_ups_at_once_wait_for_each_other(tmp_path: Path) -> None:
    checkout = _checkout(tmp_path / "checkout")
    script = checkout / "tools" / "setup_env.py"
    with (checkout / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(timeout=1.5)
        waiting.kill()
        waiting.communicate()

    assert not (checkout / ".venv").exists()
