"""The shipped starter and help centre on golden cases that were written before them, by somebody else.

The floors lie some points below what was measured (docs/benchmarks.md).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openai import OpenAI

from core.records import Answer, Citation
from tests.system import System, key_in
from verticals.service.evaluate import answer_report, golden_answers, golden_intents, intent_report

pytestmark = [pytest.mark.slow, pytest.mark.timeout(4000)]


def _key_of_a_new_tenant(system: System) -> str:
    """A tenant with the help centre alone: no approved answer stands before the documents."""

    def run(*argv: str) -> str:
        command = [sys.executable, "-m", "api.cli", *argv]
        return subprocess.run(
            command, env=system.environment, check=True, capture_output=True, text=True
        ).stdout

    run("tenants", "create", "golden-service")
    scopes = [part for name in ("read", "write", "chat") for part in ("--scope", f"service:{name}")]
    return str(json.loads(run("keys", "create", "--tenant", "golden-service", *scopes, "--json"))["key"])


@pytest.fixture(scope="module")
def http(system: System) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {_key_of_a_new_tenant(system)}"}
    with httpx.Client(base_url=system.base, headers=headers, timeout=300) as client:
        yield client


@pytest.fixture(scope="module")
def texts(http: httpx.Client) -> dict[str, str]:
    """The help centre, put document by document; the text of each by its id."""
    from verticals.service.recipe import DATA

    for row in json.loads((DATA / "help" / "index.json").read_text("utf-8")):
        file = DATA / "help" / row["file"]
        form = {"file": (file.name, file.read_bytes())}
        put = http.post("/v1/service/documents", files=form, data={"id": row["id"], "title": row["title"]})
        assert put.status_code == 201, put.text
    listed = http.get("/v1/service/documents", params={"limit": 200}).json()["data"]
    return {row["id"]: http.get(f"/v1/service/documents/{row['id']}").json()["text"] for row in listed}


def _answered(http: httpx.Client, question: str) -> Answer:
    body = {"messages": [{"role": "user", "content": question}]}
    said: dict[str, Any] = http.post("/v1/chat/completions", json=body).raise_for_status().json()
    citations = tuple(Citation(**each) for each in said["citations"])
    return Answer(said["choices"][0]["message"]["content"], citations, said["confidence"], not citations)


def test_intents_in_scope_and_out_of_it(http: httpx.Client) -> None:
    cases = golden_intents()
    body = {"texts": [case.text for case in cases]}
    said = http.post("/v1/service/intents", json=body).raise_for_status().json()["data"]
    report = intent_report(cases, [each["intent"] for each in said])
    assert report.passes, report


def test_answers_cite_the_right_place_or_are_not_given(http: httpx.Client, texts: dict[str, str]) -> None:
    cases = golden_answers()
    said = [_answered(http, case.question) for case in cases]
    for each in said:
        for citation in each.citations:
            assert texts[citation.document_id][citation.start : citation.end] == citation.quote
    report = answer_report(cases, said, texts)
    assert report.precision >= 0.45, report
    assert report.abstained >= 0.75, report
    assert report.answered >= 0.15, report


def test_a_fresh_demo_tenant_answers_the_official_client(system: System) -> None:
    with OpenAI(base_url=f"{system.base}/v1", api_key=key_in(system.said), max_retries=0) as client:
        said = client.chat.completions.create(
            model="colonnade-service", messages=[{"role": "user", "content": "银行卡丢了怎么办？"}]
        )
    assert said.model_extra is not None
    assert said.model_extra["action"] == "answer"
    assert "冻结" in str(said.choices[0].message.content)
