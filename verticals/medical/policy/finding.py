"""What the rules and the model say of a complaint, and what is decided; frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.records import Span


@dataclass(frozen=True, slots=True)
class ModelOpinion:
    """What the classifiers say.

    Attributes:
        urgency: Calibrated probability of each level (1 the most urgent).
        department: Calibrated probability of each department id.
        model: Id of the model version that said so.
        failed: Why there is no opinion (missing file, time-out …); None where there is one.
    """

    urgency: Mapping[int, float] = field(default_factory=dict)
    department: Mapping[str, float] = field(default_factory=dict)
    model: str = ""
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the level is not lower.

    Attributes:
        code: `flag.<id>`, `vital.<id>`, `model.<fault or level>`, `ask.<complaint>`, `language.unknown` …
        text_en: For a person who reads English.
        text_zh: The same in Chinese.
        level: The level this reason alone asks for.
        evidence: Ranges of the complaint's text as given; empty where the reason is no words.
    """

    code: str
    text_en: str
    text_zh: str
    level: int
    evidence: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A must-ask item that has no answer yet; `id` is its key in `answers`."""

    id: str
    text_en: str
    text_zh: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The advice to staff; no diagnosis.

    Attributes:
        level: 1 the most urgent.
        level_name: Its name in English, as the pack has it.
        level_name_zh: Its name in Chinese.
        department: Id of the department that should see the patient.
        reasons: The most urgent first.
        red_flags: Ids of the red flags that count.
        level_set: The plausible levels, ascending; always holds `level`.
        abstained: True where a person must decide; the level is then a safe upper bound.
        ask: What to ask next.
        review: True where the case belongs into the review queue.
        pack: `id@version` and sha256 of the rules that were used.
        lang: Language the text was read in.
        model: Id of the model version that had a say; empty where none had.
    """

    level: int
    level_name: str
    level_name_zh: str
    department: str
    reasons: tuple[Reason, ...]
    red_flags: tuple[str, ...]
    level_set: tuple[int, ...]
    abstained: bool
    ask: tuple[Question, ...]
    review: bool
    pack: str
    lang: str
    model: str = ""
