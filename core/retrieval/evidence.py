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
DEPTH = 64
"""So many passages are found, to know what an ordinary cosine is here."""
BACKGROUND = 24
"""The words of so many of them tell what an ordinary word is here."""
FOREIGN = 3
"""So many passages of other languages may be quoted."""
NEAR = 1.0
"""A sentence of the same passage is quoted too where its rank score is at most so far below the best."""
MOST_QUOTED = 3
MOST_UNITS = 24
"""So many sentences are encoded for one question."""

UNIT_WORDS = ("shared", "shared_around", "number", "turned", "side", "passage_words", "rank", "foreign")
UNIT_VECTORS = ("cosine", "passage_cosine")
ANSWER_WORDS = (
    "shared_around",
    "known",
    "strange",
    "foreign",
    "number",
    "side",
    "lexical_lead",
    "margin",
)
ANSWER_VECTORS = ("cosine", "lead", "standing", "agreement")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found for one question.

    Attributes:
        background: The passages that were found, the best first; more than may be quoted.
        units: What can be quoted.
        vectors: Of the units, (n, dimension); None where only words are compared.
        figures: Of each unit, by name, (n,).
        known: Part of the question's content words that some passage holds.
        strange: Part of the question's names that no passage holds, in any language.
        suspicious: Documents that hold something hidden or speak to a machine where they were looked at.
    """

    wanted: Wanted
    background: tuple[Hit, ...]
    units: tuple[Unit, ...]
    vectors: NDArray[np.float32] | None
    figures: Mapping[str, Floats]
    known: float
    strange: float
    suspicious: frozenset[str]

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
            "known": 1.0 if foreign else self.known,
            "strange": self.strange,
            "foreign": float(foreign),
            "lexical_lead": 0.0 if foreign else self._lexical_lead(),
            "margin": margin,
        }
        if self.vectors is not None:
            cosines = self.figures["cosine"]
            alike = cosines[self.figures["foreign"] == float(foreign)]
            found |= {
                "cosine": float(cosines[best]),
                "lead": float(cosines[best] - np.median(alike)),
                "standing": self._standing(unit.hit),
                "agreement": self._agreement(),
            }
        return found

    def _lexical_lead(self) -> float:
        scores = sorted((hit.lexical or 0.0 for hit in self.background), reverse=True)
        return math.log((scores[0] + 1.0) / (scores[1] + 1.0)) if len(scores) > 1 else 0.0

    def _standing(self, hit: Hit) -> float:
        """How many deviations the passage's cosine is above the background's; less where there is little."""
        abroad = is_foreign(self.wanted, hit)
        alike = (each for each in self.background if is_foreign(self.wanted, each) == abroad)
        cosines = [each.dense for each in alike if each.dense is not None]
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
    found = searcher.search(tenant, collection, question, k=max(k, DEPTH), filters=filters)
    taken = _taken(wanted, found, k)
    rows, known = _compared(wanted, found, taken)
    chosen = tuple(unit for unit, _ in rows)
    columns = {name: np.array([values[name] for _, values in rows]) for name in UNIT_WORDS}
    vectors = None
    if encoder is not None and chosen:
        vectors = encoder.encode([as_text(Example(unit.embedded)) for unit in chosen], role="passage")
        asked = encoder.encode([as_text(Example(question))], role="query")[0]
        columns["cosine"] = (vectors @ asked).astype(np.float64)
        columns["passage_cosine"] = _below_best(wanted, found, chosen)
    suspicious = frozenset(hit.document_id for hit, _ in taken if hit.suspicious)
    strange = _strange(wanted, found)
    return Evidence(wanted, tuple(found), chosen, vectors, columns, known, strange, suspicious)


def _taken(wanted: Wanted, found: Sequence[Hit], k: int) -> list[tuple[Hit, int]]:
    """Return the passages that may be quoted, with their places among those of their language.

    Passages that share no word with the question because they are in another language stand far behind in
    what words and vectors say together, so the nearest of them are taken by their vectors alone.
    """
    native = [hit for hit in found if not is_foreign(wanted, hit)]
    foreign = sorted((hit for hit in found if is_foreign(wanted, hit)), key=lambda hit: -(hit.dense or 0.0))
    abroad = foreign[: FOREIGN if native else k]
    home = native[: k - len(abroad)]
    return [(hit, place) for group in (home, abroad) for place, hit in enumerate(group)]


def _compared(
    wanted: Wanted, found: Sequence[Hit], taken: Sequence[tuple[Hit, int]]
) -> tuple[list[tuple[Unit, dict[str, float]]], float]:
    """Return the most promising units with what words say of them, and the known part of the question."""
    texts = [_words(hit) for hit in found if not is_foreign(wanted, hit)][:BACKGROUND]
    weights = rarity(wanted.terms, texts)
    known = share(dict.fromkeys(wanted.terms, 1.0), frozenset().union(*texts))
    above = cache(lambda text: frozenset(terms(text)))  # many sentences stand below the same heading
    compared = (_by_words(wanted, weights, unit, place, above) for hit, place in taken for unit in units(hit))
    return sorted(compared, key=_promise)[:MOST_UNITS], known


def _strange(wanted: Wanted, found: Sequence[Hit]) -> float:
    everything = "\n".join(f"{hit.title}\n{hit.heading}\n{hit.text}" for hit in found).casefold()
    absent = [name for name in wanted.names if name.casefold() not in everything]
    return len(absent) / len(wanted.names) if wanted.names else 0.0


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
        "foreign": float(is_foreign(wanted, hit)),
    }


def _promise(row: tuple[Unit, Mapping[str, float]]) -> float:
    values = row[1]
    return -(values["shared_around"] + 0.5 * values["shared"] + 1.5 * values["rank"] + 0.1 * values["number"])


def _below_best(wanted: Wanted, found: Sequence[Hit], chosen: Sequence[Unit]) -> Floats:
    """Return how far each unit's passage is below the nearest passage of its language."""
    best = {True: -1.0, False: -1.0}
    for hit in found:
        if hit.dense is not None:
            best[is_foreign(wanted, hit)] = max(best[is_foreign(wanted, hit)], hit.dense)
    return np.array(
        [
            0.0 if unit.hit.dense is None else unit.hit.dense - best[is_foreign(wanted, unit.hit)]
            for unit in chosen
        ]
    )


def best_of(evidence: Evidence, scores: Floats) -> tuple[int, float]:
    """Return the place of the best unit, and how far its score is above the best one of another passage."""
    best = int(scores.argmax())
    passage = evidence.units[best].hit.passage_id
    others = [
        score for unit, score in zip(evidence.units, scores, strict=True) if unit.hit.passage_id != passage
    ]
    return best, float(scores[best] - max(others)) if others else 1.0


def with_near(evidence: Evidence, scores: Floats, best: int) -> list[int]:
    """Return the best unit and what the same passage says nearly as well, in the order of the text."""
    units = evidence.units
    taken = [best]
    for place in np.argsort(-scores).tolist():
        unit = units[place]
        near = unit.hit.passage_id == units[best].hit.passage_id and scores[best] - scores[place] <= NEAR
        apart = all(unit.end <= units[each].start or units[each].end <= unit.start for each in taken)
        if near and apart and len(taken) < MOST_QUOTED:
            taken.append(place)
    return sorted(taken, key=lambda place: units[place].start)
