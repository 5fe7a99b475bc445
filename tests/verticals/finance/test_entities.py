"""Sentiment of each company in its own context, risk with reasons, and companies of a tenant's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from core.errors import InvalidInput, NotFound
from core.records import Example, Prediction
from core.settings import Settings
from core.testing.predictor import FixedPredictor
from tests.verticals.finance.desk import Desk
from verticals.finance.intake import Document, Story
from verticals.finance.policy.companies import Company
from verticals.finance.policy.companies.company import Listing
from verticals.finance.policy.risk import reasons
from verticals.finance.recipe import ENTITY_SENTIMENT, TASKS
from verticals.finance.service import answer, read_companies
from verticals.finance.service.analyze import Analyze
from verticals.finance.service.companies import Companies
from verticals.finance.service.entities import MOST

HALSTED, VIREO = Company("halsted", "Halsted Robotics", ticker="HLS"), Company("vireo", "Vireo Automation")
SUIT = "Halsted Robotics sues Vireo Automation over stolen designs; Halsted Robotics wants $4 million."


class Blaming(FixedPredictor):
    """Says of each marked text that it is bad for Vireo and good for anybody else."""

    def __init__(self) -> None:
        super().__init__(TASKS)
        self.asked: list[str] = []

    def predict(
        self, tenant: str, tasks: Sequence[str], items: Sequence[Example], *, model: str | None = None
    ) -> Mapping[str, list[Prediction]]:
        if tuple(tasks) != (ENTITY_SENTIMENT.name,):
            return super().predict(tenant, tasks, items, model=model)
        self.asked += [item.text for item in items]
        return {ENTITY_SENTIMENT.name: [_blame(item.text) for item in items]}


def _blame(text: str) -> Prediction:
    label = "negative" if text.startswith("Vireo") else "positive"
    return Prediction((label,), 1.0, {"negative": 0.0, "neutral": 0.0, "positive": 0.0, label: 1.0}, "fixed")


@pytest.fixture
def predictor() -> Blaming:
    return Blaming()


@pytest.fixture
def analyze(predictor: Blaming, tmp_path: Path, desk: Desk) -> Analyze:
    companies = Companies(desk.services.storage)
    companies.put("demo", [HALSTED, VIREO], actor="test")
    return Analyze(predictor, Settings(data=tmp_path, cache=tmp_path), companies.directory)


def test_one_headline_opposite_sentiments(analyze: Analyze, predictor: Blaming) -> None:
    out = answer(analyze("demo", [Story(SUIT)])[0])
    assert [(each.id, each.sentiment) for each in out.entities] == [
        ("halsted", "positive"),
        ("vireo", "negative"),
    ]
    assert [SUIT[e.start : e.end] for e in out.entities[0].evidence] == ["Halsted Robotics"] * 2
    assert out.entities[0].relevance > out.entities[1].relevance > 0
    assert out.entities[0].ticker == "HLS"
    assert out.model[ENTITY_SENTIMENT.name] == "fixed"
    assert "« Vireo Automation »" in predictor.asked[1]
    assert "« Halsted" not in predictor.asked[1]


def test_companies_of_many_texts_are_read_in_one_batch(analyze: Analyze, predictor: Blaming) -> None:
    calm, suit, other = analyze("demo", [Story("Rates unchanged"), Story(SUIT), Story("Vireo Automation")])
    assert [len(each.entities) for each in (calm, suit, other)] == [0, 2, 1]
    assert len(predictor.asked) == 3
    assert ENTITY_SENTIMENT.name not in calm.models


def test_a_list_of_hundreds_is_read_in_part(analyze: Analyze) -> None:
    text = " ".join(f"Company{number} Mills Inc. fell." for number in range(3 * MOST))
    [found] = analyze("demo", [Story(text)])
    assert len(found.entities) == MOST
    assert found.entities[0].id is None


def test_tenants_do_not_share_companies(analyze: Analyze) -> None:
    assert analyze("other", [Story("Vireo Automation")])[0].entities == ()


def test_a_symbol_is_read_as_of_the_day_of_its_story(analyze: Analyze, desk: Desk) -> None:
    former = Company("former", "Quenby Mills", aliases=("QBM@NYSE@..2019-12-31",))
    Companies(desk.services.storage).put("demo", [former], actor="test")
    then, on_its_day = Story("$QBM fell", published_at=datetime(2019, 5, 2, tzinfo=UTC)), date(2019, 5, 2)
    stories = [then, Story("$QBM fell", day=on_its_day), Story("$QBM fell")]
    assert [each.entities[0].id for each in analyze("demo", stories)] == ["former", "former", None]


def test_a_changed_company_is_known_at_once(desk: Desk) -> None:
    companies = Companies(desk.services.storage)
    companies.put("demo", [VIREO], actor="test")
    assert companies.directory("demo").find("Brindle Ores rise") == []
    before = companies.directory("demo")
    assert companies.directory("demo") is before
    companies.put("demo", [Company("vireo", "Brindle Ores")], actor="test")
    assert [m.company_id for m in companies.directory("demo").find("Brindle Ores rise")] == ["vireo"]
    assert [company.name for company in companies.list("demo")] == ["Brindle Ores"]


def test_what_is_read_stands_with_the_document(desk: Desk) -> None:
    desk.finance.companies.put(desk.tenant, [HALSTED, VIREO], actor="test")
    desk.send(Document("wire", "1", Story(SUIT)))
    [row] = desk.finance.documents.list(desk.tenant)
    assert row.entities is not None
    assert {each["id"] for each in row.entities} == {"halsted", "vireo"}
    assert row.risk in ("high", "medium", "low")


def test_reasons_name_what_the_text_says_and_where() -> None:
    text = "Orvane missed a payment and was fined; it denies no fraud."
    found = reasons(text, "en", "high", negative=0.9, topics=["legal"])
    assert {"default", "enforcement", "negative_sentiment", "topic_legal"} <= {each.code for each in found}
    places = {each.code: [text[s.start : s.end] for s in each.evidence] for each in found}
    assert places["default"] == ["missed a payment"]
    assert reasons(text, "en", "low", negative=0.9, topics=["legal"]) == ()
    text = "該公司債券違約，但無財務造假"
    [found] = reasons(text, "zh", "high", negative=0.0, topics=[])
    assert (found.code, [text[s.start : s.end] for s in found.evidence]) == ("default", ["違約"])


@pytest.mark.parametrize(
    "text", ["No default on its notes.", "refined oil and best of all", "无违约", "無違約"]
)
def test_what_is_denied_or_only_looks_alike_is_no_reason(text: str) -> None:
    found = reasons(text, "en" if text.isascii() else "zh", "high", negative=0.0, topics=[])
    assert found == ()


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "mine.csv"
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_file_of_companies(file: Callable[[str], Path]) -> None:
    [company] = read_companies(
        file("\ufeffid,name,aliases,extra\nvireo,Vireo Automation,Vireo; VA@NYSE;,x\n")
    )
    assert company.aliases == ("Vireo", "VA@NYSE")
    assert company.listings == (Listing("VA", "NYSE"),)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no rows"),
        ("id,name\n", "no rows"),
        ("id,name\nvireo,\n", "'name' is empty"),
        ("name\nV\n", "'id' is empty"),
        ('id,name\nv,"a\n', "no readable CSV"),
        (f"id,name\nv,{'a' * 201}\n", "longer than 200"),
    ],
)
def test_a_file_that_cannot_be_used(file: Callable[[str], Path], text: str, fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault):
        read_companies(file(text))
    with pytest.raises(NotFound):
        read_companies(Path("nowhere.csv"))
