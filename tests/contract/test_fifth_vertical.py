"""A fifth vertical, built outside the tree from docs/add-a-vertical.md, keeps the contract and is served."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contract.documented import build_package, run_its_tests, run_python

SERVE = """
import json, sys, time
from pathlib import Path
from fastapi.testclient import TestClient
from api.app import create_app
from api.bootstrap import build
from core.registry import find_verticals
from core.security.tenants import Tenants
from core.settings import Settings
from core.testing.predictor import FixedPredictor

SCOPES = ["freight:read", "freight:write", "finance:read", "jobs:read"]
if __name__ == "__main__":
    data = Path(sys.argv[1])
    tasks = [task for vertical in find_verticals() for task in vertical.tasks]
    settings = Settings(data=data / "data", cache=data / "cache")
    container = build(settings, predictor=FixedPredictor(tasks), with_worker=True)
    with TestClient(create_app(container=container)) as http:
        Tenants(container.storage).ensure("demo")
        token, _ = container.keys.create("demo", SCOPES)
        http.headers["Authorization"] = f"Bearer {token}"
        texts = ["Vessel held by fog. Call 13812345678.", "货柜按计划抵达码头。"]
        filed = [http.post("/v1/freight/notices", json={"text": text}).json() for text in texts]
        job = http.post("/v1/freight/counts").json()["job_id"]
        for _ in range(600):
            done = http.get(f"/v1/jobs/{job}").json()
            if done["state"] not in {"queued", "running"}:
                break
            time.sleep(0.1)
        finance = http.post("/v1/finance/analyze", json={"texts": [{"text": "Orvane cuts outlook"}]})
        answers = {"filed": filed, "listed": http.get("/v1/freight/notices").json()["data"], "job": done}
        sys.stdout.write(json.dumps({**answers, "finance": finance.status_code}))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = Path(__file__).parents[2] / "docs" / "add-a-vertical.md"
    return build_package(page, tmp_path_factory.mktemp("freight"))


@pytest.mark.slow
def test_it_keeps_the_contract(package: Path) -> None:
    done = run_its_tests(package)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " skipped" not in done.stdout


@pytest.mark.slow
def test_it_is_served_beside_the_others(package: Path, tmp_path: Path) -> None:
    script = tmp_path / "serve.py"
    script.write_text(SERVE, "utf-8")
    done = run_python(["-W", "error", str(script), str(tmp_path)], package)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["filed"][0]["text"] == "Vessel held by fog. Call <PHONE>."
    assert said["listed"] == said["filed"][::-1]
    assert said["job"]["state"] == "succeeded", said["job"]
    assert sum(said["job"]["result"].values()) == 2
    assert said["finance"] == 200


FLAWS: dict[str, tuple[str, dict[str, str], str, str]] = {
    "README without limits": ("README.md", {"## Limits\n": ""}, "folder_and_readme", "lacks the section"),
    "unknown label": ("data/starter.csv", {",lost,zh": ",gone,zh"}, "rows_are_sound", "unknown labels"),
    "label without a language": (
        "data/starter.csv",
        {",lost,zh": ",delayed,zh"},
        "covers_every_label",
        "has no example of",
    ),
    "leak between tenants": (
        "service.py",
        {"read(tenant) as session:\n            rows": 'read("contract-a") as session:\n            rows'},
        "another_tenant",
        "shows another's rows",
    ),
    "route for everybody": (
        "routes.py",
        {
            "(caller: Caller = reader) -> NoticesOut": "() -> NoticesOut",
            "latest(caller.tenant)": 'latest("demo")',
        },
        "demands_a_key",
        "200: ",
    ),
    "undeclared scope": (
        "routes.py",
        {'"freight:read"': '"freight:peek"'},
        "scopes_are_declared",
        "freight:peek",
    ),
    "heavy import": (
        "jobs.py",
        {"from sqlalchemy": "import torch\nfrom sqlalchemy"},
        "heavy",
        "loaded: torch",
    ),
    "crash": (
        "service.py",
        {"        if not readable:": "        1 / len(text.strip())\n        if not readable:"},
        "never_a_5xx",
        "500",
    ),
}
"""Flaw: file, what is changed in it, the test that must see it, and what it says."""


@pytest.mark.slow
@pytest.mark.parametrize("flaw", FLAWS)
def test_flaws_are_caught(flaw: str, tmp_path: Path) -> None:
    package = build_package(Path(__file__).parents[2] / "docs" / "add-a-vertical.md", tmp_path)
    name, changes, test, complaint = FLAWS[flaw]
    file = package / "freight" / name
    text = file.read_text("utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, "utf-8")
    done = run_its_tests(package, "-k", test)
    assert done.returncode == 1, done.stdout + done.stderr
    assert complaint in done.stdout
