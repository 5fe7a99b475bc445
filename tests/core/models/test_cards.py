"""Model cards: nothing is left out, nothing from outside is taken for markup."""

from __future__ import annotations

import json

from core.models.cards import card, markdown
from core.models.manifest import Manifest, beaten_by, figure
from tests.core.models.test_artefacts import manifest


def test_a_card_holds_what_a_reader_must_know() -> None:
    facts = card(
        manifest(
            card={"purpose": "Tells how a headline sounds.", "languages": ["en", "zh"], "limits": ["Irony."]}
        )
    )

    assert facts["purpose"] == "Tells how a headline sounds."
    assert facts["metrics"]["macro_f1"] == {"value": 0.8, "low": 0.75, "high": 0.85}
    assert facts["metrics"]["accuracy"] == {"value": 0.82, "low": None, "high": None}
    assert facts["baselines"] == {"tfidf": {"macro_f1": {"value": 0.7, "low": None, "high": None}}}
    assert facts["limits"][0] == "Irony."
    assert facts["licences"] == ["MIT"]
    assert facts["data"] == {"fingerprint": "d" * 64, "rows": 300, "files": ["train.csv"]}
    json.dumps(facts, allow_nan=False)


def test_the_markdown_shows_figures_beside_the_baselines() -> None:
    text = markdown(manifest(id="m-1"))

    assert "| metric | m-1 | tfidf |" in text
    assert "| macro\\_f1 (primary) | 0.800 (0.750–0.850) | 0.700 |" in text
    assert "| accuracy | 0.820 | – |" in text
    assert "300 rows from train.csv" in text
    assert "- 正面" in text
    for heading in ("Labels", "Languages", "Made of", "Figures", "Limits", "Licences"):
        assert f"## {heading}" in text


def test_labels_and_names_cannot_write_markup() -> None:
    text = markdown(
        manifest(labels=["<script>alert(1)</script>", "a|b", "# no\nheading"], licences=["[x](evil)"])
    )

    assert "<script>" not in text
    assert "- a\\|b" in text
    assert "\n# no" not in text
    assert "[x]" not in text


def test_a_model_that_was_never_measured_says_so() -> None:
    facts = card(manifest(metrics={}, baselines={}))

    assert "It was never measured." in facts["limits"]
    assert facts["metrics"] == {}


def test_a_beaten_model_says_so() -> None:
    facts = card(manifest(baselines={"tfidf": {"macro_f1": 0.9}}))

    assert "Beaten by tfidf on macro_f1." in facts["limits"]


def test_what_is_no_figure_is_left_out() -> None:
    assert figure({"a": "0.5"}, "a") is None
    assert figure({"a": True}, "a") is None
    assert figure({"a": {"low": 0.1}}, "a") is None
    assert figure({}, "a") is None


def _beaten(own: object, **others: object) -> list[str]:
    metrics = {} if own is None else {"macro_f1": own}
    return beaten_by(
        Manifest(
            task="t",
            kind="single",
            method="head",
            metrics=metrics,
            baselines={k: {"macro_f1": v} for k, v in others.items()},
        )
    )


def test_who_beats_whom() -> None:
    assert _beaten(0.8, tfidf=0.7, frozen=0.8) == []
    assert _beaten(0.8, tfidf=0.81, frozen={"value": 0.9, "low": 0.5, "high": 1.0}) == ["frozen", "tfidf"]
    assert _beaten({"value": 0.8}, tfidf="n/a") == []
    assert _beaten(None, tfidf=0.1) == ["tfidf"]
    assert _beaten(None) == []
