"""Which of several wordings of a document stands; pure.

A connection brings what its system shows now, and after a crash once more what it showed before. Of wordings
with a time the latest stands, in whatever order they come, and the document appeared when the earliest says.
Where no time tells two wordings apart, the one that was seen last stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from verticals.finance.intake import Story
from verticals.finance.policy.counting import SKEW, when


def told(story: Story, seen_at: datetime) -> datetime | None:
    """Return the latest time that a source gives for a wording; one ahead of its arrival tells nothing."""
    times = (at for at in (story.published_at, story.revised_at) if at is not None and at <= seen_at + SKEW)
    return max(times, default=None)


def changes(known: Mapping[str, Any], story: Story, seen_at: datetime) -> dict[str, Any]:
    """Return what a wording changes in what is kept of its document; nothing where it changes nothing.

    Args:
        known: `text`, `published_at`, `revised_at`, `told_at` and `first_seen_at` as they are kept.
        story: The wording.
        seen_at: When it was seen.
    """
    at, kept = told(story, seen_at), known["told_at"]
    later = at is not None and (kept is None or at > kept)
    found: dict[str, Any] = {}
    if later:
        found = {"revised_at": at, "told_at": at}
    if story.text != known["text"] and (later or at is None or at == kept):
        found |= {"text": story.text, "revised_at": at if later else seen_at}
    first = known["published_at"]
    if story.published_at is not None and first is not None and story.published_at < first:
        counted_at, dated = when(story.published_at, None, known["first_seen_at"])
        found |= {"published_at": story.published_at, "counted_at": counted_at, "dated": dated}
        # What is kept came after this one.
        found.setdefault("revised_at", known["revised_at"] or kept or seen_at)
    return found
