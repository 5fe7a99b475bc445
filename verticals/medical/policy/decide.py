"""How urgent a complaint is: the most urgent of vital signs, red flags, doubts and the model. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.text.assertion import Status
from verticals.medical.intake import Complaint
from verticals.medical.policy import doubts, questions, redflags, stated, vitals
from verticals.medical.policy.finding import Decision, ModelOpinion, Question, Reason
from verticals.medical.policy.pack import Pack
from verticals.medical.policy.person import Person, person
from verticals.medical.policy.reading import Reading, read
from verticals.medical.policy.redflags import COUNTS, Mention

_AGE = Question("age", "How old is the patient?", "患者多大年龄？")
_EMERGENCY, _GENERAL = "emergency", "general_practice"
_URGENT = 2
"""At this level and above a patient goes to the emergency department where no rule names another."""


@dataclass(frozen=True, slots=True)
class _Case:
    """All that is known of a complaint before it is judged."""

    reading: Reading
    found: Mapping[str, list[Mention]]
    person: Person
    readings: tuple[vitals.Measure, ...]


def decide(complaint: Complaint, pack: Pack, model: ModelOpinion | None = None) -> Decision:
    """Return how urgent a complaint is, and why.

    The model may raise what the rules say and never lower it; every doubt and every fault goes up.

    Args:
        complaint: As it came; reasons point into its text.
        pack: The scale and its rules.
        model: What the classifiers say; None where they said nothing, which is a fault.
    """
    case = _case(complaint, pack)
    alarms = list(vitals.alarms(pack, case.person, case.readings))
    flags = list(redflags.raised(pack, case.person, _with_meanings(case.found, alarms)))
    rules = [vitals.reason(rule, rule.level, spans) for rule, spans in alarms if rule.level is not None]
    rules += [redflags.reason(flag, made_of) for flag, made_of in flags]
    asked = list(questions.missing(pack, complaint, case.person, case.found))
    read_as = doubts.language(case.reading.text, complaint.lang, pack.lexicon.words)
    unclear = list(doubts.of_text(pack, read_as, case.reading.text, case.found))
    judged = doubts.of_model(pack, model)
    reasons = _ordered([*rules, *(reason for reason, _ in asked), *unclear, judged.reason])
    level = reasons[0].level
    named = [flag.department for flag, _ in flags if flag.level == level]
    named += [rule.department for rule, _ in alarms if rule.level == level]
    abstained = judged.abstains or bool(unclear)
    return Decision(
        level=level,
        level_name=pack.name(level).en,
        level_name_zh=pack.name(level).zh,
        department=_department(pack, level, named, model),
        reasons=reasons,
        red_flags=tuple(flag.id for flag, _ in sorted(flags, key=lambda one: one[0].level)),
        level_set=_plausible(level, judged, abstained),
        abstained=abstained,
        ask=_questions([items for _, items in asked], case.person),
        review=abstained or bool(asked) or _unsure(flags) or _overruled(rules, judged),
        pack=pack.reference,
        lang=read_as.lang,
        model="" if model is None or model.failed is not None else model.model,
    )


def _case(complaint: Complaint, pack: Pack) -> _Case:
    reading = read(complaint.text, pack.lexicon.words)
    all_ = redflags.mentions(pack, reading) + questions.answered(pack, complaint.answers)
    if complaint.patient.pregnant:
        all_.append(Mention("pregnancy", Status.PRESENT, None))
    all_ += [Mention(name, Status.PRESENT, None) for name in sorted(complaint.patient.conditions)]
    told = (
        (one.vital, one.value, (reading.span(one.start, one.end),)) for one in stated.vitals(reading.text)
    )
    found, readings = redflags.by_concept(all_), vitals.measures(complaint.vitals, told)
    ages = tuple(stated.ages(reading.text))
    who = _person(complaint, ages, all_)
    if not who.ages:
        # "Testicle pain" must not make an adult of an infant and so excuse a reading that was an alarm.
        alarms = vitals.alarms(pack, who, readings)
        flags = redflags.raised(pack, who, _with_meanings(found, alarms))
        who = _person(complaint, ages, redflags.apart(complaint.text, all_, flags))
    return _Case(reading, found, who, readings)


def _person(complaint: Complaint, ages: tuple[float, ...], all_: Iterable[Mention]) -> Person:
    counts = [one for one in all_ if one.status in COUNTS | {Status.HISTORICAL}]
    # A pregnancy of the past is none; a lung disease of the past is one.
    said = {one.concept for one in counts if one.concept != "pregnancy" or one.status in COUNTS}
    return person(complaint.patient, ages, frozenset(said))


def _with_meanings(
    found: Mapping[str, list[Mention]], alarms: Iterable[vitals.Alarm]
) -> Mapping[str, list[Mention]]:
    """Add what readings mean: 39 °C is a fever though nobody says so."""
    meant = [
        Mention(rule.means, Status.PRESENT, spans[0] if spans else None)
        for rule, spans in alarms
        if rule.means
    ]
    return redflags.by_concept([*(one for group in found.values() for one in group), *meant])


def _ordered(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    unique: dict[str, Reason] = {}
    for reason in reasons:
        known = unique.get(reason.code)
        evidence = (
            reason.evidence if known is None else tuple(dict.fromkeys((*known.evidence, *reason.evidence)))
        )
        unique[reason.code] = Reason(reason.code, reason.text_en, reason.text_zh, reason.level, evidence)
    return tuple(sorted(unique.values(), key=lambda reason: reason.level))


def _plausible(level: int, judged: doubts.Judged, abstained: bool) -> tuple[int, ...]:
    """Return the levels that may be right; where a person must decide, every more urgent one as well."""
    more_urgent = range(1, level + 1) if abstained else [one for one in judged.plausible if one <= level]
    less_urgent = judged.plausible if judged.reason.level == level and not abstained else ()
    return tuple(sorted({level, *more_urgent, *less_urgent}))


def _department(pack: Pack, level: int, named: list[str | None], model: ModelOpinion | None) -> str:
    ruled = next((one for one in named if one is not None), None)
    if level == 1:
        return _EMERGENCY
    if ruled is not None:
        return ruled
    known = (
        {}
        if model is None or model.failed is not None
        else {
            name: share
            for name, share in model.department.items()
            if name in pack.departments and share == share
        }
    )
    if known and (level > _URGENT or not named):
        return max(known, key=lambda name: known[name])
    return _EMERGENCY if level <= _URGENT else _GENERAL


def _questions(groups: Iterable[list[Question]], who: Person) -> tuple[Question, ...]:
    unique = {item.id: item for group in groups for item in group}
    if not who.ages:
        unique.setdefault(_AGE.id, _AGE)
    return tuple(unique.values())


def _unsure(flags: Iterable[tuple[object, list[Mention]]]) -> bool:
    return any(one.status is not Status.PRESENT for _, made_of in flags for one in made_of)


def _overruled(rules: Iterable[Reason], judged: doubts.Judged) -> bool:
    """Tell whether rules and model are two levels or more apart: somebody should look why."""
    level = min((reason.level for reason in rules), default=None)
    return level is not None and judged.reason.level - level >= 2
