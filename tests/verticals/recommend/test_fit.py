"""Fits: measured beside baselines, promoted if better, rolled back to identical lists, never half there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.models.versions import PRODUCTION, Versions
from tests.verticals.recommend.conftest import Shop, crowds
from verticals.recommend import jobs
from verticals.recommend.evaluate import best, measure, worse_than
from verticals.recommend.recipe import MODEL_FILE, TASK
from verticals.recommend.service import FitRequest

GROUPS = [[f"{word}-{n}" for n in range(7)] for word in ("tea", "saw", "boot")]


def quiet(share: float, line: str) -> None:
    assert 0 <= share <= 1
    assert line


def fit(shop: Shop, **fields: Any) -> dict[str, Any]:
    return shop.service.fit(shop.tenant, FitRequest(**fields), quiet)


def versions(shop: Shop) -> Versions:
    return Versions(shop.services.storage, shop.folder)


@pytest.fixture
def busy(shop: Shop) -> Shop:
    for group in GROUPS:
        shop.stock(*group)
    crowds(shop, GROUPS)
    shop.did("ann", "click", "tea-0", "tea-1")
    return shop


def test_too_few_events_are_said_and_live_methods_serve(shop: Shop) -> None:
    shop.stock("a", "b")
    shop.did("ann", "click", "a")
    done = fit(shop)
    assert (done["fitted"], done["promoted"], done["model"]) == (False, False, None)
    assert "too few" in done["reason"]
    assert shop.list_for("ann") != []


def test_a_fit_is_measured_promoted_and_serves_at_the_next_call(busy: Shop) -> None:
    assert busy.ask("ann").model is None
    done = fit(busy)
    assert done["promoted"], done
    assert done["beaten_by"] == []
    assert {"popularity-7d", "item-knn", "ease", "blend"} <= done["report"]["models"].keys()
    found = busy.ask("ann", k=3)
    assert found.model == done["model"]
    assert "model" in {reason.source for reason in found.data[0].reasons}
    manifest = versions(busy).get(busy.tenant, done["model"]).manifest
    assert {"ndcg@10", "coverage@10", "debiased_hr@10"} <= manifest.metrics.keys()
    assert "popularity-7d" in manifest.baselines


def test_a_model_that_a_baseline_beats_serves_only_by_force(shop: Shop) -> None:
    items = [f"i{n}" for n in range(30)]
    shop.stock(*items)
    for person in range(40):  # chance pairs; what is new is what everybody takes
        shop.did(f"u{person}", "click", *(items[(person * 7 + step * 11) % 20] for step in range(4)), days=9)
        shop.did(f"u{person}", "click", items[20], days=1)
    for person in range(80):
        shop.did(f"new{person}", "click", items[20], days=6 - person / 40)
    done = fit(shop)
    assert done["fitted"]
    assert done["beaten_by"] == ["popularity-7d"], done["report"]
    assert not done["promoted"]
    assert shop.ask("u1").model is None
    assert fit(shop, force=True)["promoted"]
    assert shop.ask("u1").model is not None


def test_a_rollback_restores_identical_lists(busy: Shop) -> None:
    first = fit(busy)["model"]
    before = [each.model_dump() for each in busy.ask("ann").data]
    busy.stock("extra-1", "extra-2")
    for person in range(12):
        busy.did(f"p0-{person}", "click", "extra-1", "extra-2")
    second = fit(busy, method="ease", force=True)
    assert second["model"] != first
    assert busy.ask("ann").model == second["model"]
    served = [each.model_dump() for each in busy.ask("ann").data]
    versions(busy).rollback(busy.tenant, TASK, "test")
    other = busy.again()
    assert busy.ask("ann").model == first
    restored = [each.model_dump() for each in busy.ask("ann").data]
    assert restored == [each.model_dump() for each in other.ask("ann").data]
    assert restored != served
    assert {each["item_id"] for each in before} <= {item for group in GROUPS for item in group}


def test_a_damaged_file_is_noticed_and_live_methods_serve(busy: Shop) -> None:
    done = fit(busy)
    path = versions(busy).get(busy.tenant, done["model"]).path / MODEL_FILE
    raw = bytearray(path.read_bytes())
    raw[-3] ^= 1
    path.write_bytes(raw)
    found = busy.again().ask("ann")
    assert found.model is None
    assert done["model"] in str(found.degraded)
    assert len(found.data) == 10
    path.unlink()
    assert busy.again().ask("ann").degraded is not None


def test_a_job_that_runs_twice_fits_once(busy: Shop) -> None:
    payload = {"tenant": busy.tenant, "job_id": "j1"}
    first, again = (jobs.fit(busy.services, payload, quiet) for _ in range(2))
    assert first["model"] == again["model"]
    assert again["promoted"]
    assert len(versions(busy).list(busy.tenant, TASK)) == 1


def test_what_was_given_back_and_what_is_deleted_is_not_learnt(busy: Shop) -> None:
    busy.did("bob", "purchase", "tea-0", "saw-0")
    busy.did("bob", "refund", "tea-0")
    busy.service.items.delete(busy.tenant, "boot-0", actor="test")
    rows = busy.service.fit.rows(busy.tenant)
    assert [(row[0], row[1]) for row in rows if row[0] == "u:bob"] == [("u:bob", "saw-0")]
    assert "boot-0" not in {row[1] for row in rows}


def test_the_gate_says_what_beats_a_model() -> None:
    figures = {"ndcg@10": {"value": 0.2, "low": 0.1, "high": 0.3}}
    better = {"ndcg@10": {"value": 0.4, "low": 0.3, "high": 0.5}}
    report = {
        "primary": "ndcg@10",
        "models": {"popularity-7d": better, "item-knn": figures, "ease": {}, "blend": figures},
    }
    assert best(report) == "blend", "the first of equals"
    assert worse_than(report, "blend") == ["popularity-7d"]
    assert measure([("u", "a", 1.0, 1.0)]) is None


@pytest.mark.slow
def test_killed_anywhere_in_a_fit_what_serves_stays(busy: Shop) -> None:
    first = fit(busy)["model"]
    busy.did("p0-1", "click", "saw-1", "boot-1")
    before = busy.list_for("ann")
    child = [sys.executable, "-m", "tests.verticals.recommend.fitting_child", str(busy.folder), busy.tenant]
    killed = 0
    for step in (1, 3, 6, 10, 15, 22):
        done = subprocess.run(
            [*child, str(step)], env=os.environ, capture_output=True, timeout=300, check=False
        )
        killed += done.returncode == -signal.SIGKILL
        serving = versions(busy).production(busy.tenant, TASK)
        assert serving is not None
        if serving.id == first:
            assert busy.again().list_for("ann") == before
        assert busy.again().ask("ann").degraded is None
    assert killed >= 3
    assert fit(busy, force=True)["promoted"]
    stages = [version.stage for version in versions(busy).list(busy.tenant, TASK)]
    assert stages.count(PRODUCTION) == 1
    assert not [path for path in Path(busy.folder).rglob("*.part") if path.is_file()]
