"""Small Protocols between the floors. Whoever implements one keeps its Raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from core.records import Example, Prediction, Record, Refused

Role = Literal["query", "passage"]
Text = str | tuple[str, str]
"""What an encoder takes: a text, or a pair that is read together."""


class Clock(Protocol):
    """Tells the time; tests hand in one that stands still."""

    def now(self) -> datetime:
        """Return the present moment, in UTC, with a zone."""
        ...


class Encoder(Protocol):
    """Turns texts into vectors with one pretrained model.

    The same text gives the same vector whatever it is batched with (cosine ≥ 0.9999).
    """

    @property
    def name(self) -> str:
        """Catalogue name, Hugging Face id or folder it was loaded from."""
        ...

    @property
    def fingerprint(self) -> str:
        """Sha256 over weights, tokenizer and pooling: equal fingerprints give equal vectors."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    def encode(self, texts: Sequence[Text], *, role: Role = "query") -> NDArray[np.float32]:
        """Return unit vectors of shape (len(texts), dimension), in the order of `texts`.

        A text without anything that the tokenizer knows still has a vector. Texts are cut at the model's
        longest input.
        """
        ...


class Predictor(Protocol):
    """Serves the production model of each task, per tenant."""

    def predict(
        self, tenant: str, tasks: Sequence[str], items: Sequence[Example], *, model: str | None = None
    ) -> Mapping[str, list[Prediction]]:
        """Predict every task for every item; tasks that share an encoder share one pass over the texts.

        Args:
            tenant: Whose models; a tenant without a model of its own is served by the shared starter.
            tasks: Task names, e.g. `finance.sentiment`.
            items: Texts (and pairs).
            model: A model version id, for one task only; default: the task's production version.

        Returns:
            Task name to predictions, in the order of `items`.

        Raises:
            NotFound: no such task, or no such model for this tenant.
            Unavailable: the model is still being loaded or trained.
            IntegrityFailure: the artefact's bytes changed since it was published.
        """
        ...


class Connector(Protocol):
    """Reads one outside system."""

    def read(self, cursor: str | None) -> Iterator[tuple[Record | Refused, str]]:
        """Yield records after `cursor`, each with the cursor to resume behind it.

        A thing that cannot be made a Record is yielded as Refused, so that what follows it is read.

        Raises:
            Unavailable: the system does not answer; try again later.
            InvalidInput: the configuration or the system's answer is wrong; trying again will not help.
        """
        ...


Progress = Callable[[float, str], None]
"""Called with a share in [0, 1] and a short line, whenever long work moves on."""
