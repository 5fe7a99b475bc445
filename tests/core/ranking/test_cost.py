"""Ranking costs nothing until it is used: importing it loads no heavy library."""

from __future__ import annotations

import subprocess
import sys

from tests.house.source import ROOT


def test_importing_the_ranking_loads_no_scipy() -> None:
    code = (
        "import sys\n"
        "import core.ranking.evaluate, core.ranking.model_file\n"
        "import core.ranking.neighbours, core.ranking.trending\n"
        "heavy = {'scipy', 'torch', 'pandas', 'sklearn', 'faiss'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )

    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert run.returncode == 0, run.stderr
