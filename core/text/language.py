"""Which language a text is in: English and Chinese by their script, others by a statistical model."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

UNDETERMINED = "und"
"""ISO 639-2 code of a text without letters."""

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_KANA = re.compile(r"[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL = re.compile(r"[\uac00-\ud7af\u1100-\u11ff\u3130-\u318f]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f\uff21-\uff3a\uff41-\uff5a]+(?:['\u2019][A-Za-z]+)?")
_LETTER = re.compile(r"[^\W\d_]")
_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """the of and to a in is that for on with as by at from after its has be are was will this than an it
        not over says said up down their which but his her they were been more amid into about""",
    )
)

_HAN_SHARE = 0.4
"""From this share of Han characters among Han characters and Latin words a mixed text is Chinese."""
_SURE = 0.9
"""A Latin text is taken for another language than English only from this probability."""
_SAMPLE = 4_000
"""Code points that are looked at; the rest of a long text changes nothing."""


_TAG = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*")
_CODES = {"eng": "en", "zho": "zh", "chi": "zh", "cmn": "zh", "cn": "zh"}
_NO_LANGUAGE = frozenset({UNDETERMINED, "mul", "zxx", "mis"})


def code_of(tag: str) -> str | None:
    """Return the ISO 639 code in a language tag such as en-US or zh-Hans-CN; None where it has none."""
    found = _TAG.fullmatch(tag.strip().lower())
    if found is None or found[1] in _NO_LANGUAGE:
        return None
    return _CODES.get(found[1], found[1])


def detect(text: str) -> str:
    """Return the ISO 639-1 code of the language of `text`; "und" where it holds no letters.

    Han characters count one each and Latin words one each; capitalised words count half, because Chinese news
    is full of foreign names and tickers. Traditional and simplified Chinese are both `zh`.
    """
    sample = text[:_SAMPLE]
    han = len(_HAN.findall(sample))
    if _KANA.search(sample) and len(_KANA.findall(sample)) * 4 > han:
        return "ja"
    if len(_HANGUL.findall(sample)) > han:
        return "ko"
    words = _LATIN_WORD.findall(sample)
    if han and han >= _HAN_SHARE * (han + _weight(words)):
        return "zh"
    if not _LETTER.search(sample):
        return UNDETERMINED
    # Ordinary English is told by two of its small words, without the statistical model.
    if sum(word.lower() in _STOP_WORDS for word in words) >= 2 and sample.isascii():
        return "en"
    return _by_statistics(sample, latin=bool(words))


def _weight(words: list[str]) -> float:
    return sum(1.0 if word[0].islower() else 0.5 for word in words)


def _by_statistics(sample: str, *, latin: bool) -> str:
    code, probability = _identifier().classify(sample)
    # Three words of a headline are too little to call it Danish: without evidence, Latin text is English.
    return "en" if latin and float(probability) < _SURE else str(code)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
