"""`colonnade up`: from an empty folder to a served system; what is done already is left alone."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api.bootstrap import Container, build, limit_threads, observe
from api.commands.starters import told, train_in_child
from api.commands.warming import warming
from api.server import check_port
from api.terminal import console, notes
from core.errors import Unauthenticated
from core.security.keys import Keys
from core.security.tenants import Tenants
from core.settings import Settings
from core.vertical import RestExample, Vertical

TENANT = "demo"
KEY_FILE = "demo.key"
CORE_SCOPES = (
    "predict",
    "datasets:read",
    "datasets:write",
    "jobs:read",
    "jobs:write",
    "models:read",
    "models:write",
    "connections:read",
    "connections:write",
    "webhooks:read",
    "webhooks:write",
)
_STEPS = 5
_ACTOR = "up"


def up(*, host: str | None = None, port: int | None = None) -> None:
    """Fetch weights, make the database, train the starter models, print a key, and serve.

    Args:
        host: Where to listen; default: COLONNADE_HOST.
        port: Default: COLONNADE_PORT.

    Raises:
        ConfigurationError: the port is taken; nothing was started.
    """
    given: dict[str, Any] = {
        name: value for name, value in (("host", host), ("port", port)) if value is not None
    }
    settings = Settings(**given)
    check_port(settings)  # now, rather than after minutes of training
    limit_threads(settings)
    container, token = _prepare(settings)
    observe(settings)

    from api.app import create_app
    from api.server import run

    try:
        with warming(container) as begin:
            run(create_app(container=container), settings, ready=lambda: _answering(container, token, begin))
    finally:
        container.close()


@contextmanager
def _step(number: int, title: str) -> Iterator[None]:
    notes().print(f"[{number}/{_STEPS}] {title}", markup=False)
    started = time.monotonic()
    yield
    notes().print(f"      done in {time.monotonic() - started:.1f} s", markup=False)


def _prepare(settings: Settings) -> tuple[Container, str]:
    """Do what is not done yet; return the parts, ready to be served, and the demonstration key."""
    with _step(1, f"pretrained weights: {settings.encoder} (in {settings.cache})"), told() as move:
        from core.models.fetch import pull

        pull(settings.encoder, settings.cache, progress=move)
    with _step(2, f"database and settings (in {settings.data})"):
        container = build(settings, with_worker=True)
    try:
        with _step(3, "starter models"):
            train_in_child(container)
        with _step(4, f"tenant and API key: {TENANT}"):
            Tenants(container.storage).ensure(TENANT, actor=_ACTOR)
            token = demo_key(container)
        with _step(5, f"starter content of invented companies, for {TENANT}"):
            _seed(container)
    except BaseException:
        container.close()
        raise
    return container, token


def _seed(container: Container) -> None:
    """Give the demonstration tenant what the verticals have for a start; what is there stays."""
    for vertical in container.verticals:
        if vertical.finished and vertical.seed is not None:
            with told() as move:
                vertical.seed(container.services, TENANT, move)


def _scopes(verticals: tuple[Vertical, ...]) -> frozenset[str]:
    found = {scope for vertical in verticals if vertical.finished for scope in vertical.scopes}
    return frozenset(found.union(CORE_SCOPES))


def _still_good(keys: Keys, token: str, scopes: frozenset[str]) -> bool:
    try:
        caller = keys.authenticate(token)
    except Unauthenticated:
        return False
    return all(caller.allows(scope) for scope in scopes)


def demo_key(container: Container) -> str:
    """Return the key of the demonstration tenant, made once.

    The database keeps hashes only; this one key is kept in a file of its owner's, so that the lines can be
    printed whole at every start. Deleting the file, or revoking the key, makes another at the next start.
    """
    path = container.settings.data / KEY_FILE
    scopes = _scopes(container.verticals)
    token = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    if token and _still_good(container.keys, token, scopes):
        return token
    token, _ = container.keys.create(TENANT, sorted(scopes), actor=_ACTOR)
    _write_private(path, token)
    return token


def _write_private(path: Path, text: str) -> None:
    """Replace a file that nobody but its owner may read, in one step."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as stream:
        stream.write(text + "\n")
    draft.replace(path)


def curl(example: RestExample, base: str, token: str) -> str:
    """Return the command line that sends an example."""
    parts = ["curl", "-s", f"{base}{example.path}", "-H", f"Authorization: Bearer {token}"]
    if example.method not in ("GET", "POST") or (example.method == "POST" and example.body is None):
        parts[1:1] = ["-X", example.method]
    if example.body is not None:
        body = json.dumps(example.body, ensure_ascii=False)
        parts += ["-H", "Content-Type: application/json", "-d", body]
    return shlex.join(parts)


def _answering(container: Container, token: str, begin: Callable[[], None]) -> None:
    _welcome(container, token)
    begin()


def _welcome(container: Container, token: str) -> None:
    settings = container.settings
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    base = f"http://{host}:{settings.port}"
    lines = [f"\nAPI key of the tenant {TENANT} (kept in {settings.data / KEY_FILE}):\n  {token}"]
    for vertical in container.verticals:
        shown = [curl(example, base, token) for example in vertical.examples if example.shown]
        if vertical.finished and shown:
            lines.append("\n  ".join((f"{vertical.name}: {vertical.summary}", *shown)))
    lines.append(f"Routes, to try in the browser: {base}/docs")
    lines.append(f"Another key: colonnade keys create --tenant {TENANT} --scope predict")
    lines.append("Ctrl-C stops.\n")
    console().print("\n\n".join(lines), markup=False, soft_wrap=True)
