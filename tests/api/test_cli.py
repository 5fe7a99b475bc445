"""The command line: exit codes, one-line errors, JSON for programs, an empty COLONNADE_DATA."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from api.cli import run
from core.security.keys import Keys
from core.security.secrets import load_secret
from core.settings import Settings
from core.storage.engine import Storage

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def _ok(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    code = run(argv)
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return captured.out


def _fails(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    code = run(argv)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1, captured.err
    assert captured.err.startswith("colonnade: ")
    return code, captured.err


def test_a_key_made_on_an_empty_folder_is_good(capsys: pytest.CaptureFixture[str]) -> None:
    made = json.loads(_ok(capsys, "keys", "create", "--scope", "predict", "--scope", "jobs:read", "--json"))

    settings = Settings()
    with Storage.open(settings.resolved_database_url) as storage:
        caller = Keys(storage, load_secret(settings)).authenticate(made["key"])
    assert (caller.tenant, caller.scopes) == ("demo", {"predict", "jobs:read"})
    assert settings.data.stat().st_mode & 0o077 == 0


def test_the_plain_form_prints_the_key_alone_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert _ok(capsys, "keys", "create", "--scope", "predict").strip().startswith("col_live_")


def test_keys_are_listed_as_json_lines_and_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    made = [json.loads(_ok(capsys, "keys", "create", "--scope", "predict", "--json"))["id"] for _ in range(2)]

    _ok(capsys, "keys", "revoke", made[0])

    rows = [json.loads(line) for line in _ok(capsys, "keys", "list", "--json").splitlines()]
    assert {row["id"]: row["revoked_at"] is not None for row in rows} == {made[0]: True, made[1]: False}
    assert made[1] in _ok(capsys, "keys", "list")


def test_tenants_from_making_to_deleting(capsys: pytest.CaptureFixture[str]) -> None:
    _ok(capsys, "tenants", "create", "acme", "--name", "Acme & Söhne 公司")
    _ok(capsys, "keys", "create", "--tenant", "acme", "--scope", "predict")
    uploads = Settings().data / "datasets" / "acme"
    uploads.mkdir(parents=True)

    assert "Acme & Söhne 公司" in _ok(capsys, "tenants", "list")
    assert _fails(capsys, "tenants", "delete", "acme")[0] == 1
    assert "suspend" in _fails(capsys, "tenants", "delete", "acme", "--yes")[1]
    _ok(capsys, "tenants", "suspend", "acme")
    assert json.loads(_ok(capsys, "tenants", "delete", "acme", "--yes", "--json"))["deleted"] is True
    assert not uploads.exists()
    assert _ok(capsys, "tenants", "list", "--json") == ""
    assert _fails(capsys, "keys", "list", "--tenant", "acme")[0] == 1


def test_models_of_an_empty_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert _ok(capsys, "models", "list", "--json") == ""
    for argv in (("show", "m-1"), ("promote", "m-1"), ("rollback", "finance.sentiment")):
        assert _fails(capsys, "models", *argv)[0] == 1


@pytest.mark.parametrize(
    "argv",
    [
        ("nonsense",),
        ("keys", "nonsense"),
        ("keys", "create"),
        ("keys", "create", "--scope"),
        ("serve", "--port", "many"),
        ("config", "--no-such-option"),
        ("models", "promote"),
    ],
)
def test_bad_usage_exits_2_with_one_line(capsys: pytest.CaptureFixture[str], argv: tuple[str, ...]) -> None:
    code, told = _fails(capsys, *argv)

    assert code == 2
    assert "--help" in told


@pytest.mark.parametrize(
    ("argv", "option"),
    [
        (("trends", "--topic", "nonsense"), "--topic"),
        (("trends", "--entity", "nonsense"), "--entity"),
        (("trends", "--from", "yesterday"), "--from"),
        (("trends", "--from", "2026-11-21", "--to", "2026-11-20"), "--from"),
        (("trends", "--window", "2h"), "--window"),
        (("alerts", "list", "--state", "gone"), "--state"),
        (("alerts", "--severity", "grave"), "--severity"),
        (("alerts", "--limit", "0"), "--limit"),
        (("alerts", "--rule", "rule_x"), "--rule"),
        (("alerts", "--entity", "nonsense"), "--entity"),
        (("alerts", "silence", "alert_x", "--minutes", "0"), "--minutes"),
    ],
)
def test_an_option_that_cannot_be_is_bad_usage(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], option: str
) -> None:
    code, told = _fails(capsys, "finance", *argv)

    assert (code, option in told, "query:" in told) == (2, True, False), told


@pytest.mark.parametrize(
    "argv",
    [
        ("keys", "create", "--scope", "BAD SCOPE"),
        ("keys", "create", "--scope", "predict", "--expires", "2999-01-01T00:00:00"),
        ("keys", "create", "--scope", "predict", "--tenant", "nobody"),
        ("keys", "revoke", "nothing"),
        ("tenants", "create", "_system"),
        ("models", "pull", "no-such-weights"),
    ],
)
def test_a_failure_exits_1_with_one_line(capsys: pytest.CaptureFixture[str], argv: tuple[str, ...]) -> None:
    assert _fails(capsys, *argv)[0] == 1


def test_a_wrong_setting_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLONNADE_PORT", "99999")

    code, told = _fails(capsys, "config")

    assert code == 1
    assert "COLONNADE_PORT" in told


def test_config_hides_secrets_and_says_where_values_come_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLONNADE_SECRET", "hunter2-hunter2-hunter2")
    monkeypatch.setenv("COLONNADE_DATABASE_URL", "postgresql://me:hunter2@db/x")

    out = _ok(capsys, "config", "--json")

    rows = {row["setting"]: row for row in map(json.loads, out.splitlines())}
    assert "hunter2" not in out
    assert "hunter2" not in _ok(capsys, "config")
    assert rows["COLONNADE_SECRET"]["from"] == "environment"
    assert (rows["COLONNADE_PORT"]["value"], rows["COLONNADE_PORT"]["from"]) == ("8000", "default")
    assert rows.keys() == {f"COLONNADE_{field.upper()}" for field in Settings.model_fields}


PARTS = {"python", "sqlite", "disk", "threads", "verticals", "database", "weights", "models"}


def test_doctor_looks_at_every_part_and_fails_for_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLONNADE_THREADS", "4096")

    assert run(["doctor", "--json"]) == 1
    rows = {row["check"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert rows.keys() == PARTS
    assert rows["python"]["ok"]
    assert rows["sqlite"]["ok"]
    assert rows["database"]["ok"]
    assert not rows["threads"]["ok"]
    assert "COLONNADE_THREADS" in rows["threads"]["detail"]


def test_doctor_tells_of_a_database_that_cannot_be_opened(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLONNADE_DATABASE_URL", "mysql://nowhere")

    assert run(["doctor", "--json"]) == 1
    rows = {row["check"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert not rows["database"]["ok"]
    assert "sqlite:///" in rows["database"]["detail"]


_HELP = """
import sys
from api.cli import run
code = run(["--help"])
heavy = {"torch", "transformers", "sentence_transformers", "spacy", "pandas", "sklearn", "granian", "fastapi"}
print(code, sorted(heavy & set(sys.modules)))
"""


def test_help_lists_every_command_and_loads_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", _HELP], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "0 []"
    names = "up serve worker config doctor tenants keys models train evaluate predict"
    for name in names.split():
        assert name in done.stdout


def test_a_reader_that_leaves_is_no_traceback() -> None:
    done = subprocess.run(
        f"{sys.executable} -m api.cli config --json | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
