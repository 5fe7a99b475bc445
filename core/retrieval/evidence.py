"""What a collection says to a question, and the figures by which the best of it is chosen and trusted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from core.inference.reading import as_text
from core.ports import Encoder
from core.records import Example
from core.retrieval.records import Filters, Hit
from core.retrieval.search import Searcher
from core.retrieval.terms import terms
from core.retrieval.units import Unit, units
from core.retrieval.wanted import Wanted, figures, has_number, rarity, read, share, side, turned
from core.text.language import UNDETERMINED

Floats = NDArray[np.float64]
BACKGROUND = 24
"""So many passages are looked at to know what an ordinary cosine and an ordinary word is here."""
MOST_UNITS = 24
"""So many sentences are encoded for one question."""

UNIT_WORDS = ("shared", "shared_around", "number", "turned", "side", "passage_words", "rank")
UNIT_VECTORS = ("cosine", "passage_cosine")
ANSWER_WORDS = ("shared", "shared_around", "known", "foreign", "number", "side", "lexical_lead", "margin")
ANSWER_VECTORS = ("cosine", "lead", "standing", "agreement", "cosine_foreign")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found for one question.

    Attributes:
        background: The passages that were found, the best first; more than may be quoted.
        units: What can be quoted.
        vectors: Of the units, (n, dimension); None where only words are compared.
        figures: Of each unit, by name, (n,).
        left_out: Documents of which something was left out because it speaks to a machine.
    """

    wanted: Wanted
    background: tuple[Hit, ...]
    units: tuple[Unit, ...]
    vectors: NDArray[np.float32] | None
    figures: Mapping[str, Floats]
    left_out: frozenset[str]

    def matrix(self, names: Sequence[str]) -> Floats:
        """Return (n, len(names))."""
        return np.stack([self.figures[name] for name in names], axis=1)

    def of_answer(self, best: int, margin: float) -> dict[str, float]:
        """Return the figures that tell whether unit `best` answers the question.

        Args:
            best: Place of the chosen unit.
            margin: How far its rank score is above the next one's of another passage.
        """
        unit = self.units[best]
        foreign = is_foreign(self.wanted, unit.hit)
        found = {
            name: float(self.figures[name][best]) for name in ("shared", "shared_around", "number", "side")
        }
        found |= {
            "known": 1.0 if foreign else self._known(),
            "foreign": float(foreign),
            "lexical_lead": 0.0 if foreign else self._lexical_lead(),
            "margin": margin,
        }
        if self.vectors is not None:
            cosines = self.figures["cosine"]
            found |= {
                "cosine": float(cosines[best]),
                "cosine_foreign": float(cosines[best]) * foreign,
                "lead": float(cosines[best] - np.median(cosines)),
                "standing": self._standing(unit.hit),
                "agreement": self._agreement(),
            }
        return found

    def _known(self) -> float:
        everything = frozenset().union(*(_words(hit) for hit in self.background))
        return share(dict.fromkeys(self.wanted.terms, 1.0), everything)

    def _lexical_lead(self) -> float:
        scores = sorted((hit.lexical or 0.0 for hit in self.background), reverse=True)
        return math.log((scores[0] + 1.0) / (scores[1] + 1.0)) if len(scores) > 1 else 0.0

    def _standing(self, hit: Hit) -> float:
        """How many deviations the passage's cosine is above the background's; less where there is little."""
        cosines = [each.dense for each in self.background if each.dense is not None]
        if hit.dense is None or len(cosines) < 2:
            return 0.0
        deviation = float(np.std(cosines)) + 1e-3
        return (hit.dense - float(np.mean(cosines))) / deviation * len(cosines) / (len(cosines) + 8)

    def _agreement(self) -> float:
        near = max(self.background, key=lambda hit: hit.dense or -1.0)
        words = max(self.background, key=lambda hit: hit.lexical or 0.0)
        return float(near is words and bool(words.lexical))


def gather(
    searcher: Searcher,
    encoder: Encoder | None,
    tenant: str,
    collection: str,
    question: str,
    k: int,
    filters: Filters | None = None,
) -> Evidence:
    """Search, cut what was found, and compare it with the question.

    Args:
        searcher: Finds passages.
        encoder: Compares sentences with the question; None: only words are compared.
        tenant: Whose collection.
        collection: Its name.
        question: Any text.
        k: So many passages may be quoted.
        filters: What passages must fulfil.
    """
    wanted = read(question)
    found = searcher.search(tenant, collection, question, k=max(k, BACKGROUND), filters=filters)
    cut = [(place, unit) for place, hit in enumerate(found[:k]) for unit in units(hit)]
    kept_from = {unit.hit.passage_id for _, unit in cut}
    left_out = frozenset(
        hit.document_id for hit in found[:k] if hit.suspicious or hit.passage_id not in kept_from
    )
    weights = rarity(wanted.terms, [_words(hit) for hit in found])
    above = cache(lambda text: frozenset(terms(text)))  # many sentences stand below the same heading
    compared = (_by_words(wanted, weights, unit, place, above) for place, unit in cut)
    rows = sorted(compared, key=_promise)[:MOST_UNITS]
    chosen = tuple(row[0] for row in rows)
    columns = {name: np.array([row[1][name] for row in rows]) for name in UNIT_WORDS}
    vectors = None
    if encoder is not None and chosen:
        vectors = encoder.encode([as_text(Example(unit.embedded)) for unit in chosen], role="passage")
        asked = encoder.encode([as_text(Example(question))], role="query")[0]
        columns["cosine"] = (vectors @ asked).astype(np.float64)
        columns["passage_cosine"] = _below_best(found, chosen)
    return Evidence(wanted, tuple(found), chosen, vectors, columns, left_out)


def is_foreign(wanted: Wanted, hit: Hit) -> bool:
    """Tell whether question and passage are in different languages, so that words cannot be compared."""
    return UNDETERMINED not in (wanted.lang, hit.lang) and wanted.lang != hit.lang


def _words(hit: Hit) -> frozenset[str]:
    return frozenset(terms(f"{hit.title}\n{hit.heading}\n{hit.text}"))


def _by_words(
    wanted: Wanted,
    weights: Mapping[str, float],
    unit: Unit,
    place: int,
    above: Callable[[str], frozenset[str]],
) -> tuple[Unit, dict[str, float]]:
    text, hit = unit.embedded, unit.hit
    own = frozenset(terms(unit.text))
    around = own | above(f"{hit.title}\n{hit.heading}\n{unit.context}\n{unit.introduced}")
    number = 0.0
    if wanted.number:
        # A number that the question itself says is no answer to it.
        new = figures(unit.text) - figures(wanted.text)
        number = 1.0 if new or (has_number(unit.text) and not figures(unit.text)) else -1.0
    return unit, {
        "shared": share(weights, own),
        "shared_around": share(weights, around),
        "number": number,
        "turned": float(turned(wanted.text) and turned(text)),
        "side": side(wanted.text, text),
        "passage_words": math.log1p(hit.lexical or 0.0),
        "rank": 1.0 / (1.0 + place),
    }


def _promise(row: tuple[Unit, Mapping[str, float]]) -> float:
    values = row[1]
    return -(values["shared_around"] + 0.5 * values["shared"] + 1.5 * values["rank"] + 0.1 * values["number"])


def _below_best(found: Sequence[Hit], chosen: Sequence[Unit]) -> Floats:
    best = max((hit.dense for hit in found if hit.dense is not None), default=0.0)
    return np.array([0.0 if unit.hit.dense is None else unit.hit.dense - best for unit in chosen])


def best_of(evidence: Evidence, scores: Floats) -> tuple[int, float]:
    """Return the place of the best unit, and how far its score is above the best one of another passage."""
    best = int(scores.argmax())
    passage = evidence.units[best].hit.passage_id
    others = [
        score for unit, score in zip(evidence.units, scores, strict=True) if unit.hit.passage_id != passage
    ]
    return best, float(scores[best] - max(others)) if others else 1.0
