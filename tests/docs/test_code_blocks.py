"""The code in README.md and docs/ runs, against a system that was brought up as the README says.

README.zh.md is not run: tests/house/test_readmes.py holds its code equal to README.md's. `make up` and
`make test` are not run by a test, which runs inside the second: tests/docs/test_up.py runs what the first
does after set-up, tests/tools/test_setup_env.py has the set-up.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.docs.blocks import RUN, SHOWN, Block, blocks, script
from tests.system import ROOT, System

_ELSEWHERE = {
    "add-a-vertical.md": "tests/contract/test_fifth_vertical.py",
    "add-a-connector.md": "tests/contract/test_add_a_connector.py",
}
"""Their blocks are the files of a package; the tests build, install and run it."""
_PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_DOCUMENTS = [path for path in _PAGES if path.name not in _ELSEWHERE]
_WITH_CODE = [
    path
    for path in _DOCUMENTS
    if any(block.language in RUN and block.mark != "skip" for block in blocks(path))
]


def _datasets() -> Path | None:
    given = os.environ.get("COLONNADE_DATASETS")
    beside = ROOT.parent / "shared" / "data"
    return Path(given) if given else beside if beside.is_dir() else None


@pytest.mark.slow
@pytest.mark.timeout(4000)
@pytest.mark.parametrize("document", _WITH_CODE, ids=lambda path: path.name)
def test_the_code_of_a_document_runs(document: Path, system: System) -> None:
    datasets = _datasets()
    text = script(blocks(document), datasets).replace("http://127.0.0.1:8000", system.base)
    extra = {"COLONNADE_DATASETS": str(datasets)} if datasets else {}

    run = subprocess.run(
        ["bash", "-s"],
        input=text,
        cwd=ROOT,
        env={**system.environment, **extra},
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, f"{document.name}\n{run.stderr[-3000:]}\n{run.stdout[-3000:]}"
    assert "# block at line" in run.stderr


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: path.name)
def test_every_block_is_run_or_says_why_not(document: Path) -> None:
    unknown = [block for block in blocks(document) if block.language not in (*RUN, *SHOWN)]
    unmarked = [
        block
        for block in blocks(document)
        if block.language in RUN and "$COLONNADE_DATASETS" in block.code and block.mark != "data"
    ]

    assert not unknown
    assert not unmarked


@pytest.mark.parametrize(("page", "test"), _ELSEWHERE.items())
def test_a_page_that_is_run_elsewhere_is_run_there(page: str, test: str) -> None:
    assert (ROOT / "docs" / page).is_file()
    assert f'"{page}"' in (ROOT / test).read_text(encoding="utf-8")


def test_a_block_that_fails_fails_the_script() -> None:
    failing = Block(line=1, language="bash", code="false\n", mark="", word="")

    assert subprocess.run(["bash", "-s"], input=script([failing], None), text=True).returncode == 1


def test_what_one_block_exports_the_next_one_sees() -> None:
    first = Block(1, "bash", "export NAME=Orvane\n", "", "")
    second = Block(2, "python", "import os\nprint(os.environ['NAME'])\n", "", "")

    run = subprocess.run(["bash", "-s"], input=script([first, second], None), text=True, capture_output=True)

    assert run.stdout == "Orvane\n"


def test_a_block_about_data_that_is_not_here_is_left_out(tmp_path: Path) -> None:
    block = Block(1, "bash", "false\n", "data", "no_such_set")

    assert "false" not in script([block], tmp_path)
    assert "false" not in script([block], None)
