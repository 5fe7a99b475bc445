"""The process that `test_completions` talks to: service on granian, with one document and no model.

Prints one JSON line with its address and a key of each of two tenants once it answers.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from api.app import create_app
from api.bootstrap import build
from api.server import run
from core.security.tenants import Tenants
from core.settings import Settings
from core.testing.encoder import FixedEncoder
from tests.verticals.service.conftest import RETURNS, SCOPES, VERTICAL
from tests.verticals.service.keyword_predictor import KeywordPredictor
from verticals.service.intake import Upload


def main(folder: Path, port: int) -> None:
    """Serve until a signal."""
    settings = Settings(data=folder, cache=folder / "cache", port=port)
    container = build(settings, verticals=[VERTICAL], predictor=KeywordPredictor(), encoder=FixedEncoder())
    upload = Upload("returns", RETURNS.encode(), "returns.md", title="Returns")
    container.use_cases["service"].knowledge.put("demo", upload, actor="test")
    keys = []
    for tenant in ("demo", "other"):
        Tenants(container.storage).ensure(tenant)
        keys.append(container.keys.create(tenant, SCOPES)[0])

    def ready() -> None:
        sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{port}", "keys": keys}) + "\n")
        sys.stdout.flush()

    run(create_app(container=container), settings, ready=ready)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
