"""The floors of docs/house.md hold; the contracts are in pyproject.toml under [tool.importlinter]."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.house.source import PACKAGES, ROOT

_LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*_LINT, "--no-cache"], cwd=folder, capture_output=True, text=True)


def _copy(folder: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "data"))


def test_the_floors_hold() -> None:
    run = _lint(ROOT)

    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]


def test_a_core_that_imports_a_web_framework_is_refused(tmp_path: Path) -> None:
    _copy(tmp_path)
    with (tmp_path / "core" / "records.py").open("a", encoding="utf-8") as module:
        module.write("\nimport fastapi\n")

    run = _lint(tmp_path)

    assert run.returncode == 1
    assert "The core knows no web framework BROKEN" in run.stdout


def test_a_stray_module_on_no_floor_is_refused(tmp_path: Path) -> None:
    _copy(tmp_path)
    (tmp_path / "core" / "helpers.py").write_text('"""Stray."""\n', encoding="utf-8")

    run = _lint(tmp_path)

    assert run.returncode == 1
    assert "a module that is on no floor fails BROKEN" in run.stdout
