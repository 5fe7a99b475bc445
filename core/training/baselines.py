"""What every candidate is measured against beside the frozen encoder: TF-IDF with a linear model."""

from __future__ import annotations

from collections.abc import Sequence

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
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.pipeline import make_pipeline, make_union
        from sklearn.svm import LinearSVC

        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
        characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=2)
        support = LinearSVC(C=1.0, random_state=seed)
        self._pipeline = make_pipeline(make_union(words, characters), OneVsRestClassifier(support))

    def fit(self, texts: Sequence[Text], target: Target) -> TfIdf:
        """Fit on the training texts of a target."""
        self._multi, self._labels = target.multi, len(target.labels)
        gold = target.train.astype(int) if target.multi else target.train.argmax(axis=1)
        self._pipeline.fit([_joined(text) for text in texts], gold)
        return self

    def predict(self, texts: Sequence[Text]) -> Bools:
        """Return (n, k) predicted labels."""
        said = self._pipeline.predict([_joined(text) for text in texts])
        if self._multi:
            return np.asarray(said, np.bool_)
        return one_hot(np.asarray(said, int), self._labels)
