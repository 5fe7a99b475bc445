"""Who a complaint may be about: the ages and the pregnancy that are possible by all that is said."""

from __future__ import annotations

from dataclasses import dataclass

from verticals.medical.intake import Patient

_ADULT, _TALKS, _CHILD = 12.0, 3.0, 6.0
_FERTILE = (11.0, 56.0)


@dataclass(frozen=True, slots=True)
class Person:
    """The possible patients; an unknown age is every age that the words allow.

    Attributes:
        ages: Given and stated ages in years; each of them counts. Empty where none is known.
        youngest: Where no age is known, nobody younger.
        oldest: Where no age is known, nobody older.
        may_be_pregnant: False only where it is denied, or sex or age rule it out.
        pregnant: True where it is known.
        conditions: Given and stated conditions.
    """

    ages: tuple[float, ...]
    youngest: float
    oldest: float
    may_be_pregnant: bool
    pregnant: bool
    conditions: frozenset[str]

    def may_be(self, band: tuple[float, float | None] | None) -> bool:
        """Tell whether the patient may be in an age band [from, to)."""
        if band is None:
            return True
        low, high = band[0], float("inf") if band[1] is None else band[1]
        if self.ages:
            return any(low <= age < high for age in self.ages)
        return low <= self.oldest and self.youngest < high


def person(patient: Patient, stated: tuple[float, ...], said: frozenset[str]) -> Person:
    """Return the possible patients.

    Args:
        patient: As given.
        stated: Ages that the text states.
        said: Concepts that count as present or of the past (pregnancy, copd, who_adult …).
    """
    ages = tuple(dict.fromkeys(age for age in (patient.age, *stated) if age is not None))
    child = "who_child" in said
    youngest = 0.0 if child else _ADULT if "who_adult" in said else _TALKS if "who_talks" in said else 0.0
    oldest = _CHILD if child and not {"who_adult", "who_talks"} & said else float("inf")
    known = bool(patient.pregnant) or "pregnancy" in said
    draft = Person(ages, youngest, oldest, known, known, patient.conditions | said)
    if known or patient.pregnant is False or patient.sex == "male" or not draft.may_be(_FERTILE):
        return draft
    return Person(ages, youngest, oldest, True, known, draft.conditions)
