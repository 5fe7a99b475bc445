"""The migrated tables are those that are mapped, and work alike on SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, inspect

from core.storage.sqlite import library
from core.testing.clock import StandingClock
from tests.verticals.medical.conftest import Saying, open_storage, services_over
from verticals.medical.intake import Complaint
from verticals.medical.service import Verdict, build
from verticals.medical.tables import Review, ReviewContent


def test_every_column_and_index_is_migrated(sqlite_url: str) -> None:
    with open_storage(sqlite_url):
        pass
    engine = create_engine(sqlite_url, module=library())
    found = inspect(engine)
    for table in (Review.__table__, ReviewContent.__table__):
        name = str(table.name)  # type: ignore[attr-defined]
        columns = {c["name"]: (str(c["type"]), c["nullable"]) for c in found.get_columns(name)}
        mapped = {c.name: (c.type.compile(engine.dialect), bool(c.nullable)) for c in table.columns}
        assert columns == mapped
        assert found.get_pk_constraint(name)["constrained_columns"][0] == "tenant_id"
        indexes = {index.name for index in table.indexes}  # type: ignore[attr-defined]
        assert {index["name"] for index in found.get_indexes(name)} == indexes
        names = {key.name for key in table.foreign_key_constraints}  # type: ignore[attr-defined]
        assert {key["name"] for key in found.get_foreign_keys(name)} == names
    engine.dispose()


def test_a_case_on_either_database(database_url: str, tmp_path: Path) -> None:
    with open_storage(database_url) as storage:
        medical = build(services_over(storage, Saying(), tmp_path, StandingClock()))
        review_id = str(medical.triage("demo", Complaint("胸痛", encounter_id="v")).review_id)
        assert [row.id for row in medical.reviews.list("demo", state="open")] == [review_id]
        assert medical.reviews.list("other") == []
        assert medical.replay.one("demo", review_id).identical
        assert medical.reviews.decide("demo", review_id, Verdict(1), actor="k").decided_urgency == 1
        assert medical.reviews.erase("other", "v", actor="k") == 0
        assert medical.reviews.erase("demo", "v", actor="k") == 1
