"""The command line in this process, with the tiny encoder and a data folder of its own."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.cli import run
from core.settings import Settings
from core.testing.weights import pretrained, tiny_settings
from tests.core.training import toy

__all__ = ["pretrained", "tiny_settings"]


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The one JSON object on stdout."""
        assert self.code == 0, self.err
        (line,) = self.out.splitlines()
        return json.loads(line)

    def complaint(self) -> str:
        """The one line that a failure writes; nothing on stdout."""
        assert self.code != 0
        assert self.out == ""
        (line,) = self.err.splitlines()
        assert line.startswith("colonnade: ")
        assert "Unexpected" not in line
        return line


Cli = Callable[..., Ran]


@pytest.fixture
def environment(tiny_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables that make a command use the tiny encoder; they are set."""
    values = {
        "COLONNADE_DATA": str(tiny_settings.data),
        "COLONNADE_CACHE": str(tiny_settings.cache),
        "COLONNADE_ENCODER": "tiny",
        "COLONNADE_THREADS": "1",
        "COLONNADE_DEVICE": "cpu",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


@pytest.fixture
def cli(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cli:
    """Return a function that runs `colonnade …` and tells how it ended."""

    def call(*argv: str | Path, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = run([str(each) for each in argv])
        written = capsys.readouterr()
        return Ran(code, written.out, written.err)

    return call


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A labelled CSV."""
    toy.frame(toy.single()).to_csv(tmp_path / "mood.csv", index=False)
    return tmp_path / "mood.csv"


@pytest.fixture
def model(cli: Cli, rows: Path, tmp_path: Path) -> dict[str, Any]:
    """What `train my.mood` reported; the artefact was copied to `model`."""
    done = cli("train", "my.mood", "--data", rows, "--method", "head", "--out", tmp_path / "model", "--json")
    return dict(done.json())
