"""The cursor of a system that has no order: short hashes of what was seen, the newest last."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.errors import InvalidInput

_KEPT = 1_000
_LENGTH = 16


def mark_of(text: str) -> str:
    """Return a short hash: among a million things, two have the same with a chance of 3 in 10⁸."""
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


@dataclass(slots=True)
class Seen:
    """What was seen.

    Attributes:
        kind: Of the connector that wrote it.
        validators: Headers that ask the server whether anything has changed.
        marks: Hashes; a dict for its order.
    """

    kind: str
    validators: Mapping[str, str] = field(default_factory=dict)
    marks: dict[str, None] = field(default_factory=dict)

    def __contains__(self, mark: str) -> bool:
        """Whether it was seen."""
        return mark in self.marks

    def add(self, mark: str, *, most: int = 0) -> None:
        """Keep a mark; the oldest are forgotten beyond a thousand, or beyond twice `most`."""
        self.marks[mark] = None
        while len(self.marks) > max(_KEPT, 2 * most):
            del self.marks[next(iter(self.marks))]

    def refresh(self, present: Iterable[str]) -> None:
        """Make those of `present` that were seen the newest: what is still there must not be forgotten."""
        there = frozenset(present)
        gone = (mark for mark in self.marks if mark not in there)
        self.marks = dict.fromkeys([*gone, *(mark for mark in self.marks if mark in there)])

    def encoded(self) -> str:
        """Return the cursor."""
        return json.dumps([self.kind, dict(self.validators), "".join(self.marks)], separators=(",", ":"))

    @classmethod
    def decoded(cls, cursor: str | None, kind: str) -> Seen:
        """Return what a cursor holds.

        Raises:
            InvalidInput: it is no cursor of this kind.
        """
        if cursor is None:
            return cls(kind)
        try:
            named, validators, marks = json.loads(cursor)
            if named != kind or len(marks) % _LENGTH or not all(map(str.isascii, validators.values())):
                raise ValueError(named)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidInput(
                f"{cursor[:40]!r} is no cursor of a {kind}.", remedy="Use one that this connector gave."
            ) from error
        parts = (marks[start : start + _LENGTH] for start in range(0, len(marks), _LENGTH))
        return cls(kind, validators, dict.fromkeys(parts))
