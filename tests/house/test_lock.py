"""The lock pins and hashes everything, names no machine, and leaves torch to requirements/torch.txt."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.source import ROOT

_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = {"lock.txt": ("cpu", "postgres"), "dev.txt": ("cpu", "postgres", "dev")}


def _read(name: str) -> str:
    return (ROOT / "requirements" / name).read_text(encoding="utf-8")


def _pins(name: str) -> dict[str, set[str]]:
    """Package -> the versions it is pinned to, one for each range of Pythons."""
    pins: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", _read(name), re.MULTILINE):
        pins.setdefault(canonicalize_name(package), set()).add(version)
    return pins


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_is_a_pin_or_a_hash(name: str) -> None:
    entry = re.compile(r"[\w.-]+==[^\s;\\]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")
    lines = [line for line in _read(name).splitlines() if line and not line.startswith("#")]

    wrong = [line for line in lines if not entry.fullmatch(line)]

    assert lines
    assert not wrong
    assert not re.search(r"://|--index|--find-links|file:", _read(name))


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(name: str) -> None:
    entries = re.split(r"\n(?=\w)", _read(name))

    assert all("--hash=sha256:" in entry for entry in entries if "==" in entry.partition("\n")[0])


@pytest.mark.parametrize("name", LOCKS)
def test_neither_torch_nor_what_its_cuda_build_brings_is_in_the_lock(name: str) -> None:
    heavy = [package for package in _pins(name) if re.match(r"torch$|triton|nvidia|cuda|faiss-gpu", package)]

    assert not heavy


@pytest.mark.parametrize(("name", "extras"), LOCKS.items())
def test_everything_that_the_project_asks_for_is_locked_in_a_version_it_allows(
    name: str, extras: tuple[str, ...]
) -> None:
    optional = _PROJECT["project"]["optional-dependencies"]
    wanted = [Requirement(line) for line in _PROJECT["project"]["dependencies"]]
    wanted += [Requirement(line) for extra in extras for line in optional[extra]]
    pins = _pins(name)

    missing = [
        str(requirement)
        for requirement in wanted
        if requirement.name != "torch"
        and not all(
            version in requirement.specifier
            for version in pins.get(canonicalize_name(requirement.name), {"0"})
        )
    ]

    assert not missing, "run `make lock`"


def test_the_development_lock_adds_to_the_run_lock_and_changes_nothing_in_it() -> None:
    run, dev = _pins("lock.txt"), _pins("dev.txt")

    assert {name: dev.get(name) for name in run} == run


def test_torch_is_pinned_exactly_and_above_the_known_holes() -> None:
    lines = [line for line in _read("torch.txt").splitlines() if not line.startswith("#")]

    assert len(lines) == 1
    pin = re.fullmatch(r"torch==(\d+)\.(\d+)\.\d+", lines[0])
    assert pin is not None
    assert (int(pin[1]), int(pin[2])) >= (2, 10)


def test_what_torch_needs_is_told_as_its_installed_wheel_tells_it() -> None:
    from importlib.metadata import requires

    metadata = {entry["name"]: entry for entry in _PROJECT["tool"]["uv"]["dependency-metadata"]}["torch"]
    told = {Requirement(line).name for line in metadata["requires-dist"]}
    needed = [Requirement(line) for line in requires("torch") or []]
    plain = {wanted.name for wanted in needed if wanted.marker is None}

    assert _read("torch.txt").strip().endswith(f"torch=={metadata['version']}")
    assert plain <= told


def test_the_two_faiss_extras_exclude_each_other() -> None:
    optional = _PROJECT["project"]["optional-dependencies"]
    pair = [{"extra": "cpu"}, {"extra": "gpu"}]

    assert pair in _PROJECT["tool"]["uv"]["conflicts"]
    assert [Requirement(line).name for line in optional["cpu"]] == ["faiss-cpu"]
    assert [Requirement(line).name for line in optional["gpu"]] == ["faiss-gpu"]


def test_exactly_one_package_installs_the_module_faiss() -> None:
    from importlib.metadata import packages_distributions

    assert set(packages_distributions()["faiss"]) == {"faiss-cpu"}, "uninstall one: they overwrite each other"
