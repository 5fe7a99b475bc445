"""Which encoding a file is in: UTF-8, UTF-16 with a mark, the Chinese GB family, or a guess."""

from __future__ import annotations

import codecs

from core.errors import InvalidInput

SAMPLE = 1 << 20
"""Bytes of a file that suffice to tell."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(sample: bytes) -> str:
    """Return the name of the encoding that `sample`, the first bytes of a file, is in.

    A character that the end of the sample cuts in two does no harm.

    Raises:
        InvalidInput: no encoding of text fits; the file is binary.
    """
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    if _reads_as(sample, "utf-8"):
        return "utf-8"
    # charset-normalizer takes short GBK samples for Korean or Japanese now and then; what reads as Chinese
    # characters of daily use in GB 18030 is that.
    if _reads_as(sample, "gb18030") and _is_chinese(sample.decode("gb18030", "ignore")):
        return "gb18030"
    return _guess(sample)


def _reads_as(sample: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese(text: str) -> bool:
    foreign = [character for character in text if not character.isascii()]
    # Level 1 of GB 2312, sorted by reading, holds the characters of daily use.
    common = sum("\u4e00" <= character <= "\u9fff" for character in foreign)
    return bool(foreign) and common >= 0.7 * len(foreign) and _level_one(foreign) >= 0.7 * common


def _level_one(characters: list[str]) -> int:
    codes = (character.encode("gb18030") for character in characters)
    return sum(len(code) == 2 and 0xB0 <= code[0] <= 0xD7 and code[1] >= 0xA1 for code in codes)


def _guess(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample[: SAMPLE // 4]).best()
    if best is None or not _reads_as(sample, best.encoding):
        raise InvalidInput(
            "The file is in no encoding of text that can be told.", remedy="Save it as UTF-8 and try again."
        )
    return best.encoding
