"""A real server process for tests: `running` starts it on an empty folder and kills it afterwards."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Running:
    process: subprocess.Popen[bytes]
    port: int
    data: Path
    log: Path
    key: str
    patience: float = 30

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.patience)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {self.key}", **headers})
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line]


def environment(data: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COLONNADE_")}
    return {**kept, "COLONNADE_DATA": str(data), "COLONNADE_RECEIVE_TIMEOUT": "3", "COLONNADE_THREADS": "1"}


def _cli(data: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "api.cli", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(data), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    data, port, log = tmp_path / "data", _free_port(), tmp_path / "log"
    scopes = ("--scope", "admin")
    key = json.loads(_cli(data, "keys", "create", *scopes, "--json"))["key"]
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve", "--port", str(port), "--json"],
            cwd=ROOT,
            env=environment(data),
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            assert said, log.read_text()
            assert json.loads(said)["url"] == f"http://127.0.0.1:{port}"
            yield Running(process, port, data, log, key)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
