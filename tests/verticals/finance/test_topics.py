from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.models.artefacts import load_manifest, publish
from core.models.manifest import Manifest
from core.models.versions import Versions
from tests.verticals.finance.alert_desk import Alerting
from tests.verticals.finance.desk import DAY, Desk, doc


def promote(desk: Desk, folder: Path, *labels: str) -> None:
    """Let a model of the tenant's own serve, of which the manifest alone is of use."""

    def build(place: Path) -> None:
        (place / "head.json").write_text("{}")

    manifest = Manifest(task="finance.topic", kind="multi", method="head", labels=list(labels))
    published = publish(build, manifest, folder / "artefacts")
    versions = Versions(desk.services.storage, desk.services.settings.data)
    found = load_manifest(published)
    versions.promote(desk.tenant, versions.add(desk.tenant, found.task, published, found), "test")


def test_the_topics_are_those_of_the_model_that_serves(desk: Desk, tmp_path: Path) -> None:
    topics = desk.finance.topics
    assert topics.check("demo", "guidance") == "guidance"
    promote(desk, tmp_path, "harvest", "freight")
    assert topics.check("demo", "freight") == "freight"
    with pytest.raises(InvalidInput, match="harvest, freight"):
        topics.check("demo", "guidance")
    assert topics.check("other", "guidance") == "guidance"


def test_a_topic_of_the_books_outlives_its_model(desk: Desk, tmp_path: Path) -> None:
    desk.send(doc(1, "Orvane Foods cuts its outlook #guidance", DAY + timedelta(hours=1)))
    promote(desk, tmp_path, "harvest")
    assert desk.finance.topics.check("demo", "guidance") == "guidance"
    with pytest.raises(InvalidInput, match="'product'"):
        desk.finance.topics.check("demo", "product")


@pytest.mark.parametrize(
    ("given", "meant"),
    [("Earnings", "earnings"), ("monetary policy", "monetary_policy"), ("guidence", "guidance")],
)
def test_what_may_be_meant_is_named(desk: Desk, given: str, meant: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        desk.finance.topics.check("demo", given, "/topic")
    assert caught.value.remedy.startswith(f"Is {meant} ")
    assert [fault.pointer for fault in caught.value.errors] == ["/topic"]


def test_a_rule_that_is_gone_is_known_by_its_alerts(desk: Desk) -> None:
    alerting = Alerting(desk)
    rules = desk.finance.rules
    made, silent = alerting.rule(at_least=1).rule.id, alerting.rule(at_least=99).rule.id
    alerting.news(1)
    alerting.look()
    for rule in (made, silent):
        assert rules.check("demo", rule) == rule
        rules.delete("demo", rule, actor="test")
    assert rules.check("demo", made) == made
    with pytest.raises(InvalidInput, match="not its name"):
        rules.check("demo", silent)
