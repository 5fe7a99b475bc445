"""What a tenant may do with its own rows: the guards stop no honest statement."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, exists, func, insert, literal, select, text, union_all, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, aliased, joinedload, selectinload, subqueryload

from core.errors import TenancyViolation
from core.storage.engine import Storage
from core.storage.tenancy import SYSTEM
from tests.core.storage.bypass import CANARY, Child, Parent, contested, everything

P, C = Parent.__table__, Child.__table__
MINE = P.c.tenant_id == "demo"


@pytest.fixture
def storage(database_url: str, tmp_path: Path) -> Iterator[Storage]:
    with contested(database_url, tmp_path / "versions") as opened:
        yield opened


LOCKING = select(Parent.secret).with_for_update(skip_locked=True)
READS: dict[str, Any] = {
    "orm": select(Parent.secret),
    "join": select(Child.secret).join(Parent, Child.parent_id == Parent.id),
    "outer join": select(Child.secret).select_from(Parent).outerjoin(Child, Child.parent_id == Parent.id),
    "aliased": select(aliased(Parent).secret),
    "subquery": select(select(Parent.secret).subquery()),
    "cte": select(select(Parent.secret).cte("found")),
    "union": union_all(select(Parent.secret), select(Child.secret).where(Child.id == "none")),
    "exists": select(Parent.secret).where(exists().where(Child.parent_id == Parent.id)),
    "any": select(Parent.secret).where(Parent.children.any()),
    "in": select(Parent.secret).where(Parent.id.in_(select(Child.parent_id))),
    "case and between": select(Parent.secret).where(
        func.coalesce(Parent.id, "x").between("a", "z"), (Parent.id == "p1") | (Parent.id == "p2")
    ),
    "ordered page": select(Parent.secret).order_by(Parent.id.desc()).limit(5).offset(0),
    "grouped": select(func.max(Parent.secret)).group_by(Parent.id).having(func.count() == 1),
    "window": select(
        func.first_value(Parent.secret).over(partition_by=Parent.id, order_by=Parent.id)
    ).select_from(Parent),
    "core": select(P.c.secret).where(MINE),
    "core, propagated": select(C.c.secret).where(
        MINE, C.c.tenant_id == P.c.tenant_id, C.c.parent_id == P.c.id
    ),
    "core, correlated": select(
        select(C.c.secret).where(C.c.tenant_id == P.c.tenant_id, C.c.id == "c-p1").scalar_subquery()
    ).where(MINE),
    "text": text("SELECT p.secret FROM bypass_parents p WHERE (p.tenant_id = 'demo') AND p.id <> 'x'"),
    "text, IS DISTINCT FROM": text(
        "SELECT secret FROM bypass_parents WHERE id IS DISTINCT FROM 'p9' AND tenant_id = 'demo';"
    ),
}


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("scope", ["read", "write"])
def test_own_rows_are_read(storage: Storage, name: str, scope: str) -> None:
    def run(session: Session) -> list[Any]:
        return list(session.scalars(READS[name]))

    if scope == "write":
        assert storage.write("demo", run) == ["mine"]
    else:
        with storage.read("demo") as session:
            assert run(session) == ["mine"]


def test_a_read_takes_no_row_locks(storage: Storage) -> None:
    if storage.dialect == "sqlite":  # which has none: the clause is left out
        with storage.read("demo") as session:
            assert session.scalar(LOCKING) == "mine"
    else:
        with pytest.raises(SQLAlchemyError, match="read-only"), storage.read("demo") as session:
            session.scalar(LOCKING)
    assert storage.write("demo", lambda session: session.scalar(LOCKING)) == "mine"


@pytest.mark.parametrize("loader", [None, joinedload, selectinload, subqueryload])
def test_relationships_load_own_children_only(storage: Storage, loader: Any) -> None:
    options = [loader(Parent.children)] if loader else []
    with storage.read("demo") as session:
        parents = session.scalars(select(Parent).options(*options)).unique().all()
        assert [child.secret for parent in parents for child in parent.children] == ["mine"]
        session.refresh(parents[0])
        session.expire(parents[0])
        assert parents[0].secret == "mine"


def test_one_read_after_another_uses_its_own_tenant(storage: Storage) -> None:
    """SQLAlchemy caches the compiled statement; the tenant in it must not be cached."""
    for _ in range(3):
        for tenant, secrets in (("demo", {"mine"}), ("other", {CANARY})):
            with storage.read(tenant) as session:
                assert set(session.scalars(select(Parent.secret))) == secrets
                assert {c.secret for p in session.scalars(select(Parent)) for c in p.children} == secrets


def _upsert(session: Session, storage: Storage) -> Any:
    dialect = sqlite if storage.dialect == "sqlite" else postgresql
    statement = dialect.insert(Parent).values(id="p1", secret="changed")
    return session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "id"], set_={"secret": statement.excluded.secret}
        )
    )


WRITES: dict[str, Any] = {
    "orm update": lambda s, _: s.execute(update(Parent).where(Parent.id == "p1").values(secret="changed")),
    "orm update by key": lambda s, _: s.execute(
        update(Parent), [{"tenant_id": "demo", "id": "p1", "secret": "changed"}]
    ),
    "object": lambda s, _: setattr(s.get_one(Parent, ("demo", "p1")), "secret", "changed"),
    "merge": lambda s, _: s.merge(Parent(tenant_id="demo", id="p1", secret="changed")),
    "core update": lambda s, _: s.execute(update(P).where(MINE).values(secret="changed")),
    "core update, many": lambda s, _: s.connection().execute(
        update(P).where(P.c.tenant_id == bindparam("t"), P.c.id == bindparam("i")).values(secret="changed"),
        [{"t": "demo", "i": "p1"}, {"t": "demo", "i": "p9"}],
    ),
    "text update": lambda s, _: s.execute(
        text("UPDATE bypass_parents SET secret = 'changed' WHERE tenant_id = :t"), {"t": "demo"}
    ),
    "upsert": _upsert,
}


@pytest.mark.parametrize("name", WRITES)
def test_own_rows_are_changed(storage: Storage, name: str) -> None:
    storage.write("demo", lambda session: (WRITES[name](session, storage), None)[1])
    changed = {row for row in everything(storage) if "changed" in row}
    assert changed == {("parent", "demo", "p1", "changed")}


NEW = [{"id": f"n{number}", "secret": "new"} for number in range(3)]
INSERTS: dict[str, Any] = {
    "objects": lambda s: s.add_all(Parent(**row) for row in NEW),
    "orm bulk": lambda s: s.execute(insert(Parent), NEW),
    "orm bulk, returning": lambda s: s.scalars(insert(Parent).returning(Parent.id), NEW).all(),
    "mappings": lambda s: s.bulk_insert_mappings(Parent, NEW),
    "core many": lambda s: s.connection().execute(insert(P), NEW),
    "core list": lambda s: s.execute(insert(P).values([{"tenant_id": "demo", **row} for row in NEW])),
    "from select": lambda s: s.execute(
        insert(P).from_select(
            ["tenant_id", "id", "secret"],
            select(literal("demo"), literal("n").concat(P.c.id), literal("new")).where(MINE),
        )
    ),
    "from select of own column": lambda s: s.execute(
        insert(P).from_select(
            ["tenant_id", "id", "secret"],
            select(P.c.tenant_id, literal("n").concat(P.c.id), literal("new")).where(MINE),
        )
    ),
}


@pytest.mark.parametrize("name", INSERTS)
def test_new_rows_get_the_tenant(storage: Storage, name: str) -> None:
    storage.write("demo", lambda session: (INSERTS[name](session), None)[1])
    fresh = [row for row in everything(storage) if row[3] == "new"]
    assert {row[1] for row in fresh} == {"demo"}
    assert len(fresh) == (1 if "select" in name else 3)


def test_own_rows_are_deleted(storage: Storage) -> None:
    def work(session: Session) -> None:
        session.execute(delete(Child).where(Child.id == "c-p1"))
        session.delete(session.get_one(Parent, ("demo", "p1")))

    storage.write("demo", work)
    assert {row[1] for row in everything(storage)} == {"other"}


def test_system_sees_all_and_must_name_the_tenant(storage: Storage) -> None:
    with storage.read(SYSTEM) as session:
        assert session.scalar(select(func.count()).select_from(Parent)) == 3
    with pytest.raises(TenancyViolation, match="without a tenant"):
        storage.write(SYSTEM, lambda session: session.execute(insert(Parent), NEW))
    storage.write(SYSTEM, lambda session: session.add(Parent(tenant_id="third", id="x", secret="new")))
    with storage.read("third") as session:
        assert session.scalar(select(func.count()).select_from(Parent)) == 1


@pytest.mark.parametrize("name", ["", "_other", "A", "a b", "x" * 64, "_system2"])
def test_a_scope_needs_a_tenant_name(storage: Storage, name: str) -> None:
    from core.errors import InvalidInput

    with pytest.raises(InvalidInput), storage.read(name):
        pass
    with pytest.raises(InvalidInput):
        storage.write(name, lambda session: None)
