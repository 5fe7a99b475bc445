"""Puts, replaces and deletes documents until it is killed: `python putting_child.py URL FIRST`.

After each step that came back it writes one line: the id, and the number of the text or "gone".
"""

from __future__ import annotations

import sys

from core.retrieval.library import Library
from core.storage.engine import Storage
from core.testing.encoder import FixedEncoder

DOCUMENTS = 3


def text_of(number: int) -> bytes:
    """Return a document of several passages in which every sentence tells its number."""
    sentence = f"Parcel {number} is sent back by the carrier of round {number}. "
    paragraph = sentence * 5 + "\n\n"  # short enough to need no library that cuts sentences
    return f"# Text {number}\n\n{paragraph * (4 + number % 7 * 3)}## Part\n\n{sentence}\n".encode()


def main() -> None:
    """Work for ever."""
    url, number = sys.argv[1], int(sys.argv[2])
    library = Library(Storage.open(url), FixedEncoder())
    while True:
        name = f"d{number % DOCUMENTS}"
        library.put("demo", "kb", name, text_of(number), filename="a.md", actor="test")
        sys.stdout.write(f"{name} {number}\n")
        sys.stdout.flush()
        if number % 5 == 0:
            library.delete("demo", "kb", name, actor="test")
            sys.stdout.write(f"{name} gone\n")
            sys.stdout.flush()
        number += 1


if __name__ == "__main__":
    main()
