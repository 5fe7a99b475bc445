"""Versions and stages, per tenant, on both databases."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import select

from core.errors import Conflict, IntegrityFailure, InvalidInput, NotFound
from core.models.artefacts import load_manifest, publish
from core.models.versions import Versions
from core.storage import audit
from core.storage.engine import Storage
from core.storage.tables import AuditEntry, OutboxEvent
from core.storage.tenancy import SHARED
from tests.core.models.test_artefacts import build, manifest

TASK = "finance.sentiment"


@pytest.fixture
def versions(storage: Storage, tmp_path: Path) -> Versions:
    return Versions(storage, tmp_path / "data")


def _add(versions: Versions, tmp_path: Path, tenant: str = "demo", **changes: object) -> str:
    folder = publish(build, manifest(**changes), tmp_path / "data" / "artefacts")
    found = load_manifest(folder)
    return versions.add(tenant, found.task, folder, found)


def _events(storage: Storage, tenant: str = "demo") -> list[str]:
    with storage.read(tenant) as session:
        return list(session.scalars(select(OutboxEvent.topic).order_by(OutboxEvent.id)))


def _audited(storage: Storage, tenant: str = "demo") -> list[tuple[str, str, str]]:
    with storage.read(tenant) as session:
        audit.verify(session)
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
        return [(row.actor, row.action, row.subject) for row in rows]


def test_a_version_is_added_as_a_candidate(versions: Versions, tmp_path: Path) -> None:
    first = _add(versions, tmp_path)

    version = versions.get("demo", first)

    assert (version.tenant, version.task, version.stage) == ("demo", TASK, "candidate")
    assert version.path == (tmp_path / "data" / "artefacts" / first).resolve()
    assert version.manifest == load_manifest(version.path)
    assert version.promoted_at is None
    assert versions.production("demo", TASK) is None


def test_adding_twice_changes_nothing(versions: Versions, storage: Storage, tmp_path: Path) -> None:
    assert _add(versions, tmp_path) == _add(versions, tmp_path)

    assert len(versions.list("demo")) == 1
    assert _events(storage) == ["models.version.added"]


def test_paths_below_the_data_folder_move_with_it(storage: Storage, tmp_path: Path) -> None:
    first = _add(Versions(storage, tmp_path / "data"), tmp_path)
    (tmp_path / "data").rename(tmp_path / "moved")

    version = Versions(storage, tmp_path / "moved").get("demo", first)

    assert load_manifest(version.path).id == first


def test_promotion_archives_the_one_before(versions: Versions, tmp_path: Path) -> None:
    one, two = _add(versions, tmp_path), _add(versions, tmp_path, method="full")
    versions.promote("demo", one, "cli")

    versions.promote("demo", two, "cli")

    serving = versions.production("demo", TASK)
    assert serving is not None
    assert serving.id == two
    assert {v.id: v.stage for v in versions.list("demo")} == {one: "archived", two: "production"}


def test_each_step_leaves_an_event_and_an_audit_row(
    versions: Versions, storage: Storage, tmp_path: Path
) -> None:
    one, two = _add(versions, tmp_path), _add(versions, tmp_path, method="full")
    versions.promote("demo", one, "key-1")
    versions.promote("demo", two, "key-1")
    versions.promote("demo", two, "key-1")
    versions.rollback("demo", TASK, "key-2")

    steps = ["added", "added", "promoted", "promoted", "rolled_back"]
    assert _events(storage) == [f"models.version.{step}" for step in steps]
    assert _audited(storage)[2:] == [
        ("key-1", "model.promoted", one),
        ("key-1", "model.promoted", two),
        ("key-2", "model.rolled_back", one),
    ]


def test_rollback_walks_back_one_promotion_at_a_time(versions: Versions, tmp_path: Path) -> None:
    ids = [_add(versions, tmp_path, method=f"m{i}") for i in range(4)]
    for version in ids[:3]:
        versions.promote("demo", version, "cli")

    assert versions.rollback("demo", TASK, "cli").id == ids[1]
    versions.promote("demo", ids[3], "cli")
    assert versions.rollback("demo", TASK, "cli").id == ids[1]
    assert versions.rollback("demo", TASK, "cli").id == ids[0]
    with pytest.raises(Conflict, match="none to go back to"):
        versions.rollback("demo", TASK, "cli")
    assert {v.stage for v in versions.list("demo")} == {"production", "archived"}


def test_rollback_of_nothing_is_not_found(versions: Versions) -> None:
    with pytest.raises(NotFound, match="in production"):
        versions.rollback("demo", TASK, "cli")


def test_a_beaten_candidate_is_promoted_only_by_force(
    versions: Versions, storage: Storage, tmp_path: Path
) -> None:
    beaten = _add(versions, tmp_path, baselines={"tfidf": {"macro_f1": {"value": 0.81}}})

    with pytest.raises(Conflict, match="beaten by tfidf on macro_f1") as caught:
        versions.promote("demo", beaten, "cli")
    assert "--force" in caught.value.remedy
    assert versions.production("demo", TASK) is None
    assert _events(storage) == ["models.version.added"]

    assert versions.promote("demo", beaten, "cli", force=True).stage == "production"


def test_a_broken_artefact_is_neither_added_nor_promoted(versions: Versions, tmp_path: Path) -> None:
    good = _add(versions, tmp_path)
    folder = versions.get("demo", good).path
    (folder / "tokenizer.json").write_text("[]", encoding="utf-8")

    with pytest.raises(IntegrityFailure, match=r"tokenizer\.json"):
        versions.promote("demo", good, "cli")
    with pytest.raises(IntegrityFailure, match=r"tokenizer\.json"):
        versions.add("other", TASK, folder, load_manifest(folder, verify=False))
    assert versions.list("other") == ()


def test_a_manifest_that_is_not_the_folders_is_refused(versions: Versions, tmp_path: Path) -> None:
    folder = publish(build, manifest(), tmp_path)
    found = load_manifest(folder)

    with pytest.raises(InvalidInput, match=r"not .* of service\.intent"):
        versions.add("demo", "service.intent", folder, found)
    with pytest.raises(InvalidInput, match="own manifest"):
        versions.add("demo", TASK, folder, found.model_copy(update={"id": "m-other"}))


def test_another_tenants_model_is_not_found(versions: Versions, tmp_path: Path) -> None:
    theirs = _add(versions, tmp_path, tenant="other")
    versions.promote("other", theirs, "cli")

    with pytest.raises(NotFound) as by_get:
        versions.get("demo", theirs)
    with pytest.raises(NotFound) as by_promote:
        versions.promote("demo", theirs, "cli")
    with pytest.raises(NotFound) as absent:
        versions.get("demo", theirs[:-1] + "0")

    assert versions.list("demo") == ()
    assert versions.production("demo", TASK) is None
    assert str(by_get.value) == str(by_promote.value)
    assert str(by_get.value).replace(theirs, "") == str(absent.value).replace(theirs[:-1] + "0", "")


def test_starters_are_shared_for_reading_only(versions: Versions, tmp_path: Path) -> None:
    starter = _add(versions, tmp_path, tenant=SHARED)
    versions.promote(SHARED, starter, "cli")

    serving = versions.production("demo", TASK)
    assert serving is not None
    assert (serving.tenant, serving.id) == (SHARED, starter)
    assert versions.get("demo", starter).id == starter
    assert [version.id for version in versions.list("demo")] == [starter]
    with pytest.raises(Conflict, match="shared starter"):
        versions.promote("demo", starter, "cli", force=True)
    with pytest.raises(NotFound, match="shared starter"):
        versions.rollback("demo", TASK, "cli")

    own = _add(versions, tmp_path, method="full")
    versions.promote("demo", own, "cli")
    mine, others = versions.production("demo", TASK), versions.production("other", TASK)
    assert mine is not None
    assert others is not None
    assert (mine.id, others.id) == (own, starter)

    with pytest.raises(Conflict, match="models rollback"):
        versions.promote("demo", starter, "cli")
    back = versions.rollback("demo", TASK, "cli")
    serving = versions.production("demo", TASK)
    assert serving is not None
    assert back == serving
    assert (serving.tenant, serving.id) == (SHARED, starter)
    assert versions.get("demo", own).stage == "archived"
    with pytest.raises(NotFound, match="in production"):
        versions.rollback("demo", TASK, "cli")


def test_the_list_is_by_task_and_the_newest_first(versions: Versions, tmp_path: Path) -> None:
    first = _add(versions, tmp_path)
    second = _add(versions, tmp_path, method="full")
    other = _add(versions, tmp_path, task="service.intent")

    assert [version.id for version in versions.list("demo", TASK)] == [second, first]
    assert [version.id for version in versions.list("demo", "service.intent")] == [other]
    assert [version.id for version in versions.list("demo")] == [other, second, first]


def test_tasks_do_not_disturb_each_other(versions: Versions, tmp_path: Path) -> None:
    one, two = _add(versions, tmp_path), _add(versions, tmp_path, task="service.intent")
    versions.promote("demo", one, "cli")
    versions.promote("demo", two, "cli")

    assert {v.stage for v in versions.list("demo")} == {"production"}


def test_promotions_at_once_leave_one_in_production(
    versions: Versions, storage: Storage, tmp_path: Path
) -> None:
    ids = [_add(versions, tmp_path, method=f"m{i}") for i in range(6)]
    threads = [Thread(target=versions.promote, args=("demo", version, "cli")) for version in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    stages = [version.stage for version in versions.list("demo")]

    assert sorted(stages) == ["archived"] * 5 + ["production"]
    assert len(_audited(storage)) == 12
