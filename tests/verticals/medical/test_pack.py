from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigurationError
from verticals.medical.policy import Pack, load
from verticals.medical.policy.pack import parse
from verticals.medical.policy.terms import compile_terms, find


def document() -> dict[str, Any]:
    return json.loads(load().model_dump_json(by_alias=True))


def test_the_default_pack_says_what_it_is() -> None:
    pack = load()

    assert [level.level for level in pack.levels] == [1, 2, 3, 4, 5]
    assert pack.status == "starter, not signed off by any hospital"
    assert len(pack.red_flags) >= 45
    assert len(pack.sha256) == 64
    assert pack.sha256 in pack.reference


def test_every_concept_has_terms_in_both_languages() -> None:
    for concept, terms in load().terms.items():
        scripts = {any("\u4e00" <= letter <= "\u9fff" for letter in term) for term in terms}
        assert scripts == {True, False}, concept


def test_a_pack_survives_the_round_trip() -> None:
    assert parse(document()).red_flags == load().red_flags


def _no_concept(pack: dict[str, Any]) -> None:
    pack["red_flags"][0]["all"] = [["unheard_of"]]


def _two_borders(pack: dict[str, Any]) -> None:
    rule = next(rule for rule in pack["vitals"] if rule["vital"] == "spo2")
    rule["from"] = rule["below"] = 90


def _bad_unit(pack: dict[str, Any]) -> None:
    next(rule for rule in pack["vitals"] if rule["vital"] == "spo2")["unit"] = "mmHg"


def _bad_level(pack: dict[str, Any]) -> None:
    pack["red_flags"][3]["level"] = 6


def _level_gap(pack: dict[str, Any]) -> None:
    pack["levels"][0]["level"] = 2


def _twice(pack: dict[str, Any]) -> None:
    pack["red_flags"].append(pack["red_flags"][0])


def _department(pack: dict[str, Any]) -> None:
    pack["red_flags"][0]["department"] = "astrology"


def _extra(pack: dict[str, Any]) -> None:
    pack["doctor"] = "me"


def _term(pack: dict[str, Any]) -> None:
    pack["terms"]["chest_pain"][0] = "[chest pain"


@pytest.mark.parametrize(
    "spoil",
    [_no_concept, _two_borders, _bad_unit, _bad_level, _level_gap, _twice, _department, _extra, _term],
)
def test_a_faulty_pack_is_refused_with_a_pointer(spoil: Callable[[dict[str, Any]], None]) -> None:
    pack = document()
    spoil(pack)

    with pytest.raises(ConfigurationError) as caught:
        parse(pack)

    assert caught.value.errors[0].pointer.startswith("/")


def test_a_pack_comes_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "pack_ours.json").write_text(json.dumps({**document(), "id": "ours", "sha256": ""}), "utf-8")

    ours: Pack = load("ours", tmp_path)

    assert ours.reference.startswith("ours@")
    with pytest.raises(ConfigurationError, match="missing"):
        load("missing", tmp_path)
    with pytest.raises(ConfigurationError):
        load("../ours", tmp_path)


def found(term: str, text: str) -> bool:
    return bool(list(find(compile_terms({"it": [term]}), text)))


@pytest.mark.parametrize(
    ("term", "text", "expected"),
    [
        ("chest pain", "my chest, pain", True),
        ("chest pain", "chest painting", False),
        ("chest pain", "orchest pain", False),
        ("sweat*", "sweating", True),
        ("[left|right] arm", "right arm", True),
        ("chest (wall )pain", "chest wall pain", True),
        ("chest (wall )pain", "chest pain", True),
        ("chest~hurts", "chest really badly hurts", True),
        ("chest~hurts", "chest never hurts", False),
        ("胸~痛", "胸口不停地痛", True),
        ("胸~痛", "胸口不痛", False),
        ("没有呼吸{!困难}", "没有呼吸困难", False),
        ("没有呼吸{!困难}", "没有呼吸了", True),
        ("can't breathe", "cant breathe", True),
    ],
)
def test_signs_of_terms(term: str, text: str, expected: bool) -> None:
    assert found(term, text) is expected
