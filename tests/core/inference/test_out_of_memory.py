"""No memory left, in a real process that may not grow: 503, and all is well afterwards (item 19)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.models.folder import Weights
from core.models.versions import Versions
from core.settings import Settings
from core.storage.engine import Storage
from tests.core.inference.artefacts import UPPER, artefact, serving

LATER = {"status": 503, "retry_after": 30}


@pytest.mark.slow
def test_out_of_memory_is_a_503_and_passes(
    sqlite_storage: Storage,
    sqlite_url: str,
    tiny_settings: Settings,
    pretrained: Callable[[str], Weights],
    root: Path,
    tmp_path: Path,
) -> None:
    versions, tiny = Versions(sqlite_storage, tiny_settings.data), pretrained("tiny")
    serving(versions, "demo", artefact(tmp_path, tiny))
    delta = {UPPER: np.full(tiny.dimension, 0.5, np.float32)}
    serving(versions, "demo", artefact(tmp_path, tiny, "toy.tuned", delta=delta))
    where = (sqlite_url, str(tiny_settings.data), str(tiny_settings.cache))
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.inference.memory_child", *where],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert said == [{"rows": 64}, LATER, LATER, {"rows": 64}, {"rows": 1}]
