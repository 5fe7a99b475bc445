"""The child that trains the starters ends with whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path


def test_the_child_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "api.cli", "models", "starters", "--until-stdin-closes"]
    environment = {**os.environ, "COLONNADE_DATA": str(tmp_path / "data")}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as child:
        time.sleep(1.0)
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(timeout=60) == 1
