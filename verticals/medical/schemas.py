"""What goes in and what comes out of the medical routes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from core.text.types import SafeText

MAX_CHARS = 1_000_000
"""No setting lets a longer text through; COLONNADE_MAX_TEXT_CHARS is the cap in force."""

State = Literal["open", "confirmed", "changed"]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Word = Annotated[SafeText, Field(min_length=1, max_length=100)]

NOTICE_EN = "Advice for trained staff, who decide. It is not a diagnosis."
NOTICE_ZH = "仅供专业人员参考，由其作出决定；不是诊断。"


def _written_time(value: object) -> object:
    # pydantic would take 1763767000 for a moment too, and nobody could say in which unit it was meant.
    if not isinstance(value, str):
        raise ValueError("a time is a string in RFC 3339 with a zone, e.g. 2026-11-21T09:30:00+08:00")
    return value


def _primary(tag: str) -> str:
    return tag.partition("-")[0].lower()


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Quantity(_Closed):
    """A number with its unit."""

    value: Number
    unit: Word | None = None


Reading = Number | Quantity | None


class VitalsIn(_Closed):
    """Vital signs; a plain number is in the unit named here."""

    heart_rate: Annotated[Reading, Field(description="Beats a minute.")] = None
    respiratory_rate: Annotated[Reading, Field(description="Breaths a minute.")] = None
    systolic: Annotated[Reading, Field(description="mmHg, or with unit kPa.")] = None
    diastolic: Annotated[Reading, Field(description="mmHg, or with unit kPa.")] = None
    spo2: Annotated[Reading, Field(description="Percent.")] = None
    temperature: Annotated[Reading, Field(description="°C, or with unit °F.")] = None
    glucose: Annotated[Reading, Field(description="mmol/L, or with unit mg/dL.")] = None
    consciousness: Annotated[
        Word | None, Field(description="alert, confused, voice, pain or unresponsive; or A, C, V, P, U.")
    ] = None


class TriageIn(_Closed):
    """One complaint; send no name: what names a person is taken out before anything reads or stores it."""

    text: Annotated[
        SafeText, Field(min_length=1, max_length=MAX_CHARS, examples=["Chest pain for 20 minutes, sweating."])
    ]
    lang: Annotated[
        str | None,
        Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", description="BCP 47; else detected."),
        AfterValidator(lambda tag: tag and _primary(tag)),
    ] = None
    age: Annotated[
        Number | Quantity | None, Field(description="Years, or with unit months, weeks, days.")
    ] = None
    sex: Annotated[Word | None, Field(description="female, male or other.")] = None
    pregnant: StrictBool | None = None
    conditions: Annotated[
        list[Word], Field(max_length=50, description="Long-term conditions and medicines.")
    ] = Field(default_factory=list)
    vitals: VitalsIn | None = None
    answers: Annotated[
        dict[Word, StrictBool | Number | Annotated[SafeText, Field(max_length=2000)] | None],
        Field(max_length=100, description="Answers to questions of `ask`, by their id."),
    ] = Field(default_factory=dict)
    encounter_id: Annotated[
        SafeText | None, Field(min_length=1, max_length=200, description="Kept as a keyed hash only.")
    ] = None
    pack: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,60}$", description="The rules.")] = "default"


class EvidenceOut(BaseModel):
    """A range of the text as it was sent, Unicode code points, end exclusive."""

    start: int
    end: int


class ReasonOut(BaseModel):
    """Why the level is not lower; `text` is in the language of the complaint."""

    code: str
    level: int
    text: str
    text_en: str
    text_zh: str
    evidence: list[EvidenceOut]


class QuestionOut(BaseModel):
    """What to ask next; `id` is its key in `answers`."""

    id: str
    text: str
    text_en: str
    text_zh: str


class PackOut(BaseModel):
    """The rules that were used."""

    name: str
    version: str
    sha256: str


class TriageOut(BaseModel):
    """The advice.

    Attributes:
        urgency: 1 the most urgent.
        set: The plausible levels.
        abstained: A person must decide; `urgency` is then a safe upper bound.
        review_id: Null where the review queue could not take the case; `faults` says so.
        model: Model version by task; empty where none had a say.
        faults: What failed; the level was raised for it.
    """

    urgency: int
    level_name: str
    level_name_en: str
    level_name_zh: str
    department: str
    reasons: list[ReasonOut]
    red_flags: list[str]
    set: list[int]
    abstained: bool
    ask: list[QuestionOut]
    review: bool
    review_id: str | None
    lang: str
    pack: PackOut
    model: dict[str, str]
    faults: list[str]
    notice: str


class DecidedOut(BaseModel):
    """What a person decided."""

    urgency: int
    department: str
    by: str
    at: AwareDatetime


class ReviewOut(BaseModel):
    """A case in the review queue, without what was said."""

    id: str
    state: State
    needed: bool
    urgency: int
    department: str
    lang: str
    reasons: list[str]
    red_flags: list[str]
    set: list[int]
    abstained: bool
    faults: list[str]
    pack: PackOut
    model: dict[str, str]
    created_at: AwareDatetime
    decided: DecidedOut | None


class ReviewDetailOut(ReviewOut):
    """A case with what was said, de-identified; `input` and `decision` are null where it was erased."""

    input: dict[str, Any] | None
    decision: dict[str, Any] | None
    comment: str | None


class VerdictIn(_Closed):
    """What a person decides; without a department the advised one stands."""

    urgency: Annotated[int, Field(strict=True, ge=1, le=5)]
    department: Word | None = None
    comment: Annotated[SafeText | None, Field(max_length=4000)] = None


class DifferenceOut(BaseModel):
    """A field that differs."""

    field: str
    then: Any
    now: Any


class ReplayOut(BaseModel):
    """What came of deciding again on the stored input, rules and model versions.

    Attributes:
        identical: Nothing differs, and the stored input is intact.
        intact: The stored input and decision are what the audit chain has the keyed hash of.
        same_basis: The rules and models of then could be asked again.
    """

    review_id: str
    identical: bool
    intact: bool
    same_basis: bool
    differences: list[DifferenceOut]
    decision: dict[str, Any]


class ReplaysIn(_Closed):
    """From when on reviews are decided again."""

    since: Annotated[
        AwareDatetime,
        BeforeValidator(_written_time, json_schema_input_type=str),
        Field(description="RFC 3339 with a zone."),
    ]


class JobOut(BaseModel):
    """Where the work can be followed: GET /v1/jobs/{job_id}."""

    job_id: str
