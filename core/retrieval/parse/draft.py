"""Collects the blocks of a document while it is read; every format writes through this."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import PayloadTooLarge
from core.retrieval.parse.clean import ZERO_WIDTH, clean
from core.retrieval.records import Block, Kind, Suspicion

MAX_CHARACTERS = 5_000_000
"""Longest text of a document, in code points: 2,500 pages."""
_MAX_HEADING = 200

_WIDE = "[\u2e80-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff60]"
_BLANKS = re.compile(r"\s+")
_GAP = re.compile(rf"(?<={_WIDE})[ \t]*\n\s*(?={_WIDE})")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a format's reader found; `core.retrieval.parse.parse` makes a Parsed of it."""

    text: str
    blocks: tuple[Block, ...]
    title: str
    suspicious: tuple[Suspicion, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it in the form in which it leaves the child process."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Draft:
        """Undo `as_json`."""
        blocks = tuple(Block(**{**block, "heading": tuple(block["heading"])}) for block in value["blocks"])
        suspicious = tuple(Suspicion(**found) for found in value["suspicious"])
        return cls(value["text"], blocks, value["title"], suspicious)


def one_line(text: str) -> str:
    """Return the text with each run of blanks as one; a line end between Han characters goes altogether."""
    return _BLANKS.sub(" ", _GAP.sub("", text)).strip()


class Writer:
    """Writes a document block by block, and knows where each stands.

    Attributes:
        page: The page that blocks are on from now on.
        title: Of the document, as far as it is known.
    """

    def __init__(self) -> None:
        self.page: int | None = None
        self.title = ""
        self._pieces: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._path: list[tuple[int, str]] = []
        self._suspicious: dict[Suspicion, None] = {}

    def heading(self, level: int, text: str) -> None:
        """Add a heading; what follows stands below it until one of its level or above comes."""
        line = one_line(clean(text)[0])
        if not line:
            return
        self._path = [step for step in self._path if step[0] < level]
        self._path.append((level, line[:_MAX_HEADING]))
        self.add("heading", one_line(text))

    def add(self, kind: Kind, text: str) -> Block | None:
        """Add a block; returns None where nothing of it can be seen.

        Raises:
            PayloadTooLarge: the document's text grows too long.
        """
        text, hidden = clean(text)
        if hidden:
            self.flag(ZERO_WIDTH)
        text = text.strip()
        if not text:
            return None
        joint = "\n\n" if self._pieces else ""
        start = self._length + len(joint)
        self._length = start + len(text)
        if self._length > MAX_CHARACTERS:
            raise PayloadTooLarge(
                f"The document's text is longer than {MAX_CHARACTERS:,} characters.",
                remedy="Split it into several documents.",
            )
        self._pieces += [joint, text]
        block = Block(start, self._length, kind, tuple(step[1] for step in self._path), self.page)
        self._blocks.append(block)
        return block

    def flag(self, reason: str, block: Block | None = None) -> None:
        """Note something suspicious: in a block, or left out of the text; each is noted once."""
        found = Suspicion(reason, block.start, block.end) if block else Suspicion(reason)
        self._suspicious[found] = None

    def draft(self) -> Draft:
        """Return what was written."""
        title = one_line(clean(self.title)[0])
        return Draft("".join(self._pieces), tuple(self._blocks), title, tuple(self._suspicious))
