"""Model versions over REST: one's own are shown, promoted and rolled back; shared starters only shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.models.artefacts import load_manifest, publish
from core.models.manifest import Manifest
from core.storage.tenancy import SHARED
from tests.api.conftest import Served

TASK = "toy.mood"


def _add(served: Served, tenant: str, name: str, score: float = 0.9) -> str:
    manifest = Manifest(
        task=TASK,
        kind="single",
        method="head",
        labels=["bad", "good"],
        metrics={"macro_f1": score},
        baselines={"TF-IDF + linear": {"macro_f1": 0.5}},
        licences=["MIT"],
        card={"purpose": f"The model {name}.", "languages": ["en"]},
    )

    def build(folder: Path) -> None:
        (folder / "weights.safetensors").write_bytes(name.encode())

    path = publish(build, manifest, served.container.settings.data / "models" / tenant)
    return served.container.versions.add(tenant, TASK, path, load_manifest(path))


@pytest.fixture
def own(served: Served) -> dict[str, str]:
    return served.headers("acme", "models:read", "models:write")


@pytest.fixture
def starter(served: Served) -> str:
    model = _add(served, SHARED, "starter")
    served.container.versions.promote(SHARED, model, "test")
    return model


def test_ones_own_models_are_promoted_and_rolled_back(served: Served, own: dict[str, str]) -> None:
    first, second = _add(served, "acme", "first"), _add(served, "acme", "second")

    for model in (first, second):
        promoted = served.http.post(f"/v1/models/{model}/promote", headers=own)
        assert (promoted.status_code, promoted.json()["stage"]) == (200, "production")
    assert served.http.get(f"/v1/models/{first}", headers=own).json()["stage"] == "archived"
    back = served.http.post(f"/v1/tasks/{TASK}/rollback", headers=own)

    assert (back.status_code, back.json()["id"], back.json()["stage"]) == (200, first, "production")
    assert served.http.post(f"/v1/tasks/{TASK}/rollback", headers=own).status_code == 409


def test_a_beaten_model_is_promoted_by_force_only(served: Served, own: dict[str, str]) -> None:
    model = _add(served, "acme", "weak", score=0.4)

    refused = served.http.post(f"/v1/models/{model}/promote", json={"force": False}, headers=own)
    forced = served.http.post(f"/v1/models/{model}/promote", json={"force": True}, headers=own)

    assert refused.status_code == 409
    assert "TF-IDF" in refused.json()["detail"]
    assert (forced.status_code, forced.json()["stage"]) == (200, "production")


def test_the_card_says_what_people_should_know(served: Served, own: dict[str, str]) -> None:
    model = _add(served, "acme", "first")

    shown = served.http.get(f"/v1/models/{model}", headers=own).json()

    assert shown["card"]["purpose"] == "The model first."
    assert shown["card"]["metrics"]["macro_f1"]["value"] == 0.9
    assert shown["card"]["licences"] == ["MIT"]
    assert shown["card"]["limits"]
    assert str(served.container.settings.data) not in str(shown)


def test_a_shared_starter_is_shown_but_not_the_tenants_to_change(
    served: Served, own: dict[str, str], starter: str
) -> None:
    assert served.http.get(f"/v1/models/{starter}", headers=own).json()["stage"] == "production"

    promote = served.http.post(f"/v1/models/{starter}/promote", json={"force": True}, headers=own)
    back = served.http.post(f"/v1/tasks/{TASK}/rollback", headers=own)

    assert (promote.status_code, back.status_code) == (409, 404)
    assert "shared starter" in promote.json()["detail"]
    assert f"models rollback {TASK}" in promote.json()["detail"]
    assert "shared starter" in back.json()["detail"]
    assert served.container.versions.production("acme", TASK) == served.container.versions.get(
        SHARED, starter
    )
