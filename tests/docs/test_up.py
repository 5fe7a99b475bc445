"""`make up` after set-up: what it prints works, Ctrl-C stops it, and a second start finds all done."""

from __future__ import annotations

import json
import re
import shlex
import stat
import subprocess
from pathlib import Path

import httpx
import pytest

from core.registry import find_verticals
from tests.system import ROOT, System, bring_up, key_in, stop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(4000)]


def _curl_lines(said: str) -> list[str]:
    return [line.strip() for line in said.splitlines() if line.strip().startswith("curl ")]


def test_the_printed_lines_work_as_they_stand(system: System) -> None:
    shown = [(v.name, e) for v in find_verticals() for e in v.examples if e.shown]
    lines = _curl_lines(system.said)

    answers = [subprocess.run(shlex.split(line), capture_output=True, check=True).stdout for line in lines]

    assert {name for name, _ in shown} == {"finance", "medical", "recommend", "service"}
    for (_, example), line, answer in zip(shown, lines, answers, strict=True):
        assert example.path in line
        assert json.loads(answer).keys() >= set(example.expect), answer


def test_the_addresses_it_prints_answer(system: System) -> None:
    addresses = re.findall(r"http://\S+/docs", system.said)

    assert addresses
    assert all(httpx.get(address).status_code == 200 for address in addresses)
    assert httpx.get(f"{system.base}/readyz").status_code == 200


def test_the_key_lies_in_a_file_that_only_its_owner_reads(system: System) -> None:
    path = Path(system.environment["COLONNADE_DATA"]) / "demo.key"

    assert path.read_text(encoding="utf-8").strip() == key_in(system.said)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_key_is_no_administrator(system: System) -> None:
    headers = {"Authorization": f"Bearer {key_in(system.said)}"}

    assert httpx.get(f"{system.base}/v1/tenants", headers=headers).status_code == 403


def test_a_second_start_trains_nothing_and_keeps_the_key(system: System, tmp_path: Path) -> None:
    data = Path(system.environment["COLONNADE_DATA"])
    before = sorted((data / "models").rglob("manifest.json"))

    process, again = bring_up(data, tmp_path / "again")

    assert stop(process) == 0
    assert key_in(again.said) == key_in(system.said)
    assert sorted((data / "models").rglob("manifest.json")) == before
    assert before


def test_a_taken_port_is_told_before_anything_is_done(system: System, tmp_path: Path) -> None:
    port = system.base.rpartition(":")[2]
    data = tmp_path / "new"

    run = subprocess.run(
        ["colonnade", "up", "--port", port],
        cwd=ROOT,
        env={**system.environment, "COLONNADE_DATA": str(data)},
        capture_output=True,
        text=True,
    )

    assert run.returncode == 1
    assert run.stderr.startswith(f"colonnade: Cannot listen on 127.0.0.1:{port}")
    assert len(run.stderr.splitlines()) == 1
    assert not data.exists()
