"""Reads the container files for the tests."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import yaml

from tests.house.source import ROOT

DEPLOY = ROOT / "deploy"


@dataclass(frozen=True)
class Instruction:
    """One instruction of the Dockerfile, its lines joined."""

    name: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The exec form as a list; the command of a HEALTHCHECK without its options."""
        found: list[str] = json.loads(self.rest[self.rest.index("[") :])
        return found


def dockerfile() -> list[Instruction]:
    """The instructions, in order."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    pairs = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
    return [Instruction(name.upper(), " ".join(rest.split())) for name, rest in pairs]


def of(*names: str) -> list[Instruction]:
    """The instructions of some kinds."""
    return [instruction for instruction in dockerfile() if instruction.name in names]


def variables() -> dict[str, str]:
    """What ENV sets."""
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(instruction.rest for instruction in of("ENV"))))


def compose() -> dict[str, Any]:
    """The compose file."""
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return loaded
