"""The connector of docs/add-a-connector.md, built outside the tree, passes its tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.registry import find_connectors
from tests.contract.documented import build_package, run_its_tests


@pytest.mark.slow
def test_the_documented_connector_works(tmp_path: Path) -> None:
    package = build_package(Path(__file__).parents[2] / "docs" / "add-a-connector.md", tmp_path)
    done = run_its_tests(package)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_file_connector_is_found() -> None:
    from connectors.common.files import FileConnector

    assert find_connectors()["file"] is FileConnector
