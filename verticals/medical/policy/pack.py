"""A triage scale and its rules as data: read, checked as a whole, and refused with a pointer where faulty."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import ConfigurationError, FieldError, InvalidInput
from verticals.medical.intake import CONSCIOUSNESS, RANGES, measured
from verticals.medical.policy.terms import Lexicon, compile_terms

Level = Annotated[int, Field(ge=1, le=9)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,60}$")]
Words = Annotated[str, Field(min_length=1, max_length=400)]
AgeBand = tuple[float, float | None]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LevelName(_Closed):
    """A level of the scale, 1 the most urgent."""

    level: Level
    en: Words
    zh: Words


class VitalRule(_Closed):
    """A border that a vital sign must not cross.

    Attributes:
        below: Alarm under this value; `from_` alarm at this value and above; `any_of` for consciousness.
        unit: Of the border; it is converted to the default unit.
        age: Years [from, to); None for every age.
        pregnant: True where the rule is for patients who are or may be pregnant.
        unless: Conditions that set the rule aside.
        only: Conditions one of which is needed.
        level: None where the rule only `means` a concept, which red flags may ask for.
    """

    id: Name
    vital: Name
    below: float | None = None
    from_: float | None = Field(default=None, alias="from")
    any_of: tuple[str, ...] = ()
    unit: str | None = None
    age: AgeBand | None = None
    pregnant: bool = False
    unless: tuple[Name, ...] = ()
    only: tuple[Name, ...] = ()
    level: Level | None = None
    means: Name | None = None
    department: Name | None = None
    en: Words
    zh: Words

    @model_validator(mode="after")
    def _one_border(self) -> Self:
        if self.vital == "consciousness":
            if not self.any_of or not set(self.any_of) <= set(CONSCIOUSNESS):
                raise ValueError(f"any_of must name some of {', '.join(CONSCIOUSNESS)}")
        elif self.vital not in RANGES:
            raise ValueError(f"{self.vital!r} is no vital sign")
        elif (self.below is None) == (self.from_ is None):
            raise ValueError("needs exactly one of below and from")
        else:
            self._readable()
        if self.level is None and self.means is None:
            raise ValueError("needs a level, or what it means")
        return self

    def _readable(self) -> None:
        try:
            measured(self.vital, self.border, self.unit)
        except InvalidInput as error:
            raise ValueError(error.detail) from error

    @property
    def border(self) -> float:
        """The border as written."""
        return self.below if self.below is not None else self.from_ or 0.0


class RedFlag(_Closed):
    """Concepts that are an alarm together.

    Attributes:
        all_of: Groups; one concept of each group must count.
        age: Years [from, to); None for every age.
        historical: True where a mention of the past counts as well.
    """

    id: Name
    level: Level
    department: Name | None = None
    all_of: tuple[tuple[Name, ...], ...] = Field(alias="all", min_length=1)
    age: AgeBand | None = None
    historical: bool = False
    en: Words
    zh: Words


class Item(_Closed):
    """A must-ask item: answered by `answers[id]`, or by any mention of one of its concepts."""

    id: Name
    concepts: tuple[Name, ...] = ()
    who: Literal["anyone", "may_be_pregnant"] = "anyone"
    en: Words
    zh: Words


class Questions(_Closed):
    """What must be asked for a risky complaint, and the level while it is not."""

    id: Name
    when: tuple[Name, ...] = Field(min_length=1)
    level: Level
    ask: tuple[Item, ...] = Field(min_length=1)
    en: Words
    zh: Words


class Doubt(_Closed):
    """How urgent a doubt is, and how the model's probabilities are read.

    Attributes:
        minimum_probability: Below this probability of its likeliest level the model abstains.
        urgent_share: The model's level is the most urgent one up to which its probabilities sum to this.
        coverage: The plausible levels hold this share of the probability.
    """

    model_fault: Level
    unknown_language: Level
    unreadable: Level
    nothing_understood: Level
    injection: Level
    low_confidence: Level
    minimum_probability: float = Field(gt=0, lt=1)
    urgent_share: float = Field(gt=0, le=0.5)
    coverage: float = Field(gt=0.5, lt=1)


class Pack(_Closed):
    """A versioned scale with its rules; `sha256` is that of its files."""

    id: Name
    version: Words
    status: Words
    note_en: str
    note_zh: str
    levels: tuple[LevelName, ...] = Field(min_length=2)
    departments: tuple[Name, ...] = Field(min_length=1)
    doubt: Doubt
    vitals: tuple[VitalRule, ...]
    red_flags: tuple[RedFlag, ...]
    questions: tuple[Questions, ...]
    terms: Mapping[Name, tuple[Annotated[str, Field(min_length=1, max_length=2_000)], ...]]
    sha256: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        levels = [one.level for one in self.levels]
        if levels != list(range(1, len(levels) + 1)):
            raise ValueError("levels must be 1, 2, 3 … in order")
        self._ids_once()
        known = set(self.terms) | {rule.means for rule in self.vitals if rule.means}
        asked = [name for flag in self.red_flags for group in flag.all_of for name in group]
        asked += [name for one in self.questions for name in one.when]
        asked += [name for one in self.questions for item in one.ask for name in item.concepts]
        missing = sorted(set(asked) - known)
        if missing:
            raise ValueError(f"concepts without terms: {', '.join(missing)}")
        named = {rule.department for rule in self.vitals} | {flag.department for flag in self.red_flags}
        named -= {None, *self.departments}
        if named:
            raise ValueError(f"unknown departments: {', '.join(sorted(str(one) for one in named))}")
        given = [rule.level for rule in self.vitals] + [flag.level for flag in self.red_flags]
        given += [one.level for one in self.questions]
        if any(level is not None and level > len(levels) for level in given):
            raise ValueError(f"a rule has a level above {len(levels)}")
        _ = self.lexicon
        return self

    def _ids_once(self) -> None:
        for ids in (
            [rule.id for rule in self.vitals],
            [flag.id for flag in self.red_flags],
            [one.id for one in self.questions],
        ):
            twice = sorted({one for one in ids if ids.count(one) > 1})
            if twice:
                raise ValueError(f"ids that stand twice: {', '.join(twice)}")

    @cached_property
    def lexicon(self) -> Lexicon:
        """The compiled terms."""
        return compile_terms(self.terms)

    @property
    def reference(self) -> str:
        """`id@version sha256:…`, for the audit trail and replay."""
        return f"{self.id}@{self.version} sha256:{self.sha256}"

    def name(self, level: int) -> LevelName:
        """Return the names of a level."""
        return self.levels[level - 1]


@cache
def load(name: str = "default", folder: Path | None = None) -> Pack:
    """Return the pack `pack_<name>.json` of a folder, or of those that come with Colonnade.

    Raises:
        ConfigurationError: there is no such pack, or it is faulty; the errors point into it.
    """
    place = folder if folder is not None else files("verticals.medical") / "data"
    main = f"pack_{name}.json"
    digest = hashlib.sha256()

    def part(file: str) -> object:
        try:
            data = (place / file).read_bytes()
            digest.update(data)
            return json.loads(data)
        except (OSError, ValueError) as error:
            raise _refused(name, [FieldError(file, str(error))]) from error

    document = part(main) if name.replace("_", "").isalnum() else None
    if not isinstance(document, dict):
        raise _refused(name, [FieldError(main, "is no pack")])
    for key, value in dict(document.pop("parts", {})).items():
        document[key] = part(value) if isinstance(value, str) else _merged([part(one) for one in value])
    return parse(document, digest.hexdigest(), name)


def parse(document: Mapping[str, object], sha256: str = "", name: str = "given") -> Pack:
    """Return the pack in a document whose parts are in place.

    Raises:
        ConfigurationError: it is faulty.
    """
    try:
        return Pack.model_validate({**document, "sha256": sha256})
    except ValidationError as error:
        faults = [
            FieldError("/" + "/".join(str(step) for step in one["loc"]), one["msg"]) for one in error.errors()
        ]
        raise _refused(name, faults) from error


def _merged(parts: list[object]) -> dict[str, list[str]]:
    merged: dict[str, list[str]] = {}
    for part in parts:
        for concept, terms in part.items() if isinstance(part, dict) else ():
            merged.setdefault(concept, []).extend(terms)
    return merged


def _refused(name: str, faults: list[FieldError]) -> ConfigurationError:
    shown = "; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults[:3])
    return ConfigurationError(
        f"The triage pack {name!r} is refused: {shown}.", remedy="Correct it.", errors=faults
    )
