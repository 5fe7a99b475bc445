"""Doubts and faults: the language, the text itself, the model. Each goes up and to a person, never down."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.text.language import UNDETERMINED, detect
from verticals.medical.policy.finding import ModelOpinion, Reason
from verticals.medical.policy.pack import Pack

_PART = 4_000
_WORD = re.compile(r"[a-z\u00df-\u024f]+(?:'[a-z]+)?")
_HAN = re.compile(r"[\u3400-\u9fff]")
_OTHER = re.compile(r"[^\W\d_a-zA-Z\u00c0-\u024f\u3400-\u9fff\u0300-\u036f]")
_FOREIGN = 0.1
"""From this share of letters that are neither Latin nor Han, part of a text is in no known language."""
_COMMON = frozenset(
    _WORD.findall(
        """a about after again all am an and any are as at back bad been but by can could day days do
        feel feels felt for from get got had has have he her him his hours i in is it its just last
        like me my no not now of off on or our out over pain really she since so some still that the
        their them there they this to today up very was we week weeks were when which with woke year
        years yesterday you your sore mild severe sudden left right both bit much"""
    )
)
_FAMILIAR = 0.4
"""So large a share of a Latin text's words is known in English; less may be another language."""


@dataclass(frozen=True, slots=True)
class Read:
    """What the language check found: "en", "zh" or what it was detected as, and whether rules can read it."""

    lang: str
    known: bool
    words: int


def language(text: str, told: str | None, terms: frozenset[str]) -> Read:
    """Return the language of a folded text, part by part: one foreign part of a long text is enough."""
    words = _WORD.findall(text)
    size = len(words) + len(_HAN.findall(text))
    first = detect(text)
    lang = first if first in {"en", "zh"} else "zh" if (told or "").lower().startswith("zh") else first
    claimed = told is None or told.lower().replace("_", "-").split("-")[0] in {"en", "zh"}
    known = claimed and all(_readable(text[at : at + _PART], terms) for at in range(0, len(text), _PART))
    return Read(lang, known and first != UNDETERMINED, size)


def _readable(part: str, terms: frozenset[str]) -> bool:
    letters = sum(character.isalpha() for character in part)
    if len(_OTHER.findall(part)) > _FOREIGN * max(letters, 1):
        return False
    if detect(part) in {"en", "zh", UNDETERMINED}:
        return True
    # Three words of a complaint can look like any language: words of the pack and small words decide.
    words = _WORD.findall(part)
    return sum(word in terms or word in _COMMON for word in words) >= _FAMILIAR * max(len(words), 1)


def of_text(pack: Pack, read: Read, text: str, found: Mapping[str, object]) -> Iterator[Reason]:
    """Yield the doubts about a text."""
    doubt = pack.doubt
    if read.words == 0:
        yield Reason("text.unreadable", "There are no words to read", "没有可读的文字", doubt.unreadable)
    elif not read.known:
        yield Reason(
            "language.unknown",
            "The language is neither English nor Chinese",
            "既不是中文也不是英文，无法判断",
            doubt.unknown_language,
        )
    elif not found and not any(word in _COMMON for word in _WORD.findall(text)):
        yield Reason(
            "text.nothing_understood",
            "Nothing in the text was understood",
            "未能理解文字内容",
            doubt.nothing_understood,
        )
    if "injection" in found:
        yield Reason(
            "text.instruction",
            "The text tries to set its own level",
            "文字中含有要求指定级别的内容",
            doubt.injection,
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """What the model's opinion comes to: its level, its plausible levels, and whether it abstains."""

    reason: Reason
    plausible: tuple[int, ...]
    abstains: bool


def of_model(pack: Pack, model: ModelOpinion | None) -> Judged:
    """Return what an opinion asks for; a missing, failed or senseless one is a fault."""
    fault = _fault(pack, model)
    if model is None or fault:
        reason = Reason(
            "model.fault",
            f"No usable model opinion: {fault}",
            "模型没有给出可用的判断",
            pack.doubt.model_fault,
        )
        return Judged(reason, tuple(range(1, pack.doubt.model_fault + 1)), abstains=True)
    ordered = sorted(model.urgency.items())
    level = _first_at(ordered, pack.doubt.urgent_share)
    plausible = _covering(model.urgency, pack.doubt.coverage) | {level}
    if max(model.urgency.values()) < pack.doubt.minimum_probability:
        level = min(level, pack.doubt.low_confidence)
        reason = Reason("model.unsure", "The model is not sure", "模型把握不足", level)
        return Judged(reason, tuple(sorted(plausible | {level})), abstains=True)
    name = pack.name(level)
    reason = Reason(f"model.level_{level}", f"The model says: {name.en}", f"模型判断：{name.zh}", level)
    return Judged(reason, tuple(sorted(plausible)), abstains=False)


def _fault(pack: Pack, model: ModelOpinion | None) -> str:
    if model is None:
        return "there is no model"
    if model.failed is not None:
        return "it failed"  # why is for the log: an exception's words may hold parts of the text
    values = list(model.urgency.values())
    if not values or not all(isinstance(value, int | float) and math.isfinite(value) for value in values):
        return "its probabilities are missing or no numbers"
    if not all(0 <= value <= 1 for value in values) or abs(sum(values) - 1) > 0.02:
        return "its probabilities do not sum to 1"
    if not set(model.urgency) <= {one.level for one in pack.levels}:
        return "it knows other levels than the pack"
    return ""


def _first_at(ordered: list[tuple[int, float]], share: float) -> int:
    total = 0.0
    for level, probability in ordered:
        total += probability
        if total >= share:
            return level
    return ordered[-1][0]


def _covering(urgency: Mapping[int, float], coverage: float) -> set[int]:
    chosen: set[int] = set()
    total = 0.0
    for level, probability in sorted(urgency.items(), key=lambda one: (-one[1], one[0])):
        chosen.add(level)
        total += probability
        if total >= coverage:
            break
    return chosen
