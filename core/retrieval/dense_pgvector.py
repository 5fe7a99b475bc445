"""Nearest vectors by PostgreSQL itself, with pgvector: the rows are searched in the query's own snapshot.

Like every index this is a cache of the passages' vectors. Its two tables are made at the first use, not by a
migration, since they exist only where the extension does. `halfvec` keeps what the passages keep, float16.
Every statement names the tenant (core.storage.tenancy) and the tables stand under row level security.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Connection,
    Float,
    Integer,
    String,
    Table,
    any_,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.types import UserDefinedType

from core.errors import ConfigurationError
from core.retrieval.dense import Floats, Halves, best_first
from core.retrieval.lexical import Ids, Ranking
from core.storage.engine import Storage
from core.storage.rls import protect
from core.storage.tables import Base
from core.storage.tenancy import SYSTEM, tenant_of


class HalfVector(UserDefinedType[Any]):
    """pgvector's `halfvec` of any dimension; values are arrays of shape (dimension,)."""

    cache_ok = True

    def get_col_spec(self, **options: Any) -> str:
        """Return its name in SQL."""
        del options
        return "halfvec"

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        """Return what writes an array as pgvector reads it; five digits tell any two float16 apart."""
        del dialect
        return lambda value: f"[{','.join(f'{number:.5g}' for number in np.asarray(value).tolist())}]"


_VECTORS = Table(
    "passage_vectors",
    Base.metadata,
    Column("tenant_id", String(64), primary_key=True),
    Column("collection", String(64), primary_key=True),
    Column("passage_id", Integer, primary_key=True, autoincrement=False),
    Column("vector", HalfVector(), nullable=False),
)
_STATES = Table(
    "passage_vector_states",
    Base.metadata,
    Column("tenant_id", String(64), primary_key=True),
    Column("collection", String(64), primary_key=True),
    Column("encoder", String(64), nullable=False),
    Column("generation", Integer, nullable=False),
)


class _Operations:
    """What `protect` needs of alembic.op, on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_bind(self) -> Connection:
        return self._session.connection()

    def execute(self, sqltext: str) -> None:
        self._session.execute(text(sqltext))


def prepare(storage: Storage) -> None:
    """Make the tables where they are not there yet; processes may call it at once.

    Raises:
        ConfigurationError: the database is no PostgreSQL, or has no pgvector.
    """
    if storage.dialect != "postgresql":
        raise ConfigurationError(
            "Vectors in pgvector need PostgreSQL.", remedy="Set COLONNADE_DATABASE_URL, or use faiss."
        )
    storage.write(SYSTEM, _prepare)


def _prepare(session: Session) -> None:
    if session.scalar(text("SELECT to_regclass('passage_vector_states') IS NOT NULL")):
        return
    _extend(session)
    Base.metadata.create_all(session.connection(), tables=[_VECTORS, _STATES], checkfirst=False)
    for table in (_VECTORS, _STATES):
        protect(_Operations(session), table.name)


def _extend(session: Session) -> None:
    if session.scalar(text("SELECT to_regtype('halfvec') IS NOT NULL")):
        return
    may = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    offered = "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'"
    if not (session.scalar(text(offered)) and session.scalar(text(may))):
        raise ConfigurationError(
            "The database has no pgvector (0.7 or newer).",
            remedy="Let a superuser run `CREATE EXTENSION vector` in it.",
        )
    session.execute(text("CREATE EXTENSION vector"))


class PgVectorIndex:
    """`DenseIndex` on the rows that a session sees; changing needs a session of `storage.write`."""

    def __init__(self, session: Session, collection: str) -> None:
        self._session = session
        self._key = {"tenant_id": tenant_of(session), "collection": collection}

    def _own(self, table: Table) -> Any:
        of, key = table.c, self._key
        return (of.tenant_id == key["tenant_id"]) & (of.collection == key["collection"])

    def __len__(self) -> int:
        """Return how many vectors it holds."""
        rows = self._session.execute(select(_VECTORS.c.passage_id).where(self._own(_VECTORS)))
        return len(rows.all())

    def state(self) -> tuple[str, int] | None:
        """Return the encoder and the generation that the vectors are of; None before the first."""
        found = self._session.execute(
            select(_STATES.c.encoder, _STATES.c.generation).where(self._own(_STATES))
        )
        row = found.one_or_none()
        return None if row is None else (row.encoder, row.generation)

    def set_state(self, encoder: str, generation: int) -> None:
        """Say what the vectors are of now."""
        self._session.execute(delete(_STATES).where(self._own(_STATES)))
        self._session.execute(insert(_STATES).values(**self._key, encoder=encoder, generation=generation))

    def clear(self) -> None:
        """Take everything out."""
        for table in (_VECTORS, _STATES):
            self._session.execute(delete(table).where(self._own(table)))

    def add(self, ids: Ids, vectors: Halves) -> None:
        """Put vectors in; see `DenseIndex`."""
        if not len(ids):
            return
        self.remove(ids)
        pairs = zip(ids.tolist(), vectors, strict=True)
        rows = [{**self._key, "passage_id": number, "vector": vector} for number, vector in pairs]
        self._session.execute(insert(_VECTORS), rows)

    def remove(self, ids: Ids) -> None:
        """Take vectors out; see `DenseIndex`."""
        if len(ids):
            self._session.execute(delete(_VECTORS).where(self._own(_VECTORS) & _among(ids)))

    def search(self, vector: Floats, k: int, allowed: Ids | None = None) -> Ranking:
        """Return the nearest; see `DenseIndex`."""
        if k < 1 or (allowed is not None and not len(allowed)):
            return []
        question = bindparam("question", vector, type_=HalfVector())
        # The function, not the operator <#>: the cursor guard reads no operators of extensions.
        near = func.inner_product(_VECTORS.c.vector, question, type_=Float())
        query = select(_VECTORS.c.passage_id, near.label("near")).where(self._own(_VECTORS))
        if allowed is not None:
            query = query.where(_among(allowed))
        rows = self._session.execute(query.order_by(near.desc(), _VECTORS.c.passage_id).limit(k))
        return best_first([(row.passage_id, row.near) for row in rows])


def _among(ids: Ids) -> Any:
    return _VECTORS.c.passage_id == any_(bindparam("ids", ids.tolist(), type_=ARRAY(BigInteger())))
