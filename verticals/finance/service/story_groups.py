"""Parts texts into stories anew, where a text connects several stories or was taken away from one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.storage.ids import new_id
from core.text.near import similarities
from verticals.finance.policy.grouping import group
from verticals.finance.policy.joining import Link, Text, link
from verticals.finance.service.story_texts import NEAR, by_id, linked, of_stories, parts, plain
from verticals.finance.tables import FinanceDocument, FinanceStory, FinanceStoryText


def regroup(session: Session, tenant: str, stories: Collection[str]) -> set[str]:
    """Part the texts of these stories, and of all that are near to them, into stories.

    Args:
        session: Of a write; new texts carry the id of a story of their own.
        tenant: Whose.
        stories: Where to begin.

    Returns:
        Ids of the stories whose texts are not the same as before, and of those that are new or left empty.
    """
    rows, near = _closure(session, stories)
    texts = {row.id: plain(row) for row in rows}
    groups = group(list(texts.values()), _links(list(texts.values()), near))
    moved = _name(rows, groups)
    changed = {old for old, _ in moved.values()} | {new for _, new in moved.values()}
    for row in rows:
        if row.id in moved:
            row.story_id = moved[row.id][1]
    session.flush()
    _move(session, moved)
    left = {row.story_id for row in rows}
    for empty in changed - left:
        heir = Counter(new for old, new in moved.values() if old == empty).most_common(1)[0][0]
        absorb(session, tenant, empty, heir)
    return changed


def absorb(session: Session, tenant: str, empty: str, heir: str) -> None:
    """Note that a story without texts went into another one."""
    story = session.get(FinanceStory, (tenant, empty))
    if story is not None:
        story.absorbed_into, story.reach, story.counted = heir, 0, False
        session.flush()


def _closure(
    session: Session, stories: Collection[str]
) -> tuple[list[FinanceStoryText], list[tuple[int, int]]]:
    """Return the texts of the stories and of all that near links lead to, in order, and these links."""
    seen, fresh = set(stories), set(stories)
    near: list[tuple[int, int]] = []
    while fresh:
        ids = [row.id for row in of_stories(session, fresh)]
        found = linked(session, ids, NEAR)
        near.extend((one, other) for one, other, _ in found)
        fresh = {row.story_id for row in by_id(session, {other for _, other, _ in found})} - seen
        seen |= fresh
    return of_stories(session, seen), near


def _links(texts: Sequence[Text], near: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Link]:
    found: dict[tuple[int, int], Link] = {(min(pair), max(pair)): "near" for pair in near}
    alike: dict[tuple[frozenset[str], frozenset[str]], list[Text]] = {}
    for text in texts:
        alike.setdefault((text.facts, text.companies), []).append(text)
    for bunch in alike.values():
        for place, one in enumerate(bunch):
            rest = bunch[place + 1 :]
            shares = similarities(one.signature, [other.signature for other in rest])
            for other, share in zip(rest, shares, strict=True):
                if link(one, other, share) == "same":
                    found[min(one.id, other.id), max(one.id, other.id)] = "same"
    return found


def _name(rows: Sequence[FinanceStoryText], groups: Sequence[Sequence[Text]]) -> dict[int, tuple[str, str]]:
    """Give each group the id of the story that most of its documents had; return what moved, old to new."""
    known = {row.id: row for row in rows}
    taken: set[str] = set()
    moved: dict[int, tuple[str, str]] = {}
    for texts in groups:
        votes: Counter[str] = Counter()
        for text in texts:
            votes[known[text.id].story_id] += known[text.id].copies
        free = sorted(votes.keys() - taken, key=lambda id_: (-votes[id_], id_))
        id_ = free[0] if free else new_id()
        taken.add(id_)
        moved |= {t.id: (known[t.id].story_id, id_) for t in texts if known[t.id].story_id != id_}
    return moved


def _move(session: Session, moved: Mapping[int, tuple[str, str]]) -> None:
    by_story: dict[str, list[int]] = {}
    for text, (_, new) in moved.items():
        by_story.setdefault(new, []).append(text)
    for new, texts in by_story.items():
        for part in parts(sorted(texts)):
            session.execute(
                update(FinanceDocument).where(FinanceDocument.story_text.in_(part)).values(story_id=new)
            )
