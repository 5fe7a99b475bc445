"""`make torture` runs every loop of faults, with the rounds it asks for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.source import ROOT, modules, tree

_VARIABLE = "COLONNADE_TORTURE_ROUNDS"
_LOOPS = [
    path
    for path in modules("tests")
    if path.name.startswith("test_")
    and path.name != Path(__file__).name
    and _VARIABLE in (ROOT / path).read_text(encoding="utf-8")
]


def _is_marked(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(one) == "pytest.mark.torture" for one in function.decorator_list)


@pytest.mark.parametrize("path", _LOOPS, ids=str)
def test_every_loop_of_rounds_is_marked(path: Path) -> None:
    tests = [
        node
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    loops = [
        node
        for node in tests
        if any(isinstance(name, ast.Name) and name.id == "ROUNDS" for name in ast.walk(node))
    ]

    assert loops, f"{path} reads {_VARIABLE} and no test of it counts to ROUNDS"
    assert [node.name for node in loops if not _is_marked(node)] == []


def test_make_torture_asks_for_hundreds_of_rounds() -> None:
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    recipe = lines[next(n for n, line in enumerate(lines) if line.startswith("torture:")) + 1]

    assert f"{_VARIABLE}=$(ROUNDS)" in recipe
    assert "-m torture" in recipe
    assert "ROUNDS ?= 200" in lines
    assert len(_LOOPS) >= 10
