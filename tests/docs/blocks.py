"""Takes the code blocks out of a document, and makes one shell script of them.

A comment on the line before a block changes what is done with it:

    <!-- test: skip REASON -->     it is not run here, because …
    <!-- test: data NAME -->       it is run where $COLONNADE_DATASETS/NAME is at hand
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(
    r"(?:^<!-- test: (?P<mark>skip|data) (?P<word>[^\n]+?) -->\n)?^```(?P<language>\w*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
RUN = ("bash", "python")
SHOWN = ("text", "json", "csv", "")
"""Languages of blocks that only show something."""


@dataclass(frozen=True)
class Block:
    """One code block; `mark` is `skip`, `data` or empty, and `word` what it says."""

    line: int
    language: str
    code: str
    mark: str
    word: str


def blocks(document: Path) -> list[Block]:
    """The blocks of a document, in order."""
    text = document.read_text(encoding="utf-8")
    return [
        Block(
            line=text.count("\n", 0, found.start("code")),
            language=found["language"],
            code=found["code"],
            mark=found["mark"] or "",
            word=found["word"] or "",
        )
        for found in _BLOCK.finditer(text)
    ]


def script(found: list[Block], datasets: Path | None) -> str:
    """One bash script that runs them in order in one shell, so that what one exports the next one sees."""
    lines = ["set -euo pipefail"]
    for block in found:
        absent = block.mark == "data" and (datasets is None or not (datasets / block.word).is_dir())
        if block.language not in RUN or block.mark == "skip" or absent:
            continue
        lines.append(f"echo '# block at line {block.line}' >&2")
        lines.append(f"python - <<'PYTHON'\n{block.code}PYTHON" if block.language == "python" else block.code)
    return "\n".join(lines) + "\n"
