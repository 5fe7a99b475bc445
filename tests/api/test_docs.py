"""/docs works where there is no internet: whatever the page needs comes from this server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.api.conftest import Served
from tests.api.running import Running

PAGE = "/docs"
BROWSER = shutil.which("chromium")


def _referenced(page: str) -> list[str]:
    return re.findall(r"""(?:src|href)="([^"]*)"|url: '([^']*)'""", page)


def test_the_page_and_all_that_it_references_come_from_here(served: Served) -> None:
    page = served.http.get(PAGE)
    found = ["".join(pair) for pair in _referenced(page.text)]

    assert page.status_code == 200
    assert "//" not in re.sub(r"<!--.*?-->", "", page.text)
    assert len(found) == 4
    for address in found:
        reply = served.http.get(urljoin(PAGE, address))
        assert (reply.status_code, len(reply.content) > 500) == (200, True), address


def test_the_styles_reference_no_other_host_either(served: Served) -> None:
    styles = served.http.get("/docs/assets/swagger-ui.css").text

    assert not re.search(r"""url\((?!["']?data:)|@import""", styles)


def test_the_page_runs_no_script_but_ours(served: Served) -> None:
    policy = served.http.get(PAGE).headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))

    assert rules["default-src"] == "'none'"
    assert re.fullmatch(r"'self' 'sha256-[\w+/]{43}='", rules["script-src"])
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_reader_knows_this_version_of_openapi(served: Served) -> None:
    assert served.http.get("/openapi.json").json()["openapi"].startswith("3.1.")
    script = served.http.get("/docs/assets/swagger-ui-bundle.js").text
    version = re.search(r'PACKAGE_VERSION:"(\d+)\.', script)
    assert version is not None
    assert int(version[1]) >= 5


@pytest.mark.parametrize(
    "path", ["/redoc", "/docs/assets/", "/docs/assets/../core.py", "/docs/assets/%2e%2e/core.py"]
)
def test_nothing_else_is_served(served: Served, path: str) -> None:
    assert served.http.get(path).status_code == 404


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
def test_a_browser_shows_every_route(running: Running, tmp_path: Path) -> None:
    """The browser reaches no host but this one, and reports no breach of the page's policy."""
    operation = "#/predict/predict_v1_predict_post"  # opened, so that its details are drawn too
    shown = subprocess.run(
        [
            str(BROWSER),
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *("--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}"),
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            *("--virtual-time-budget=20000", "--dump-dom"),
            f"http://127.0.0.1:{running.port}{PAGE}{operation}",
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    status, document = running.request("GET", "/openapi.json")

    assert (shown.returncode, status) == (0, 200)
    drawn = set(re.findall(r'data-path="([^"]*)"', shown.stdout))
    assert drawn == set(json.loads(document)["paths"])
    assert "Example Value" in shown.stdout
    assert "Content Security Policy" not in shown.stderr
    assert "ERR_" not in shown.stderr
