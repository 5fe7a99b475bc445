"""Builds the package that a page of the documentation shows, file by file, and installs it into a folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

_FILE = re.compile(r"^\*\*`(?P<name>[^`]+)`\*\*\n\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


_METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"


def files_of(page: Path) -> dict[str, str]:
    """Return the files that stand on a page: name to text."""
    return {match["name"]: match["text"] for match in _FILE.finditer(page.read_text("utf-8"))}


def build_package(page: Path, folder: Path) -> Path:
    """Write the files of a page into `folder` and make a distribution of them, as pip would; offline."""
    for name, text in files_of(page).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(_METADATA.format(**project))
    sections = (
        "\n".join([f"[{group}]", *(f"{name} = {value}" for name, value in points.items())])
        for group, points in project["entry-points"].items()
    )
    (info / "entry_points.txt").write_text("\n\n".join(sections) + "\n")
    return folder


def run_python(arguments: Sequence[str], package: Path) -> subprocess.CompletedProcess[str]:
    """Run a new interpreter that sees the package beside everything that this one sees."""
    seen = [str(package), *(entry for entry in sys.path if entry)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(seen), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=package,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def run_its_tests(package: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the package's own tests, warnings as errors."""
    always = ["-W", "error", "-q", "-p", "no:cacheprovider", f"--basetemp={package / 'tmp'}"]
    return run_python(["-m", "pytest", *always, *options, "tests"], package)
