from __future__ import annotations

import re
import time

import pytest

from core.records import Span
from core.text.assertion import Status, assess, status

# Brackets mark the mentions; the letters name their statuses in order:
# + present, - absent, ? uncertain, h historical, f family, i hypothetical.
_LETTERS = {
    "+": Status.PRESENT,
    "-": Status.ABSENT,
    "?": Status.UNCERTAIN,
    "h": Status.HISTORICAL,
    "f": Status.FAMILY,
    "i": Status.HYPOTHETICAL,
}
ENGLISH = [
    ("no [chest pain] but [fever]", "-+"),
    ("[chest pain]: no", "-"),
    ("[chest pain]: no, [fever]: yes", "-+"),
    ("[fever]: yes, [chest pain]: none", "+-"),
    ("[fever] (-), [cough] (+)", "-+"),
    ("no relief of [chest pain]", "+"),
    ("cannot rule out [stroke]", "?"),
    ("can't exclude a [stroke]", "?"),
    ("[stroke] has not been ruled out", "?"),
    ("[stroke] was ruled out yesterday", "-"),
    ("never had [pain] like this", "+"),
    ("I have never had a [headache] this bad", "+"),
    ("never had [chest pain]", "-"),
    ("never had [chest pain] before", "+"),
    ("not only [chest pain] but also [fever]", "++"),
    ("denies [chest pain], [dyspnoea] or [fever]", "---"),
    ("Denies [chest pain], [nausea], [vomiting], [fever].", "----"),
    ("He denies [fever], but has [chest pain]", "-+"),
    ("denies [fever] however [chest pain] since noon", "-+"),
    ("no [cough], [chest pain] or [sweating]", "---"),
    ("no [fever], I have [chest pain]", "-+"),
    ("No, my [chest hurts]", "+"),
    ("no [fever], [chest pain]", "-?"),
    ("no [fever] and [chest pain]", "-?"),
    ("no [fever] no [cough] [chest pain] since morning", "--?"),
    ("without [fever] or [rash]", "--"),
    ("without my inhaler I get [wheezing]", "+"),
    ("She doesn't have [chest pain]", "-"),
    ("I don't have any [chest pain]", "-"),
    ("is not having [chest pain]", "-"),
    ("Paracetamol did not help the [headache]", "+"),
    ("the [pain] is not going away", "+"),
    ("not relieved [chest pain]", "+"),
    ("I'm not sure if it is a [stroke]", "?"),
    ("possible [meningitis]", "?"),
    ("might be a [heart attack]", "?"),
    ("afraid I'm having a [heart attack]", "?"),
    ("? [stroke]", "+"),
    ("r/o [pulmonary embolism]", "?"),
    ("what if I had a [heart attack]?", "i"),
    ("What if this is a [heart attack]?", "?"),
    ("what are the symptoms of a [stroke]?", "i"),
    ("Return if [vomiting] starts", "i"),
    ("how to prevent a [stroke]", "i"),
    ("If I ever get [chest pain], what then?", "i"),
    ("what should I do if my [chest hurts]", "?"),
    ("my father had a [heart attack]", "f"),
    ("Her mother died of a [stroke]", "f"),
    ("family history of [stroke]", "f"),
    ("father's [infarction] worries me", "f"),
    ("my mother has [chest pain]", "+"),
    ("my dad had a [seizure] ten minutes ago", "+"),
    ("my father had a [stroke] and now I have [chest pain]", "f+"),
    ("history of [stroke]", "h"),
    ("PMH: [stroke], [diabetes]", "hh"),
    ("had a [stroke] last year", "h"),
    ("[heart attack] 5 years ago", "h"),
    ("[seizures] as a child", "h"),
    ("a 2 hour history of [chest pain]", "+"),
    ("history of [chest pain] for 2 hours", "+"),
    ("[headaches] since last year", "+"),
    ("same as last year's [heart attack]", "+"),
    ("had a [stroke] last year, now [weak arm] again", "h+"),
    ("no history of [stroke]", "-"),
    ("no evidence of [rash], [stiff neck]", "--"),
    ("She said no. [Chest pain] started at noon", "+"),
    ("no doubt it is [chest pain]", "+"),
    ("no longer [chest pain]", "+"),
    ("nothing helps the [chest pain]", "+"),
    ("neither [fever] nor [cough]", "--"),
    ("[chest pain]: no relief", "+"),
    ("no idea why my [chest hurts]", "+"),
    ("[rash] absent, [fever] present", "-+"),
    ("my mother says it's nothing, [chest pain] since noon", "+"),
    ("not a [headache] but [neck pain]", "-+"),
    ("do not wait with [chest pain]", "+"),
]
CHINESE = [
    ("无[胸痛]但[气促]", "-+"),
    ("没有[胸痛]，不过[气短]", "-+"),
    ("不是不[疼]", "+"),
    ("[胸口不太舒服]", "+"),
    ("[胸痛]无法缓解", "+"),
    ("[胸痛]没有缓解", "+"),
    ("没有缓解的[胸痛]", "+"),
    ("[头痛]不见好转", "+"),
    ("否认[胸痛]、[气促]、[发热]", "---"),
    ("否认[胸痛]，[气促]，但[发热]", "--+"),
    ("否认[发热]，有[胸痛]", "-+"),
    ("没有[胸痛]、[气短]和[发热]", "---"),
    ("没有[发烧]，[胸口疼]", "-+"),
    ("没[发烧][胸口疼]", "-?"),
    ("没有[胸痛]也没有[气短]", "--"),
    ("[胸痛]：无", "-"),
    ("[胸痛]：无，[发热]：有", "-+"),
    ("[胸痛]（-），[发热]（+）", "-+"),
    ("[胸痛]没有，[咳嗽]有", "-+"),
    ("未见[皮疹]", "-"),
    ("无[发热]、[咳嗽]", "--"),
    ("无[发热]伴[胸痛]", "-+"),
    ("不能排除[脑卒中]", "?"),
    ("[脑卒中]待排", "?"),
    ("可能是[心梗]", "?"),
    ("怀疑[脑膜炎]", "?"),
    ("是不是[心梗]", "?"),
    ("会不会是[中风]", "?"),
    ("担心是[心梗]", "?"),
    ("不知道是不是[中风]", "?"),
    ("如果我[胸痛]怎么办", "i"),
    ("万一[中风]了怎么办", "i"),
    ("怎么预防[中风]", "i"),
    ("假如出现[呕吐]", "i"),
    ("注意观察有无[呕吐]", "i"),
    ("父亲得过[心梗]", "f"),
    ("爸爸有[脑梗]病史", "f"),
    ("家族中有[心梗]病史", "f"),
    ("母亲死于[脑卒中]", "f"),
    ("[心梗]家族史", "f"),
    ("我妈[胸痛]得厉害", "+"),
    ("我爸[胸痛]半小时了", "+"),
    ("我妈说没事，可是[胸痛]很厉害", "+"),
    ("去年[中风]过", "h"),
    ("三年前得过[心梗]", "h"),
    ("既往[脑梗]", "h"),
    ("[心梗]病史", "h"),
    ("小时候[抽搐]过", "h"),
    ("去年[中风]，现在又[手麻]", "h+"),
    ("从去年开始[头痛]", "+"),
    ("和去年[心梗]时一样", "+"),
    ("从来没有这么[疼]过", "+"),
    ("从来没有[疼]过", "-"),
    ("以前没有[胸痛]", "+"),
    ("不仅[胸痛]，还[气短]", "++"),
    ("不停地[呕吐]", "+"),
    ("不明原因[昏迷]", "+"),
    ("没什么[胸痛]", "-"),
    ("目前无[胸痛]", "-"),
    ("没有任何诱因[胸痛]", "+"),
    ("突然[胸痛]，没有[发烧]", "+-"),
    ("[胸痛]不明显", "+"),
    ("现在没有[胸痛]，只是[头晕]", "-+"),
    ("已排除[心梗]", "-"),
    ("没有。[胸痛]两小时", "+"),
    ("不觉得[胸闷]", "-"),
    ("吃了药也没用，[头痛]", "+"),
    ("无[胸痛]但 I have [shortness of breath]", "-+"),
]


def marked(probe: str) -> tuple[str, list[Span]]:
    """The text without its brackets, and where they stood."""
    text, spans, start = "", [], 0
    for piece in re.split(r"([\[\]])", probe):
        if piece == "[":
            start = len(text)
        elif piece == "]":
            spans.append(Span(start, len(text)))
        else:
            text += piece
    return text, spans


@pytest.mark.parametrize(("probe", "letters"), [*ENGLISH, *CHINESE])
def test_status(probe: str, letters: str) -> None:
    text, spans = marked(probe)

    assert assess(text, spans) == [_LETTERS[letter] for letter in letters]


@pytest.mark.parametrize(("probe", "letters"), ENGLISH)
def test_case_and_curly_apostrophes_change_nothing(probe: str, letters: str) -> None:
    text, spans = marked(probe)

    assert assess(text.upper().replace("'", "\u2019"), spans, "en") == [_LETTERS[one] for one in letters]


def test_status_takes_one_mention() -> None:
    assert status("no fever", Span(3, 8), "en") is Status.ABSENT
    assert status("İ no fever", Span(5, 10)) is Status.ABSENT


def test_order_of_spans_is_kept() -> None:
    text, spans = marked("no [fever] but [cough]")

    assert assess(text, spans[::-1]) == [Status.PRESENT, Status.ABSENT]


@pytest.mark.parametrize(
    "unit", ["no fever, ", "无胸痛，", "chest pain ", "history of ", "a" * 10, "no no ", "父亲" * 3]
)
def test_cost_grows_with_the_text_and_not_faster(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * (length // len(unit) + 1))[:length]
        spans = [Span(start, start + 3) for start in range(0, length - 10, 50)]
        began = time.process_time()
        assess(text, spans)
        return time.process_time() - began

    seconds(2_000)
    small, large = min(seconds(20_000) for _ in range(3)), min(seconds(80_000) for _ in range(2))

    # Four times the text; squared cost would be sixteen times.
    assert large < 10 * small + 0.05
