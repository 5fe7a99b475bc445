"""From a complaint to a decision: take names out, ask the models, let the rules decide. Stores nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.errors import ConfigurationError, FieldError, InvalidInput, PayloadTooLarge
from core.settings import Settings
from core.text.normalise import for_model
from verticals.medical.intake import Complaint
from verticals.medical.policy import Decision, Pack, decide, load
from verticals.medical.service.deidentify import Deidentified, deidentify, without_identifiers
from verticals.medical.service.opinion import Opinions, failed

DEFAULT_PACK = "default"


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision with what it was made on.

    Attributes:
        complaint: De-identified, without the encounter id; evidence points into its text.
        decision: What the rules and the models decided.
        pack: The rules.
        models: Model version by task; empty where none had a say.
        fault: What failed; None where nothing did.
    """

    complaint: Complaint
    decision: Decision
    pack: Pack
    models: Mapping[str, str]
    fault: str | None


def check(text: str, settings: Settings) -> None:
    """Refuse a text that is over the cap or says nothing.

    Raises:
        PayloadTooLarge: longer than the cap.
        InvalidInput: blanks and invisible characters only.
    """
    if len(text) > settings.max_text_chars:
        fault = f"longer than {settings.max_text_chars} code points"
        raise PayloadTooLarge(
            f"The text is {fault}.", remedy="Send what matters today.", errors=[FieldError("/text", fault)]
        )
    if not for_model(text):
        fault = "holds only blanks or invisible characters"
        raise InvalidInput(
            "The text holds nothing to read.",
            remedy="Write what is wrong with the patient.",
            errors=[FieldError("/text", fault)],
        )


def pack_of(name: str) -> Pack:
    """Return a pack of rules.

    Raises:
        InvalidInput: there is none of that name.
        ConfigurationError: the default pack is broken.
    """
    try:
        return load(name)
    except ConfigurationError as error:
        if name == DEFAULT_PACK:
            raise
        raise InvalidInput(
            f"There is no pack of rules {name!r}.",
            remedy=f"Leave it out for {DEFAULT_PACK!r}.",
            errors=[FieldError("/pack", "no such pack")],
        ) from error


def anonymous(complaint: Complaint) -> tuple[Complaint, Deidentified]:
    """Return the complaint without what names a person, and the way back to the text as it was sent."""
    text = deidentify(complaint.text)
    patient = replace(
        complaint.patient, conditions=frozenset(without_identifiers(sorted(complaint.patient.conditions)))
    )
    answers = without_identifiers(complaint.answers)
    return replace(complaint, text=text.text, patient=patient, answers=answers, encounter_id=None), text


def judge(
    tenant: str,
    complaint: Complaint,
    pack: Pack,
    opinions: Opinions,
    models: Mapping[str, str] | None = None,
    fault: str | None = None,
) -> Judged:
    """Decide on a de-identified complaint.

    Args:
        tenant: Whose models.
        complaint: As `anonymous` returned it.
        pack: The rules.
        opinions: Asks the models.
        models: The versions to ask; default: those that serve now.
        fault: What failed then, for a replay: the models are not asked.
    """
    said = failed(fault) if fault else opinions(tenant, complaint.text, complaint.lang, models)
    return Judged(complaint, decide(complaint, pack, said.model), pack, said.models, said.fault)


def without_queue(judged: Judged) -> Judged:
    """Return the decision for a case that no queue took: as if the models had failed, so it goes up."""
    said = failed("review-not-stored")
    decision = decide(judged.complaint, judged.pack, said.model)
    return replace(judged, decision=replace(decision, abstained=True), models={}, fault=said.fault)
