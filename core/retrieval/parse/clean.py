"""Takes out of a text what shows nothing, and finds in it what speaks to a machine."""

from __future__ import annotations

import re
import unicodedata

from core.retrieval.records import Suspicion
from core.text.normalise import fold_same_length

ZERO_WIDTH = "zero-width characters"
INSTRUCTION = "instruction"
_HIDDEN_RUN = 8
"""From so many invisible characters in a row, words can be hidden in them; one or two are typesetting."""

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_LINE_ENDS = re.compile(r"\r\n?|\x0b|\x0c|\u0085|\u2028|\u2029")
# Soft hyphen, zero-width signs, bidirectional controls, fillers, tags, variation selectors beyond the two of
# emoji. The joiners U+200C and U+200D spell words in some scripts and make emoji, so one alone may stay.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]+"
)
_JOINERS = {"\u200c", "\u200d", "\ufe0e", "\ufe0f", "\ufe0f\u200d"}
_TELLING = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e0fff]")
_FLAG = re.compile("[\U000e0061-\U000e007a\U000e0030-\U000e0039]{1,6}\U000e007f")

_EN = (
    r"\b(?P<drop>ignore|disregard|forget|override|bypass)\b[^.!?\n]{0,60}?\b(?:instruction|prompt|direction|rule"
    r"|guideline|command|guardrail)s?\b",
    r"\b(?:forget|ignore|disregard) (?:everything|anything|all) (?:above|before|else|you)\b",
    r"\byou (?:are|will) (?:now|act as|from now on)\b[^.!?\n]{0,60}\b(?:assistant|ai|bot|model|mode|admin)\b",
    r"\b(?:reveal|print|show|repeat|output|leak|send)\b[^.!?\n]{0,30}\b(?:system prompt|hidden prompt"
    r"|your (?:instructions|prompt)|api keys?)\b",
    r"\bdo not (?:tell|inform|mention|reveal)\b[^.!?\n]{0,30}\b(?:user|customer|anyone)\b",
    r"\b(?:as|dear) (?:an? )?(?:ai|language model|llm|assistant|chatbot)\b[^.!?\n]{0,20}"
    r"\byou (?:must|should)\b",
    r"\b(?:new|updated|important) (?:system )?instructions? (?:for|to) (?:the )?(?:ai|assistant|model|bot)\b",
    r"<\|(?:im_start|im_end|system|endoftext)\|>|\[/?inst\]|<<sys>>",
)
_ZH = (
    r"(?:忽略|无视|忘记|忘掉|不要理会|抛开|绕过|無視|忘記|繞過)[^。！？\n]{0,20}"
    r"(?:指令|指示|提示词|提示|规则|设定|命令|要求|規則|設定|提示詞)",
    r"(?:忘记|忘掉|忽略|无视)(?:以上|之前|前面|上述|此前)(?:的)?(?:所有|全部|一切)?(?:内容|对话|信息)",
    r"(?:你现在是|从现在开始,?你|从现在起,?你|你將扮演|你现在扮演)[^。！？\n]{0,40}"
    r"(?:助手|模型|机器人|模式|管理员|ai)",
    r"(?:输出|显示|泄露|打印|告诉我|透露)[^。！？\n]{0,15}(?:系统提示|提示词|密钥|api ?key)",
    r"(?:不要|不得|别)(?:告诉|告知|提醒)[^。！？\n]{0,6}(?:用户|客户|顾客|任何人)",
)
_INSTRUCTIONS = re.compile("|".join((*_EN, *_ZH)), re.IGNORECASE)
_MEANT = re.compile(
    r"\b(?:previous|prior|above|earlier|preceding|system|all|any|your|these|those|foregoing)\b", re.I
)
"""To ignore "the rules" is human; to ignore all previous ones is asked of machines."""
_AFTER = 20
_PUNCTUATION = str.maketrans({"\u3000": " ", "\u00a0": " ", "，": ","})


def clean(text: str) -> tuple[str, bool]:
    """Return the text in NFC with plain line ends and without control and invisible characters.

    Returns:
        The text, and whether so much was invisible that words may have been hidden in it.
    """
    text = _CONTROL.sub("", _LINE_ENDS.sub("\n", text))
    if text.isascii():
        return text, False
    hidden = False

    def replace(match: re.Match[str]) -> str:
        nonlocal hidden
        run = match.group()
        before = text[match.start() - 1 : match.start()]
        joins = not before.isascii() and not before.isspace()
        if joins and (run in _JOINERS or _FLAG.fullmatch(run)):
            return run
        hidden = hidden or len(run) >= _HIDDEN_RUN or bool(_TELLING.search(run))
        return ""

    text = _INVISIBLE.sub(replace, text)
    return unicodedata.normalize("NFC", text), hidden


def instructions(text: str) -> list[Suspicion]:
    """Return where a text speaks to a machine ("ignore previous instructions"), in order.

    This is a warning for people, not a guard: no part of Colonnade obeys what stands in a document.
    """
    # A line end inside a phrase must not hide it, one between sentences must still part them.
    plain = re.sub(r"(?<=[^.!?。！？\n])\n(?=[^\n])", " ", fold_same_length(text).translate(_PUNCTUATION))
    found = _INSTRUCTIONS.finditer(plain)
    return [
        Suspicion(INSTRUCTION, match.start(), match.end())
        for match in found
        if not match["drop"] or _MEANT.search(plain, match.start(), match.end() + _AFTER)
    ]
