from __future__ import annotations

import subprocess
import sys

import pytest

from core.registry import find_connectors

KINDS = {"edgar", "feed", "file", "folder", "kafka", "nats", "replay", "sql"}
READ_THE_INSIDE = KINDS - {"edgar", "feed"}
HEAVY = ("feedparser", "nats", "confluent_kafka", "sqlalchemy", "pyarrow", "defusedxml", "pandas", "lxml")


def test_every_connector_is_found() -> None:
    assert set(find_connectors()) >= KINDS


def test_those_that_reach_behind_the_safe_client_say_so() -> None:
    found = find_connectors()
    assert {kind for kind in KINDS if getattr(found[kind], "local", False)} == READ_THE_INSIDE


@pytest.mark.parametrize("library", HEAVY)
def test_finding_them_loads_no_heavy_library(library: str) -> None:
    # core.registry itself knows the verticals' type, which brings the database layer with it.
    check = (
        "import sys, core.registry; before = set(sys.modules); core.registry.find_connectors();"
        f"sys.exit({library!r} in set(sys.modules) - before)"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
