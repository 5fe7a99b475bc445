"""pgvector in a real PostgreSQL keeps the contract of every vector index, and tenants apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from core.errors import ConfigurationError, TenancyViolation
from core.retrieval.dense import DenseIndex
from core.retrieval.dense_pgvector import PgVectorIndex, prepare
from core.storage.engine import Storage
from core.testing.index_contract import DenseIndexContract, Run, numbers, unit_vectors
from core.testing.postgres import PostgresServer
from core.testing.storage import open_storage


@pytest.fixture
def vector_storage(postgres_server: PostgresServer, postgres_url: str) -> Iterator[Storage]:
    postgres_server.admin("CREATE EXTENSION vector", database=postgres_url.rpartition("/")[2])
    with open_storage(postgres_url, "demo", "other") as opened:
        prepare(opened)
        yield opened


class TestPgVectorIndex(DenseIndexContract):
    @pytest.fixture
    def run(self, vector_storage: Storage) -> Run:
        def given(fn: Callable[[DenseIndex], Any]) -> Any:
            return vector_storage.write("demo", lambda session: fn(PgVectorIndex(session, "kb")))

        return given


def _fill(storage: Storage, tenant: str, collection: str, *ids: int) -> None:
    vectors = np.repeat(unit_vectors(1), len(ids), axis=0)
    storage.write(tenant, lambda session: PgVectorIndex(session, collection).add(numbers(*ids), vectors))


def _found(storage: Storage, tenant: str, collection: str) -> list[int]:
    with storage.read(tenant) as session:
        index = PgVectorIndex(session, collection)
        return [number for number, _ in index.search(unit_vectors(1)[0].astype(np.float32), 10)]


def test_tenants_and_collections_have_rows_of_their_own(vector_storage: Storage) -> None:
    _fill(vector_storage, "demo", "kb", 1, 2)
    _fill(vector_storage, "demo", "faq", 2, 3)
    _fill(vector_storage, "other", "kb", 3, 4)

    vector_storage.write("demo", lambda session: PgVectorIndex(session, "kb").remove(numbers(2, 3)))

    assert _found(vector_storage, "demo", "kb") == [1]
    assert _found(vector_storage, "demo", "faq") == [2, 3]
    assert _found(vector_storage, "other", "kb") == [3, 4]
    assert _found(vector_storage, "other", "faq") == []


def test_row_level_security_and_the_cursor_guard_stand_over_the_vectors(
    vector_storage: Storage, postgres_server: PostgresServer, postgres_url: str
) -> None:
    _fill(vector_storage, "other", "kb", 1)
    database = postgres_url.rpartition("/")[2]

    with vector_storage.read("demo") as session, pytest.raises(TenancyViolation):
        session.execute(text("SELECT passage_id FROM passage_vectors")).all()
    forced = postgres_server.admin(
        "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity "
        "AND relname LIKE 'passage_vector%' AND relkind = 'r' ORDER BY 1",
        database=database,
    )
    assert forced == [("passage_vector_states",), ("passage_vectors",)]


def test_a_snapshot_does_not_see_later_vectors(vector_storage: Storage) -> None:
    _fill(vector_storage, "demo", "kb", 1)
    with vector_storage.read("demo") as session:
        index = PgVectorIndex(session, "kb")
        assert len(index) == 1
        _fill(vector_storage, "demo", "kb", 2)
        assert [number for number, _ in index.search(unit_vectors(1)[0].astype(np.float32), 5)] == [1]
    assert _found(vector_storage, "demo", "kb") == [1, 2]


def test_preparing_again_changes_nothing_and_migrations_go_on(vector_storage: Storage) -> None:
    _fill(vector_storage, "demo", "kb", 1)
    prepare(vector_storage)
    vector_storage.migrate()
    assert _found(vector_storage, "demo", "kb") == [1]


def test_a_database_without_pgvector_is_told_apart(postgres_url: str, sqlite_storage: Storage) -> None:
    with open_storage(postgres_url, "demo") as plain, pytest.raises(ConfigurationError, match="pgvector"):
        prepare(plain)
    with pytest.raises(ConfigurationError, match="need PostgreSQL"):
        prepare(sqlite_storage)
