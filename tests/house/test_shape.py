"""Files and functions stay small enough to read, and carry names that say what is inside."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.source import PACKAGES, ROOT, modules, tree

LONGEST_FILE, LONGEST_FUNCTION = 400, 40
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "stuff"}
ALLOWED = {Path("connectors/common")}

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_ALL = modules(*PACKAGES, "tools", "tests", "benchmarks")
_CODE = [path for path in _ALL if path.parts[0] != "tests"]


@pytest.mark.parametrize("path", _ALL, ids=str)
def test_no_file_is_too_long(path: Path) -> None:
    lines = (ROOT / path).read_text(encoding="utf-8").count("\n")

    assert lines <= LONGEST_FILE, f"{path} has {lines} lines: split it by meaning"


def _span(node: ast.stmt) -> int:
    return (node.end_lineno or 0) - node.lineno + 1


def _length(function: _Function) -> int:
    """Lines of a function without its docstring and the functions inside it, which count for themselves."""
    nested = [node for node in ast.walk(function) if isinstance(node, _Function) and node is not function]
    inner = [
        node for node in nested if not any(node in ast.walk(other) for other in nested if other is not node)
    ]
    first = function.body[0]
    docstring = _span(first) if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else 0
    return _span(function) - docstring - sum(_span(node) for node in inner)


@pytest.mark.parametrize("path", _CODE, ids=str)
def test_no_function_is_too_long(path: Path) -> None:
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, _Function)]

    long = {node.name: _length(node) for node in functions if _length(node) > LONGEST_FUNCTION}

    assert not long, f"{path}: {long}: split by meaning"


def test_no_module_has_a_name_that_says_nothing() -> None:
    named = {path.with_suffix("") for path in _CODE} | {parent for path in _CODE for parent in path.parents}

    empty = {path for path in named if path.name in EMPTY_NAMES} - ALLOWED

    assert not empty


def test_every_package_and_module_says_what_it_is_for() -> None:
    silent = [str(path) for path in _CODE if tree(path).body and not ast.get_docstring(tree(path))]

    assert not silent
