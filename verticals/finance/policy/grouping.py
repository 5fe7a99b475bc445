"""Makes stories of texts and the links between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from verticals.finance.policy.joining import Link, Text, agree


def group(texts: Sequence[Text], links: Mapping[tuple[int, int], Link]) -> list[tuple[Text, ...]]:
    """Return the stories that texts make: linked texts belong together, unless a story contradicted itself.

    A text that says little can be near to two that contradict each other; it goes with the earlier one. So
    links are taken in an order that knows nothing of arrival, in Kruskal's way: equal facts first, then by
    time.

    Args:
        texts: In the order of their event times.
        links: By pairs of ids, each pair once, in either direction.

    Returns:
        The stories, each in the order of `texts`, in the order of their first text.
    """
    rank = {text.id: place for place, text in enumerate(texts)}
    stories: dict[int, list[Text]] = {text.id: [text] for text in texts}

    def urgency(pair: tuple[int, int]) -> tuple[bool, int, int]:
        first, second = sorted((rank[pair[0]], rank[pair[1]]))
        return links[pair] == "near", second, first

    for pair in sorted(links, key=urgency):
        one, other = stories[pair[0]], stories[pair[1]]
        if one is not other and _compatible(one, other):
            one.extend(other)
            stories.update((text.id, one) for text in other)
    unique = {id(story): story for story in stories.values()}
    found = (tuple(sorted(story, key=lambda text: rank[text.id])) for story in unique.values())
    return sorted(found, key=lambda story: rank[story[0].id])


def _compatible(one: Iterable[Text], other: Iterable[Text]) -> bool:
    ours = {(text.facts, text.companies): text for text in one}
    theirs = {(text.facts, text.companies): text for text in other}
    return all(agree(left, right) for left in ours.values() for right in theirs.values())
