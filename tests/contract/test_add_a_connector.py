"""docs/add-a-connector.md ("add-a-connector.md"): its table is true, its connector passes its tests."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest

from core.collecting.factories import Factories
from core.net.client import SafeClient
from core.registry import find_connectors
from tests.contract.documented import build_package, run_its_tests

PAGE = Path(__file__).parents[2] / "docs" / "add-a-connector.md"
_ROW = re.compile(r"^\| `(\w+)` \|[^|]*\| ([^|]*) \|", re.MULTILINE)
_NOT_GIVEN = {"self", "client", "clock", "secret"}


@pytest.mark.slow
def test_the_documented_connector_works(tmp_path: Path) -> None:
    package = build_package(PAGE, tmp_path)
    done = run_its_tests(package)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_file_connector_is_found() -> None:
    from connectors.common.files import FileConnector

    assert find_connectors()["file"] is FileConnector


def test_every_connector_stands_in_the_table_with_its_keys() -> None:
    told = {
        kind: set(re.findall(r"\w+", keys)) - {"or"} for kind, keys in _ROW.findall(PAGE.read_text("utf-8"))
    }
    ours = {
        kind: set(inspect.signature(found.__init__).parameters) - _NOT_GIVEN
        for kind, found in find_connectors().items()
        if found.__module__.startswith("connectors.")
    }
    assert told == ours


def test_the_keys_that_are_needed_are_bold() -> None:
    told = {
        kind: set(re.findall(r"\*\*(\w+)\*\*", keys)) for kind, keys in _ROW.findall(PAGE.read_text("utf-8"))
    }
    ours = {
        kind: {
            each.name
            for each in inspect.signature(found.__init__).parameters.values()
            if each.default is each.empty
        }
        - _NOT_GIVEN
        for kind, found in find_connectors().items()
        if kind in told
    }
    assert told == ours


def test_the_connection_that_is_shown_can_be_made(tmp_path: Path) -> None:
    shown = re.search(r"-d '(\{.*\})'", PAGE.read_text("utf-8"))
    assert shown is not None
    body = json.loads(shown[1])
    client = SafeClient([], timeout=1, max_bytes=1)
    factories = Factories(find_connectors(), tmp_path, offered={"client": client})
    factories.check("demo", body["kind"], body["config"], name=body["name"], secret=None, trusted=False)
