"""The two tasks of medical as data: labels, starter examples, and how they are trained."""

from __future__ import annotations

from pathlib import Path

from core.training.recipe import Recipe, Task

DATA = Path(__file__).parent / "data"

URGENCIES = ("1", "2", "3", "4", "5")
"""1 life at risk now, 2 emergency department at once, 3 seen today, 4 a doctor within days, 5 self-care."""

LANGUAGES = ("en", "zh")

STARTER = tuple(DATA / f"starter_{lang}.csv" for lang in LANGUAGES)

# Fine-tuned together, so that both cost one encoder pass. A head on the frozen encoder does worse on urgency
# than TF-IDF does: how urgent a complaint is stands in a few words of it.
_RECIPE = Recipe(method="full", epochs=6)

URGENCY = Task(
    name="medical.urgency",
    kind="single",
    labels=URGENCIES,
    label_column="urgency",
    starter=STARTER,
    recipe=_RECIPE,
)

DEPARTMENTS = (
    "emergency",
    "general_practice",
    "cardiology",
    "respiratory",
    "neurology",
    "gastroenterology",
    "endocrinology",
    "nephrology_urology",
    "obstetrics_gynaecology",
    "paediatrics",
    "orthopaedics",
    "dermatology",
    "ophthalmology",
    "ent",
    "dentistry",
    "psychiatry",
    "infectious_diseases",
    "haematology_oncology",
    "rheumatology",
)
"""Where a hospital sends a patient; a pack of rules names the same."""

DEPARTMENT = Task(
    name="medical.department",
    kind="single",
    labels=DEPARTMENTS,
    label_column="department",
    starter=STARTER,
    recipe=_RECIPE,
)
