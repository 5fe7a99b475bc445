"""The starter shop, its golden cases, and the command line over its files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cyclopts import App

from core.errors import InvalidInput
from core.inference.encoders import load_encoder
from core.jobs.clock import SystemClock
from core.models.folder import Weights
from core.settings import Settings
from core.storage.engine import Storage
from core.vertical import Services
from tests.verticals.recommend.conftest import Shop, open_storage, services_over
from verticals.recommend import jobs
from verticals.recommend.commands import commands
from verticals.recommend.evaluate import golden_cases, golden_report
from verticals.recommend.recipe import DATA
from verticals.recommend.schemas.lists import RecommendIn
from verticals.recommend.service import build, take_events


def quiet(share: float, line: str) -> None:
    assert 0 <= share <= 1
    assert line


def lists_of_golden_cases(services: Services, tenant: str) -> list[list[str]]:
    service, lists = build(services), []
    for case in golden_cases():
        user = f"golden-{case.id}"
        if case.history:
            assert take_events(service, tenant, case.events(user, services.clock.now())).rejected == 0
        found = service.lists.recommend(tenant, RecommendIn(user_id=user, k=case.k))
        lists.append([each.item_id for each in found.data])
    return lists


def test_the_starter_shop_serves_and_a_second_seed_changes_nothing(shop: Shop) -> None:
    jobs.seed(shop.services, shop.tenant, quiet)
    first = shop.again().ask("u101", k=5)
    jobs.seed(shop.services, shop.tenant, quiet)
    again = shop.again().ask("u101", k=5)
    assert len(first.data) == 5
    assert [each.item_id for each in again.data] == [each.item_id for each in first.data]
    assert again.model == first.model
    assert shop.again("other").list_for("u101") == []
    report = golden_report(golden_cases(), lists_of_golden_cases(shop.services, shop.tenant))
    assert report.broken == ()
    # What only reads Chinese needs an encoder that does.
    assert {trap for trap, hits in report.by_trap.items() if hits < 1} <= {"new_item_chinese_only"}


def test_a_shop_of_its_own_is_left_alone(shop: Shop) -> None:
    shop.stock("mine")
    jobs.seed(shop.services, shop.tenant, quiet)
    assert shop.list_for() == ["mine"]


def test_the_golden_report_counts_hits_and_broken_rules() -> None:
    cases = golden_cases()
    nothing = golden_report(cases, [[] for _ in cases])
    assert nothing.broken == ()
    assert set(nothing.missed) == {case.id for case in cases if case.expect_any}
    forbidden = golden_report(cases, [sorted(case.never) for case in cases])
    assert set(forbidden.broken) >= {case.id for case in cases if case.never}
    capped = [case for case in cases if case.at_most is not None]
    assert capped
    found = golden_report(capped, [sorted(case.at_most[0]) for case in capped if case.at_most])
    assert set(found.broken) == {case.id for case in capped}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    from core.testing.clock import StandingClock

    opened: list[Storage] = []

    def services() -> Services:
        opened.append(open_storage(tmp_path))
        base = services_over(opened[-1], tmp_path, StandingClock())
        return replace(base, clock=SystemClock(), settings=Settings(data=tmp_path, cache=tmp_path))

    yield commands(services)
    for storage in opened:
        storage.close()


def run(app: App, *tokens: str) -> None:
    app(list(tokens), result_action="return_value", exit_on_error=False)


def test_import_fit_for_and_evaluate(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--items", str(DATA / "items.jsonl"), "--events", str(DATA / "events.csv")]
    run(app, "import", *files, "--json")
    first = json.loads(capsys.readouterr().out)
    assert first["items"]["created"] == 90
    assert first["items"]["rejected"] == first["events"]["rejected"] == 0
    run(app, "import", *files, "--json")
    again = json.loads(capsys.readouterr().out)
    assert again["items"]["unchanged"] == 90
    assert again["events"]["duplicate"] == first["events"]["accepted"]
    run(app, "fit", "--json")
    fitted = json.loads(capsys.readouterr().out)
    assert fitted["fitted"]
    run(app, "for", "u101", "--k", "3", "--json")
    assert len(json.loads(capsys.readouterr().out)["data"]) == 3
    run(app, "for", "u101")
    assert "lum-" in capsys.readouterr().out


@pytest.mark.parametrize("protocol", ["time", "leave-one-out"])
def test_evaluate_shows_baselines_beside_the_models(
    app: App, capsys: pytest.CaptureFixture[str], protocol: str
) -> None:
    run(app, "evaluate", "--events", str(DATA / "events.csv"), "--protocol", protocol, "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["protocol"] == protocol
    assert {"popularity-7d", "item-knn", "ease", "blend"} <= report["models"].keys()
    for figures in report["models"].values():
        assert figures["ndcg@10"]["low"] <= figures["ndcg@10"]["value"] <= figures["ndcg@10"]["high"]
        assert 0 < figures["coverage@10"] <= 1
    run(app, "evaluate", "--events", str(DATA / "events.csv"), "--protocol", protocol)
    assert "best:" in capsys.readouterr().out


def test_bad_usage_is_told(app: App, tmp_path: Path) -> None:
    few = tmp_path / "few.csv"
    few.write_text("user_id,item_id,timestamp\nu,a,2026-01-01T00:00:00Z\n", "utf-8")
    for tokens in (
        ["import"],
        ["fit", "--method", "magic"],
        ["for", "u", "--k", "0"],
        ["evaluate", "--events", str(few)],
    ):
        with pytest.raises(InvalidInput):
            run(app, *tokens)


@pytest.mark.slow
def test_golden_cases_with_the_shared_encoder(shop: Shop, pretrained: Callable[[str], Weights]) -> None:
    weights = pretrained("e5")
    settings = Settings(data=shop.folder, cache=weights.path.parent.parent, threads=1, device="cpu")
    services = replace(shop.services, encoder=load_encoder("e5", settings))
    jobs.seed(services, shop.tenant, quiet)
    report = golden_report(golden_cases(), lists_of_golden_cases(services, shop.tenant))
    assert report.broken == ()
    assert report.hits >= 0.95, report
