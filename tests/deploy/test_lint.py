"""The container files are linted, and hold what a linter does not look for.

No container engine is assumed, here or in continuous integration: nothing here builds or runs an image.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY, compose, dockerfile, of, variables
from tests.house.source import ROOT, tracked

_BIN = Path(sys.executable).parent
_YAMLLINT = "{extends: default, rules: {line-length: {max: 120}, document-start: disable}}"
_SERVICE_KEYS = {
    "image", "build", "restart", "stop_grace_period", "init", "read_only", "tmpfs", "cap_drop",
    "security_opt", "volumes", "command", "ports", "profiles", "environment", "depends_on", "healthcheck",
}  # fmt: skip


def test_hadolint_finds_nothing() -> None:
    run = subprocess.run([_BIN / "hadolint", DEPLOY / "Dockerfile"], capture_output=True, text=True)

    assert (run.returncode, run.stdout) == (0, "")


def test_yamllint_finds_nothing() -> None:
    command = [_BIN / "yamllint", "--strict", "-d", _YAMLLINT, DEPLOY / "compose.yaml"]
    run = subprocess.run(command, capture_output=True, text=True)

    assert (run.returncode, run.stdout) == (0, "")


def test_both_linters_would_find_something(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN cd /tmp\n", encoding="utf-8")
    (tmp_path / "compose.yaml").write_text("a: 1\na: 2\n", encoding="utf-8")

    assert subprocess.run([_BIN / "hadolint", tmp_path / "Dockerfile"], capture_output=True).returncode
    command = [_BIN / "yamllint", "--strict", "-d", _YAMLLINT, tmp_path / "compose.yaml"]
    assert subprocess.run(command, capture_output=True).returncode


def test_every_image_is_pinned() -> None:
    images = [instruction.rest.split()[0] for instruction in of("FROM")]
    images += [service["image"] for service in compose()["services"].values()]

    assert all(re.search(r":[\w.-]*\d", image) and not image.endswith(":latest") for image in images)


def test_the_image_runs_as_a_user_that_is_not_root() -> None:
    last = [instruction.name for instruction in dockerfile()]
    users = [instruction.rest for instruction in of("USER")]

    assert users == ["10001:10001"]
    assert last.index("USER") < last.index("ENTRYPOINT")
    assert not {"HOME", "USER"} - variables().keys()  # a number without a name has neither


@pytest.mark.parametrize("name", compose()["services"])
def test_a_service_uses_only_keys_we_know_and_names_that_are_there(name: str) -> None:
    file = compose()
    service = file["services"][name]
    named = {mount.partition(":")[0] for mount in service["volumes"]}

    assert set(service) <= _SERVICE_KEYS
    assert {volume for volume in named if not volume.startswith(".")} <= set(file["volumes"])
    assert all((DEPLOY / volume).is_file() for volume in named if volume.startswith("."))
    assert set(service.get("depends_on", {})) <= set(file["services"])
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    if "build" in service:
        context = (DEPLOY / service["build"]["context"]).resolve()
        assert (context / service["build"]["dockerfile"]).is_file()
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True


def test_the_embedded_service_is_the_only_one_without_a_profile() -> None:
    services = compose()["services"]

    assert [name for name, service in services.items() if "profiles" not in service] == ["embedded"]


def test_no_password_is_written_down() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in DEPLOY.iterdir())

    assert not re.search(r"PASSWORD: \"?[^\"$\s]", text)


def test_everything_that_is_copied_is_in_the_repository_and_let_through() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [
        source
        for instruction in of("COPY")
        if not instruction.rest.startswith("--from")
        for source in instruction.rest.split()[:-1]
    ]
    kept = {path.as_posix() for path in tracked()}

    assert copied
    assert set(copied) == allowed
    assert all(any(path == source or path.startswith(f"{source}/") for path in kept) for source in copied)
