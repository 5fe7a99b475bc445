"""The application and its health route load no model library and no table library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys
from pathlib import Path
from fastapi.testclient import TestClient
from api.app import create_app
from core.settings import Settings

with TestClient(create_app(Settings(data=Path(sys.argv[1]), datasets=None))) as http:
    assert http.get("/healthz").status_code == 200
    http.get("/readyz")
    http.get("/openapi.json")
heavy = {"torch", "transformers", "sentence_transformers", "spacy", "pandas", "sklearn", "peft", "datasets"}
print(sorted(heavy & {name.partition(".")[0] for name in sys.modules}))
"""


def test_the_app_and_its_health_load_nothing_heavy(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]

    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(tmp_path / "data")],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout.splitlines()[-1] == "[]", run.stdout
