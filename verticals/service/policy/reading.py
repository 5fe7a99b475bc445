"""What was understood of one message, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from core.records import Prediction
from verticals.service.recipe import OUT_OF_SCOPE


@dataclass(frozen=True)
class Reading:
    """What one text wants.

    Attributes:
        lang: ISO 639 code, "und" where the text has no letters.
        said: What the model of `service.intent` says.
    """

    lang: str
    said: Prediction

    @property
    def intent(self) -> str:
        """The likeliest intent, or `out_of_scope`."""
        return OUT_OF_SCOPE if self.out_of_scope else self.said.labels[0]

    @property
    def out_of_scope(self) -> bool:
        """Whether it is none of the intents: the model rejects it, or finds "none" likelier than each."""
        return self.said.labels[0] == OUT_OF_SCOPE or self._none > self.said.probability

    @property
    def confidence(self) -> float:
        """Calibrated probability that `intent` is right."""
        if self.said.labels[0] == OUT_OF_SCOPE or not self.out_of_scope:
            return self.said.probability
        return self._none

    @property
    def _none(self) -> float:
        return self.said.probabilities.get(OUT_OF_SCOPE, 0.0)

    @property
    def probabilities(self) -> Mapping[str, float]:
        """Of every intent."""
        return self.said.probabilities

    @cached_property
    def ranked(self) -> list[tuple[str, float]]:
        """The intents by falling probability, `out_of_scope` not among them."""
        pairs = [pair for pair in self.probabilities.items() if pair[0] != OUT_OF_SCOPE]
        return sorted(pairs, key=lambda pair: -pair[1])
