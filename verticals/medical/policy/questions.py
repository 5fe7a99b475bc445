"""Must-ask items: which risky complaints are there, and what has not been answered yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.text.assertion import Status
from verticals.medical.intake import Answer, Complaint
from verticals.medical.policy.finding import Question, Reason
from verticals.medical.policy.pack import Item, Pack
from verticals.medical.policy.person import Person
from verticals.medical.policy.reading import read
from verticals.medical.policy.redflags import COUNTS, Mention, mentions

_YES = {"yes", "y", "true", "yeah", "yep", "positive", "是", "有", "对", "是的", "有的", "嗯"}
_NO = {"no", "n", "false", "nope", "none", "negative", "否", "没有", "无", "不", "没", "不是"}


def said_yes(answer: Answer) -> bool | None:
    """Return what an answer says; None for words of another kind, numbers, and "not known"."""
    if isinstance(answer, bool):
        return answer
    word = answer.strip().lower().rstrip(".!。！") if isinstance(answer, str) else ""
    return True if word in _YES else False if word in _NO else None


def answered(pack: Pack, answers: Mapping[str, Answer]) -> list[Mention]:
    """Return the mentions in answers: a yes is a mention of the item's concepts, words are read as text."""
    items = {item.id: item for one in pack.questions for item in one.ask}
    found: list[Mention] = []
    for key, answer in answers.items():
        yes = said_yes(answer)
        names = items[key].concepts[:1] if key in items else (key,) if key in pack.terms else ()
        if yes is not None:
            status = Status.PRESENT if yes else Status.ABSENT
            found += [Mention(name, status, None) for name in names]
        elif isinstance(answer, str):
            found += mentions(pack, read(answer, pack.lexicon.words), placed=False)
    return found


def missing(
    pack: Pack, complaint: Complaint, person: Person, found: Mapping[str, list[Mention]]
) -> Iterator[tuple[Reason, list[Question]]]:
    """Yield each risky complaint that counts and has items without an answer."""
    for one in pack.questions:
        about = [mention for name in one.when for mention in found.get(name, ()) if mention.status in COUNTS]
        left = [item for item in one.ask if about and not _known(item, complaint, person, found)]
        if left:
            evidence = tuple(mention.span for mention in about if mention.span is not None)[:3]
            reason = Reason(f"ask.{one.id}", one.en, one.zh, one.level, evidence)
            yield reason, [Question(item.id, item.en, item.zh) for item in left]


def _known(item: Item, complaint: Complaint, person: Person, found: Mapping[str, list[Mention]]) -> bool:
    if item.who == "may_be_pregnant" and (person.pregnant or not person.may_be_pregnant):
        return True
    answer = complaint.answers.get(item.id)
    blank = answer is None or (
        isinstance(answer, str) and answer.strip().lower() in {"", "unknown", "不知道", "?"}
    )
    return not blank or any(found.get(name) for name in item.concepts)
