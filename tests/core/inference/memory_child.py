"""Predicts in a process that may not grow: `memory_child URL DATA CACHE`; one line of JSON a step."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from core.errors import ColonnadeError
from core.inference.classifier import EncoderPool
from core.inference.predictor import LocalPredictor
from core.models.versions import Versions
from core.records import Example
from core.settings import Settings
from core.storage.engine import Storage

_BLOCK, _FOR_LITTLE, _FOR_TOKENS = 2**16, 2**19, 2**24
"""Bytes: of what memory is filled with; what is left for a small model, and for the tokens of a request."""


def _limit(room: int | None) -> None:
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft = resource.RLIM_INFINITY if room is None else size + room
    resource.setrlimit(resource.RLIMIT_AS, (soft, resource.RLIM_INFINITY))


def _fill(left: int) -> list[bytearray]:
    """Take all the memory there is, but for so many bytes."""
    held: list[bytearray] = []
    try:
        while True:
            held.append(bytearray(_BLOCK))
    except MemoryError:
        del held[-left // _BLOCK :]
    return held


def _say(predictor: LocalPredictor, task: str, items: list[Example]) -> None:
    try:
        said = predictor.predict("demo", [task], items)[task]
        line: dict[str, object] = {"rows": len(said)}
    except ColonnadeError as error:
        line = {"status": error.status, "retry_after": getattr(error, "retry_after", None)}
    sys.stdout.write(f"{json.dumps(line)}\n")


def _texts(first: int) -> list[Example]:
    """Return texts that are as long as the encoder reads."""
    return [Example(f"profit {first + number} " + "rose and fell " * 300) for number in range(64)]


def main(url: str, data: str, cache: str) -> None:
    settings = Settings(data=Path(data), cache=Path(cache), threads=1)
    predictor = LocalPredictor(Versions(Storage.open(url), settings.data), EncoderPool(settings))
    few = [Example("profit rose")]
    many, others = (_texts(first) for first in (100, 200))
    # The same shapes once before: what is missing below is memory for texts, not for code.
    _say(predictor, "toy.mood", many)
    _limit(2**20)
    held = _fill(_FOR_TOKENS)
    _say(predictor, "toy.mood", others)
    held += _fill(_FOR_LITTLE)
    _say(predictor, "toy.tuned", few)
    held.clear()
    _limit(None)
    _say(predictor, "toy.mood", others)
    _say(predictor, "toy.tuned", few)


if __name__ == "__main__":
    main(*sys.argv[1:])
