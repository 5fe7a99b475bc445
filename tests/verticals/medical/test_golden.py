"""The shipped starters and rules on golden cases written before them, by somebody who had not seen them.

The sealed half of the cases is opened once, by the release; here stands the open half.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import httpx
import pytest

from tests.system import System
from verticals.medical.evaluate import GoldenCase, Outcome, gate, golden_cases, golden_report

pytestmark = [pytest.mark.slow, pytest.mark.timeout(4000)]


def _run(system: System, *argv: str) -> str:
    command = [sys.executable, "-m", "api.cli", *argv]
    done = subprocess.run(command, env=system.environment, check=True, capture_output=True, text=True)
    return done.stdout


def _asked(client: httpx.Client, case: GoldenCase) -> Outcome:
    """Ask; where a value is refused, ask again without it, as whoever sends it would."""
    body: dict[str, Any] = {**case.payload, "lang": case.lang}
    reply = client.post("/v1/medical/triage", json=body)
    refused = reply.status_code == 422
    if refused:
        faulty = [error["pointer"].rpartition("/")[2] for error in reply.json()["errors"]]
        body["vitals"] = {name: value for name, value in body["vitals"].items() if name not in faulty}
        reply = client.post("/v1/medical/triage", json=body)
    said = reply.raise_for_status().json()
    assert said["faults"] == []
    return Outcome(said["urgency"], said["department"], said["abstained"], refused)


@pytest.fixture(scope="module")
def outcomes(system: System) -> list[Outcome]:
    """The demo tenant may have trained models of its own by now; a new one is served by the starters."""
    _run(system, "tenants", "create", "golden-medical")
    made = _run(system, "keys", "create", "--tenant", "golden-medical", "--scope", "medical:triage", "--json")
    headers = {"Authorization": f"Bearer {json.loads(made)['key']}"}
    with httpx.Client(base_url=system.base, headers=headers, timeout=300) as client:
        return [_asked(client, case) for case in golden_cases()]


def test_no_emergency_is_sent_away(outcomes: list[Outcome]) -> None:
    assert gate(golden_report(golden_cases(), outcomes)) == []


def test_the_calm_are_not_all_sent_to_the_emergency_department(outcomes: list[Outcome]) -> None:
    report = golden_report(golden_cases(), outcomes)
    assert report.by["calm"].over_triage.value <= 0.85


def test_an_impossible_vital_sign_was_refused(outcomes: list[Outcome]) -> None:
    assert any(outcome.refused for outcome in outcomes)
