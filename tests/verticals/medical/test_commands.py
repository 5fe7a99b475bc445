from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from cyclopts import App

from core.errors import InvalidInput
from tests.verticals.medical.conftest import Parts
from verticals.medical.commands import commands


@pytest.fixture
def app(parts: Parts) -> App:
    return commands(lambda: parts.services)


def run(app: App, *tokens: str) -> object:
    return app(list(tokens), result_action="return_value", exit_on_error=False)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_text(app: App, parts: Parts, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, "triage", "Crushing chest pain, sweating [b]", "--json") == 0
    [said] = lines(capsys)
    assert said["urgency"] in {1, 2}
    assert parts.medical.reviews.get("demo", str(said["review_id"]))
    assert run(app, "triage", "Crushing chest pain, sweating") == 0
    assert "not a diagnosis" in capsys.readouterr().out


def test_rows_of_a_csv(app: App, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "ward.csv"
    rows = [
        "id,text,age,sex,pregnant,heart_rate,temperature,vitals,conditions",
        'a,胸痛半小时，大汗,60,男,,150,38.5,"{""spo2"": 84}",',
        "b,擦伤一点皮，不疼,30,女,否,,,,哮喘；糖尿病",
        "c,chest pain,60,male,,0,,,",
        "d,chest pain,old,male,,,,,",
        "e,chest pain,60,male,,,,not json,",
    ]
    file.write_bytes("\n".join(row.replace("，", " ") for row in rows).encode("gbk"))
    assert run(app, "triage", "--in", str(file), "--json") == 1
    first, second, *refused = lines(capsys)
    assert (first["id"], second["id"]) == ("a", "b")
    assert isinstance(first["urgency"], int)
    assert first["urgency"] <= 2
    pointers = [each["errors"][0]["pointer"] for each in refused]  # type: ignore[index]
    assert pointers == ["/vitals/heart_rate", "/age", "/vitals"]
    assert run(app, "triage", "--in", str(file)) == 1
    assert "refused" in capsys.readouterr().out


def test_standard_input(
    app: App, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"id": 7, "text": "Short of breath at rest", "age": 70, "vitals": {"spo2": 85}},
        {"text": "a small graze on the knee"},
        {"text": "\u200b"},
    ]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(map(json.dumps, rows))))
    assert run(app, "triage", "--in", "-", "--json") == 1
    first, second, third = lines(capsys)
    assert first["id"] == 7
    assert first["urgency"] != second["urgency"]
    assert third["errors"] == [{"pointer": "/text", "detail": "holds only blanks or invisible characters"}]


@pytest.mark.parametrize("tokens", [[], ["text", "--in", "file.csv"]])
def test_one_source_is_needed(app: App, tokens: list[str]) -> None:
    with pytest.raises(InvalidInput, match="either a text or a file"):
        run(app, "triage", *tokens)


def test_erase(app: App, parts: Parts, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "ward.jsonl"
    file.write_text(json.dumps({"text": "chest pain", "encounter_id": "visit-3"}), "utf-8")
    run(app, "triage", "--in", str(file), "--json")
    [said] = lines(capsys)
    assert run(app, "erase", "visit-3", "--json") is None
    assert lines(capsys) == [{"erased": 1}]
    assert parts.medical.reviews.get("demo", str(said["review_id"]))[1] is None
