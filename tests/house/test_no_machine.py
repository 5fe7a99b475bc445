"""Nothing of the machine it was written on is in the repository: paths, registries, secrets, weights."""

from __future__ import annotations

import re
from pathlib import Path

from tests.house.source import ROOT, tracked

_PATTERNS = {
    "a path of one machine": re.compile(
        r"(?<![\w/.$}-])/(?:home|root|Users|work|mnt|opt/(?:wheels|pypi))/\w"
    ),
    "a scratch folder": re.compile(r"(?<![\w/.$}-])/tmp/\w+/\w"),
    "a package registry's address": re.compile(r"(?:files\.pythonhosted|pypi\.org|download\.pytorch)"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
}
_BINARY = {
    ".safetensors",
    ".bin",
    ".npz",
    ".npy",
    ".pt",
    ".pth",
    ".pkl",
    ".onnx",
    ".whl",
    ".gguf",
    ".parquet",
}
_LARGEST = 1_000_000


def _findings(path: Path) -> list[str]:
    try:
        text = (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return []
    return [
        f"{path}: {what}: {hit[0]}" for what, pattern in _PATTERNS.items() if (hit := pattern.search(text))
    ]


def test_no_file_names_the_machine_it_was_written_on() -> None:
    here = Path(__file__).relative_to(ROOT)

    findings = [finding for path in tracked() if path != here for finding in _findings(path)]

    assert not findings


def test_no_weights_and_no_large_files_are_committed() -> None:
    heavy = [
        str(path) for path in tracked() if path.suffix in _BINARY or (ROOT / path).stat().st_size > _LARGEST
    ]

    assert not heavy
