"""A hub on the loopback: enough of its interface for one model, with real files behind it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

MODEL = "invented/encoder"


class Hub(ThreadingHTTPServer):
    """Serves `files` of MODEL at `commit`; `served` lists the files that were asked for."""

    def __init__(self, files: Path, commit: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self.commit = commit
        self.served: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def names(self) -> list[str]:
        return sorted(p.relative_to(self.files).as_posix() for p in self.files.rglob("*") if p.is_file())


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), Content_Type="application/json")

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if path.startswith(f"/api/models/{MODEL}/tree/"):
            self._json([self._entry(name) for name in self.server.names()])
        elif path == f"/api/models/{MODEL}" or path.startswith(f"/api/models/{MODEL}/revision/"):
            siblings = [{"rfilename": name} for name in self.server.names()]
            card = {"license": "mit"}
            self._json({"id": MODEL, "sha": self.server.commit, "siblings": siblings, "cardData": card})
        elif path.startswith(f"/{MODEL}/resolve/{self.server.commit}/"):
            self._file(path.removeprefix(f"/{MODEL}/resolve/{self.server.commit}/"))
        else:
            self._send(404, b"{}", X_Error_Code="RepoNotFound")

    def _entry(self, name: str) -> dict[str, object]:
        data = (self.server.files / name).read_bytes()
        return {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}

    def _file(self, name: str) -> None:
        data = (self.server.files / name).read_bytes()
        if self.command == "GET":
            self.server.served.append(name)
        etag = f'"{hashlib.sha1(data).hexdigest()}"'
        self._send(200, data, ETag=etag, X_Repo_Commit=self.server.commit)


@contextmanager
def serving(files: Path, commit: str) -> Iterator[Hub]:
    """Run a hub for as long as the block lasts."""
    with Hub(files, commit) as hub:
        thread = Thread(target=hub.serve_forever, daemon=True)
        thread.start()
        yield hub
        hub.shutdown()
        thread.join()
