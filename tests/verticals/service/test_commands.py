from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.bootstrap import Container
from core.errors import InvalidInput, Unavailable
from core.security.tenants import Tenants
from tests.verticals.service.conftest import RETURNS
from verticals.service.commands import commands

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def run(container: Container, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with --json and return what it printed."""
    app = commands(lambda: container.services)

    def call(*tokens: str) -> list[dict[str, Any]]:
        app([*tokens, "--json"], result_action="return_value", exit_on_error=False)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return call


def test_a_folder_is_ingested_once(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "help"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "returns.md").write_text(RETURNS)
    (folder / ".hidden").write_text("no")
    for _ in range(2):
        [row] = run("ingest", str(folder))
        assert (row["id"], row["version"]) == ("shop:returns.md", 1)
    [elsewhere] = run("ask", "Within how many days can I send a parcel back?", "--collection", "empty")
    assert (elsewhere["action"], elsewhere["citations"]) == ("abstain", [])


def test_who_is_given_content_is_a_tenant(run: Run, container: Container, tmp_path: Path) -> None:
    (tmp_path / "hours.txt").write_text("Open from nine to five.")
    run("ingest", str(tmp_path / "hours.txt"), "--tenant", "shop-7")
    assert "shop-7" in [each.id for each in Tenants(container.storage).list()]


def test_a_question_is_answered_as_a_customers_would_be(run: Run, container: Container) -> None:
    container.use_cases["service"].templates.put(
        "demo", "shop_coupon", en="In the basket.", zh=None, actor="test"
    )
    [reply] = run("ask", "my voucher fails")
    assert (reply["action"], reply["text"], reply["source"]) == ("answer", "In the basket.", "template")
    assert container.use_cases["service"].conversations.list("demo") == []


def test_files_that_cannot_be_read_are_told_and_the_others_taken(
    container: Container, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Tenants(container.storage).ensure("demo")
    (tmp_path / "a.exe").write_bytes(b"\x00\x01")
    (tmp_path / "b.txt").write_text("Open from nine to five.")
    app = commands(lambda: container.services)
    with pytest.raises(Unavailable, match="1 of the files"):
        app(
            ["ingest", str(tmp_path / "a.exe"), str(tmp_path / "b.txt")],
            result_action="return_value",
            exit_on_error=False,
        )
    said = capsys.readouterr().out
    assert "are not read" in said
    assert "id=b.txt" in said


def test_what_is_not_there_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no"):
        run("ingest", str(tmp_path / "none"))
    with pytest.raises(InvalidInput, match="No file"):
        run("ingest")
    with pytest.raises(InvalidInput, match="either a text or a file"):
        run("intents")


def test_intents_of_a_text_and_of_a_file(run: Run, tmp_path: Path) -> None:
    [said] = run("intents", "my voucher fails")
    assert (said["intent"], said["out_of_scope"]) == ("shop_coupon", False)
    file = tmp_path / "mails.csv"
    file.write_text("text\n我要退货\nwho won\n", encoding="utf-8")
    assert [row["intent"] for row in run("intents", "--in", str(file))] == [
        "shop_return_item",
        "out_of_scope",
    ]


def test_retrieval_is_measured_on_files_of_ones_own(run: Run, tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text(
        '{"_id": "a", "text": "parcels"}\n{"_id": "b", "text": "invoices"}\n'
    )
    (tmp_path / "queries.jsonl").write_text('{"_id": "1", "text": "parcels"}\n')
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\ta\t1\n")
    names = {"--corpus": "corpus.jsonl", "--queries": "queries.jsonl", "--qrels": "qrels.tsv"}
    [figures] = run("eval-retrieval", *(part for k, v in names.items() for part in (k, str(tmp_path / v))))
    assert figures["hybrid"].items() >= {"ndcg@10": 1.0, "recall@10": 1.0}.items()
