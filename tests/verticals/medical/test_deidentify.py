from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verticals.medical.service.deidentify import deidentify, without_identifiers

HIDDEN = [
    ("My name is John Smith and I have chest pain", "My name is <NAME> and I have chest pain"),
    ("my name is john smith and i cant breathe", "my name is <NAME> and i cant breathe"),
    ("my name is maria i feel dizzy", "my name is <NAME> i feel dizzy"),
    ("Mrs. O'Brien fainted twice", "Mrs. <NAME> fainted twice"),
    ("MR SMITH COLLAPSED AT HOME", "MR <NAME> COLLAPSED AT HOME"),
    ("My husband Tom has chest pain", "My husband <NAME> has chest pain"),
    ("This is Jane Doe calling, my son Alex is blue", "This is <NAME> calling, my son <NAME> is blue"),
    ("MRN: 4471123, chest pain", "MRN: <RECORD>, chest pain"),
    ("Patient ID 889213 has a fever", "Patient ID <RECORD> has a fever"),
    (
        "I live at 12 Oak Street, Springfield, IL 62704, leg hurts",
        "I live at <ADDRESS>, leg hurts",
    ),
    ("born on 3 March 1960, stiff neck", "born on <DOB>, stiff neck"),
    ("call me on 138 1234 5678, vomiting", "call me on <PHONE>, vomiting"),
    ("我叫张伟胸痛三天", "我叫<NAME>胸痛三天"),
    ("我叫李明头晕两天", "我叫<NAME>头晕两天"),
    ("我叫王丽华，今年45岁，头痛", "我叫<NAME>，今年45岁，头痛"),
    ("我叫张伟疼。", "我叫<NAME>疼。"),
    ("患者李娜，女，妊娠34周", "患者<NAME>，女，妊娠34周"),
    ("张先生说他胸闷，欧阳女士呼吸困难", "<NAME>先生说他胸闷，<NAME>女士呼吸困难"),
    ("病历号：A1234567，头晕", "病历号：<RECORD>，头晕"),
    ("住院号为0098123，医保号 12345678901，咳血", "住院号为<RECORD>，医保号 <RECORD>，咳血"),
    ("身份证110101199003071234，腹痛", "身份证<ID>，腹痛"),
    ("110101199003071234 胸痛", "<ID> 胸痛"),
    ("我家住南京西路123号胸痛", "我家住<ADDRESS>胸痛"),
    ("出生日期：1985年3月12日，发热", "出生日期：<DOB>，发热"),
    ("电话13812345678，晕倒", "电话<PHONE>，晕倒"),
    ("ＭＲＮ：４４７１１２３ 胸痛", "ＭＲＮ：<RECORD> 胸痛"),
]

KEPT = [
    "BP 80/50, HR 138, RR 30, SpO2 85%, temp 39.5 C 140/90 110 22 98 37.2",
    "Blood pressure 180-110, 120 over 80, pulse 120 120 118, spo2 88 88 86, temperature 38.5 39.2 39.8",
    "took 20 tablets of 500 mg paracetamol at 14:30 on 2026-11-20",
    "Glasgow coma scale 15 14 13 12 10 9. Troponin 0.04 0.12 1.35 ng/mL, lactate 4.2, glucose 512 mg/dL",
    "MS relapse with weakness. MR angiogram planned. Patient: 62-year-old male with chest pain.",
    "my name is not important, I can't breathe. My mother Chest pain. My name is Stroke",
    "I miss my insulin. Doctor said stroke. called 911 twice, called 120",
    "warfarin 5 mg, metformin 1000 mg bd, insulin glargine 20 units",
    "体温39.5 血压80/50 心率138 血氧85% 呼吸30 血糖 25.3 120/80 110 22",
    "我叫高烧不退。患者高烧，女，30岁。患者黄疸，男。脸色发黄的阿姨",
    "转氨酶高医生建议服药，谢谢医生，看过许多医生，高中同学是乙肝",
    "他电话里说他血压200/120，心率140，体温39.8，打了120",
    "服用阿司匹林100mg，华法林，格列本脲，胰岛素20单位，昨晚8点",
    "白细胞 15.6，血红蛋白 62，肌钙蛋白 1.35，妊娠34周，住院两次，住在三楼胸闷",
]


@pytest.mark.parametrize(("text", "expected"), HIDDEN)
def test_what_names_a_person_is_taken_out(text: str, expected: str) -> None:
    assert deidentify(text).text == expected


@pytest.mark.parametrize("text", KEPT)
def test_symptoms_drugs_and_figures_stay(text: str) -> None:
    assert deidentify(text).text == text


@pytest.mark.parametrize("text", [text for text, _ in HIDDEN])
def test_what_is_left_is_the_same_text_at_its_own_place(text: str) -> None:
    done = deidentify(text)
    at = 0
    for start, end, was_start, was_end in done.places:
        between = done.span(at, start)
        assert text[between.start : between.end] == done.text[at:start]
        assert done.span(start, end) == done.span(start + 1, end - 1)
        assert (done.span(start, end).start, done.span(start, end).end) == (was_start, was_end)
        at = end
    rest = done.span(at, len(done.text))
    assert text[rest.start : rest.end] == done.text[at:]


@given(st.lists(st.sampled_from([text for text, _ in HIDDEN] + KEPT), min_size=1, max_size=6))
def test_doing_it_again_changes_nothing(texts: list[str]) -> None:
    once = deidentify("\n\n".join(texts)).text
    assert deidentify(once).text == once


@given(st.text(max_size=300))
def test_any_text_maps_back_to_itself(text: str) -> None:
    done = deidentify(text)
    assert (done.span(0, len(done.text)).start, done.span(0, len(done.text)).end) == (0, len(text))
    for offset in range(len(done.text)):
        found = done.span(offset, offset + 1)
        assert 0 <= found.start <= found.end <= len(text)


def test_every_string_of_an_answer_is_read() -> None:
    answers = {"who": "My name is John Smith", "more": ["MRN 4471123", 3], "yes": True}
    assert without_identifiers(answers) == {
        "who": "My name is <NAME>",
        "more": ["MRN <RECORD>", 3],
        "yes": True,
    }


@pytest.mark.parametrize(
    "piece",
    [
        "我叫张",
        "MRN 1234 ",
        "Mr Smith ",
        "住址：一二三",
        "12 Oak Oak ",
        "患者李",
        "my name is a ",
        "1101011990",
        "路12号",
        "南京",
    ],
)
def test_reading_is_linear(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        started = time.process_time()
        deidentify(text)
        return time.process_time() - started

    # Quadratic reading would take 64 times as long; a busy machine some times.
    assert min(seconds(40_000) for _ in range(2)) < 32 * max(min(seconds(5_000) for _ in range(3)), 0.005)
