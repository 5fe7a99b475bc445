"""Names and phrases in English text by spaCy: a trained pipeline for names, rules for known phrases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from core.records import Span


@dataclass(frozen=True, slots=True)
class Mention:
    """A name or phrase where it stands in a text.

    Attributes:
        id: spaCy's entity type (ORG, PERSON, GPE …), or the id a phrase was registered under.
        text: The words as they stand there.
        span: Their range.
    """

    id: str
    text: str
    span: Span


def names(text: str, pipeline: Path) -> list[Mention]:
    """Return the names in an English text.

    Args:
        text: English text; a trained pipeline reads at most a million code points.
        pipeline: Folder of a spaCy pipeline, such as `core.models` keeps under the name `spacy-en`.

    Raises:
        ConfigurationError: the folder holds no spaCy pipeline.
    """
    document = _pipeline(pipeline)(text)
    return [Mention(e.label_, e.text, Span(e.start_char, e.end_char)) for e in document.ents]


@cache
def _pipeline(folder: Path) -> Any:
    import spacy

    if not (folder / "config.cfg").is_file():
        raise ConfigurationError(
            f"No spaCy pipeline in {folder}.", remedy="Fetch it: colonnade models pull spacy-en."
        )
    return spacy.load(folder, exclude=["parser", "lemmatizer", "attribute_ruler"])


class PhraseFinder:
    """Finds known phrases in English text: whole words, whatever their case; longest first, none overlapping.

    Args:
        phrases: Id to the phrases that mean it, e.g. `{"acme": ["Acme Corp.", "Acme"]}`.
    """

    def __init__(self, phrases: Mapping[str, Sequence[str]]) -> None:
        import spacy
        from spacy.matcher import PhraseMatcher

        self._spacy = spacy.blank("en")
        self._matcher = PhraseMatcher(self._spacy.vocab, attr="LOWER")
        for key, forms in phrases.items():
            # The tokenizer knows "Inc." and not "INC.": each form is taken as it splits in every case.
            cased = {c for form in forms if form.strip() for c in (form, form.lower(), form.upper())}
            self._matcher.add(key, [self._spacy.make_doc(form) for form in sorted(cased)])

    def find(self, text: str) -> list[Mention]:
        """Return the phrases that stand in `text`, from left to right."""
        from spacy.util import filter_spans

        found = filter_spans(self._matcher(self._spacy.make_doc(text), as_spans=True))
        return [Mention(s.label_, s.text, Span(s.start_char, s.end_char)) for s in found]
