from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.text.names import PhraseFinder, names


def test_phrases_are_whole_words_longest_first() -> None:
    finder = PhraseFinder({"orvane": ["Orvane", "Orvane Foods Inc."], "fed": ["Fed"]})
    text = "ORVANE FOODS INC. fed its cattle; Orvanex and the Fed did not."
    found = [(m.id, text[m.span.start : m.span.end]) for m in finder.find(text)]
    assert found == [("orvane", "ORVANE FOODS INC."), ("fed", "fed"), ("fed", "Fed")]


def test_no_pipeline_names_the_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="colonnade models pull spacy-en"):
        names("Orvane Foods cut its outlook.", tmp_path)
