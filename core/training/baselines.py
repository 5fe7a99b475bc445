"""What every candidate is measured against beside the frozen encoder: TF-IDF with a linear model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.ports import Text
from core.training.calibrate import one_hot
from core.training.fitting import Target

Bools = NDArray[np.bool_]


def _joined(text: Text) -> str:
    return text if isinstance(text, str) else f"{text[0]} \n {text[1]}"


class TfIdf:
    """Word (1–2) and character (1–4) TF-IDF with linear support vectors, the floor that costs seconds."""

    def __init__(self, seed: int = 13) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
        characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=2)
        self._vectorizers: list[Any] = [words, characters]
        self._seed = seed

    def fit(self, texts: Sequence[Text], target: Target) -> TfIdf:
        """Fit on the training texts of a target."""
        from sklearn.multiclass import OneVsRestClassifier

        joined = [_joined(text) for text in texts]
        self._vectorizers = [each for each in self._vectorizers if _finds_terms(each, joined)]
        self._prior = target.train.mean(axis=0)
        self._multi = target.multi
        self._models: dict[int, Any] = {}
        if not self._vectorizers:
            return self
        rows = self._rows(joined)
        if target.multi:
            varied = np.flatnonzero((self._prior > 0) & (self._prior < 1)).tolist()
            self._models = {i: self._support().fit(rows, target.train[:, i]) for i in varied}
        else:
            self._models = {0: OneVsRestClassifier(self._support()).fit(rows, target.train.argmax(axis=1))}
        return self

    def predict(self, texts: Sequence[Text]) -> Bools:
        """Return (n, k) predicted labels; where nothing could be learnt, what is most frequent."""
        rows = self._rows([_joined(text) for text in texts]) if self._models else None
        if self._multi:
            out = np.tile(self._prior >= 0.5, (len(texts), 1))
            for place, model in self._models.items():
                out[:, place] = model.predict(rows)
            return out
        said = self._models[0].predict(rows) if self._models else np.full(len(texts), self._prior.argmax())
        return one_hot(np.asarray(said, int), len(self._prior))

    def _support(self) -> Any:
        from sklearn.svm import LinearSVC

        return LinearSVC(C=1.0, random_state=self._seed)

    def _rows(self, texts: Sequence[str]) -> Any:
        from scipy.sparse import hstack

        return hstack([each.transform(texts) for each in self._vectorizers], format="csr")


def _finds_terms(vectorizer: Any, texts: Sequence[str]) -> bool:
    """Fit a vectorizer; False where the texts hold nothing that it counts, e.g. only emoji."""
    try:
        vectorizer.fit(texts)
    except ValueError:
        return False
    return True
