"""Every way past a tenant filter that we know, tried on both databases: nothing leaks, nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import delete, exists, func, insert, literal, select, text, tuple_, union_all, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased, joinedload, selectinload, subqueryload

from core.errors import TenancyViolation
from core.storage.engine import Storage
from core.storage.sqlite import library
from core.storage.tenancy import SYSTEM
from tests.core.storage.bypass import CANARY, Child, Parent, contested, everything

P, C = Parent.__table__, Child.__table__
FOREIGN = {"tenant_id": "other", "id": "new", "secret": "planted"}
Route = Callable[[Session, Storage], Any]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """One database for all routes: none of them changes it."""
    folder = tmp_path_factory.mktemp("bypass")
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'colonnade.db'}"
    else:
        url = request.getfixturevalue("postgres_server").create_database()
    with contested(url, folder / "versions") as opened:
        yield opened


def _foreign(storage: Storage) -> Parent:
    with storage.read("other") as session:
        return session.get_one(Parent, ("other", "p1"))


def _stolen(session: Session, storage: Storage) -> Any:
    parent = _foreign(storage)
    session.add(parent)
    return session.get(Parent, ("other", "p1"))


def _refreshed(session: Session, storage: Storage) -> Any:
    parent = session.get_one(Parent, ("demo", "p1"))
    session.expunge(parent)
    foreign = _foreign(storage)
    session.add(foreign)
    session.refresh(foreign)
    return foreign


def _changed(session: Session, storage: Storage, change: Callable[[Parent], Any]) -> None:
    foreign = _foreign(storage)
    change(foreign)
    session.add(foreign)
    session.flush()


def _moved(session: Session, storage: Storage) -> None:
    session.get_one(Child, ("demo", "c-p1")).tenant_id = "other"
    session.flush()


def _upsert(session: Session, storage: Storage) -> Any:
    dialect = sqlite if storage.dialect == "sqlite" else postgresql
    statement = dialect.insert(Parent).values(tenant_id="other", id="p1", secret="planted")
    return session.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id", "id"], set_={"secret": "planted"})
    )


def _upsert_moves(session: Session, storage: Storage) -> Any:
    dialect = sqlite if storage.dialect == "sqlite" else postgresql
    statement = dialect.insert(Child).values(tenant_id="demo", id="c-p1", parent_id="p1", secret="planted")
    return session.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id", "id"], set_={"tenant_id": "other"})
    )


def _raw_cursor(session: Session, storage: Storage) -> Any:
    cursor = session.connection().connection.driver_connection.cursor()  # type: ignore[union-attr]
    cursor.execute("SELECT * FROM bypass_parents")
    return cursor.fetchall()


def _raw_cursor_write(session: Session, storage: Storage) -> Any:
    cursor = session.connection().connection.driver_connection.cursor()  # type: ignore[union-attr]
    cursor.execute("UPDATE bypass_parents SET secret = 'planted' WHERE tenant_id = 'other'")


def _repeated_raw(session: Session, storage: Storage) -> Any:
    """The very text that the guard cleared a moment ago, with another tenant in its place."""
    mark = "?" if storage.dialect == "sqlite" else "%(tenant)s"
    statement = f"SELECT secret FROM bypass_parents WHERE tenant_id = {mark}"

    def values(tenant: str) -> Any:
        return (tenant,) if mark == "?" else {"tenant": tenant}

    session.connection().exec_driver_sql(statement, values("demo")).all()
    cursor = session.connection().connection.driver_connection.cursor()  # type: ignore[union-attr]
    cursor.execute(statement, values("other" if mark == "?" else "demo"))
    return cursor.fetchall()


def _own_connection(session: Session, storage: Storage) -> Any:
    with session.get_bind().engine.connect() as connection:
        return connection.execute(select(P).where(P.c.tenant_id == "other")).all()


def _deep(session: Session, storage: Storage) -> Any:
    inner = select(C.c.secret).where(C.c.id == "c-p2").scalar_subquery()
    return session.execute(select(P.c.id, inner).where(P.c.tenant_id == "demo")).all()


def _wrong_side(session: Session, storage: Storage) -> Any:
    joined = P.outerjoin(C, (C.c.parent_id == P.c.id) & (P.c.tenant_id == "demo"))
    return session.execute(select(P.c.secret, C.c.secret).select_from(joined)).all()


ROUTES: dict[str, Route] = {
    "orm select": lambda s, _: s.scalars(select(Parent)).all(),
    "orm select of columns": lambda s, _: s.execute(select(Parent.secret)).all(),
    "orm select by id": lambda s, _: s.scalars(select(Parent).where(Parent.tenant_id == "other")).all(),
    "legacy query": lambda s, _: s.query(Parent).all(),
    "get": lambda s, _: s.get(Parent, ("other", "p1")),
    "get, populate_existing": lambda s, _: s.get(Parent, ("other", "p1"), populate_existing=True),
    "lazy load": lambda s, _: s.get_one(Parent, ("demo", "p1")).children,
    "joined load": lambda s, _: [
        p.children for p in s.scalars(select(Parent).options(joinedload(Parent.children))).unique()
    ],
    "select-in load": lambda s, _: [
        p.children for p in s.scalars(select(Parent).options(selectinload(Parent.children)))
    ],
    "subquery load": lambda s, _: [
        p.children for p in s.scalars(select(Parent).options(subqueryload(Parent.children)))
    ],
    "join": lambda s, _: s.execute(
        select(Parent.id, Child.secret).join(Child, Child.parent_id == Parent.id)
    ).all(),
    "outer join": lambda s, _: s.execute(
        select(Parent.id, Child.secret).outerjoin(Child, Child.parent_id == Parent.id)
    ).all(),
    "subquery": lambda s, _: s.execute(select(select(Parent).subquery())).all(),
    "cte": lambda s, _: s.execute(select(select(Parent.secret).cte("found"))).all(),
    "union": lambda s, _: s.execute(union_all(select(Parent.secret), select(Child.secret))).all(),
    "aliased": lambda s, _: s.scalars(select(aliased(Parent))).all(),
    "in": lambda s, _: s.scalars(
        select(Parent).where(tuple_(Parent.tenant_id, Parent.id).in_([("other", "p1")]))
    ).all(),
    "core select": lambda s, _: s.execute(select(P)).all(),
    "core select by connection": lambda s, _: s.connection().execute(select(P)).all(),
    "core scalar subquery": _deep,
    "core join, predicate on the wrong side": _wrong_side,
    "core predicate below OR": lambda s, _: s.execute(
        select(P).where((P.c.tenant_id == "demo") | (P.c.id == "p1"))
    ).all(),
    "core predicate below NOT": lambda s, _: s.execute(select(P).where(~(P.c.tenant_id == "demo"))).all(),
    "text": lambda s, _: s.execute(text("SELECT * FROM bypass_parents")).all(),
    "text, other tenant": lambda s, _: s.execute(
        text("SELECT * FROM bypass_parents WHERE tenant_id = :t"), {"t": "other"}
    ).all(),
    "text, tautology": lambda s, _: s.execute(
        text("SELECT * FROM bypass_parents WHERE tenant_id = :t OR 1 = 1"), {"t": "demo"}
    ).all(),
    "text, comment": lambda s, _: s.execute(
        text("SELECT * FROM bypass_parents WHERE 1 = 1 -- AND tenant_id = :t"), {"t": "demo"}
    ).all(),
    "text, quoted": lambda s, _: s.execute(text('SELECT * FROM "bypass_parents" AS "x"')).all(),
    "text, CASE": lambda s, _: s.execute(
        text("SELECT * FROM bypass_parents WHERE CASE WHEN tenant_id = :t THEN 1 = 1 ELSE 1 = 1 END"),
        {"t": "demo"},
    ).all(),
    "text, BETWEEN": lambda s, _: s.execute(
        text("SELECT * FROM bypass_parents WHERE 'a' BETWEEN '' AND tenant_id = :t"), {"t": "demo"}
    ).all(),
    "text, named CTE": lambda s, _: s.execute(
        text("WITH bypass_parents AS (SELECT * FROM bypass_parents) SELECT * FROM bypass_parents")
    ).all(),
    "text, changes the setting": lambda s, _: s.execute(
        text("SELECT set_config('colonnade.tenant', 'other', true)")
    ).all(),
    "text, switches row security": lambda s, _: s.execute(text("SET LOCAL colonnade.tenant = 'other'")),
    "text with columns": lambda s, _: s.execute(
        text("SELECT id, secret FROM bypass_parents").columns(Parent.id, Parent.secret)
    ).all(),
    "from_statement": lambda s, _: s.scalars(
        select(Parent).from_statement(text("SELECT * FROM bypass_parents"))
    ).all(),
    "exists": lambda s, _: CANARY if s.scalar(select(exists().where(Parent.id == "p2"))) else None,
    "exists in core": lambda s, _: CANARY if s.scalar(select(exists().where(P.c.id == "p2"))) else None,
    "any": lambda s, _: (
        CANARY if s.scalars(select(Parent).where(Parent.children.any(Child.secret == CANARY))).all() else None
    ),
    "count": lambda s, _: CANARY if s.scalar(select(func.count()).select_from(Parent)) != 1 else None,
    "scalar subquery": lambda s, _: s.execute(
        select(select(Child.secret).where(Child.id == "c-p2").scalar_subquery())
    ).all(),
    "poisoned identity map": _stolen,
    "refresh": _refreshed,
    "orm update": lambda s, _: s.execute(update(Parent).values(secret="planted").where(Parent.id == "p2")),
    "orm delete": lambda s, _: s.execute(delete(Child).where(Child.id == "c-p2")),
    "core update": lambda s, _: s.execute(update(P).values(secret="planted").where(P.c.id == "p2")),
    "core delete": lambda s, _: s.execute(delete(C).where(C.c.id == "c-p2")),
    "core update moves": lambda s, _: s.execute(
        update(C).values(tenant_id="other").where(C.c.tenant_id == "demo")
    ),
    "orm bulk update by key": lambda s, _: s.execute(
        update(Parent), [{"tenant_id": "other", "id": "p1", "secret": "planted"}]
    ),
    "bulk update mappings": lambda s, _: s.bulk_update_mappings(
        Parent, [{"tenant_id": "other", "id": "p1", "secret": "planted"}]
    ),
    "orm bulk insert": lambda s, _: s.execute(insert(Parent), [FOREIGN]),
    "bulk insert mappings": lambda s, _: s.bulk_insert_mappings(Parent, [FOREIGN]),
    "bulk save": lambda s, _: s.bulk_save_objects([Parent(**FOREIGN)]),
    "add": lambda s, _: (s.add(Parent(**FOREIGN)), s.flush()),
    "merge": lambda s, _: (s.merge(Parent(**FOREIGN | {"id": "p1"})), s.flush()),
    "change of a foreign object": lambda s, x: _changed(s, x, lambda p: setattr(p, "secret", "planted")),
    "delete of a foreign object": lambda s, x: (s.delete(_foreign(x)), s.flush()),
    "moved to the other": _moved,
    "insert of a list": lambda s, _: s.execute(
        insert(P).values([FOREIGN | {"tenant_id": "demo"}, FOREIGN | {"id": "new2"}])
    ),
    "insert many": lambda s, _: s.execute(insert(P), [FOREIGN | {"tenant_id": "demo"}, FOREIGN]),
    "insert from select": lambda s, _: s.execute(
        insert(P).from_select(["tenant_id", "id", "secret"], select(literal("demo"), C.c.id, C.c.secret))
    ),
    "insert from select into the other": lambda s, _: s.execute(
        insert(P).from_select(
            ["tenant_id", "id", "secret"],
            select(literal("other"), C.c.id, C.c.secret).where(C.c.tenant_id == "demo"),
        )
    ),
    "upsert": _upsert,
    "upsert that moves": _upsert_moves,
    "driver SQL": lambda s, _: s.connection().exec_driver_sql("SELECT * FROM bypass_parents").all(),
    "raw cursor": _raw_cursor,
    "raw cursor writes": _raw_cursor_write,
    "raw cursor repeats": _repeated_raw,
    "a connection of its own": _own_connection,
}
HARMLESS = (TenancyViolation, DBAPIError, library().DatabaseError, psycopg.Error)


def _flat(value: Any) -> str:
    if isinstance(value, Parent | Child):
        return f"{value.tenant_id} {value.secret}"
    if isinstance(value, list | tuple) or hasattr(value, "_fields"):
        return " ".join(_flat(item) for item in value)
    return str(value)


def test_the_suite_is_complete() -> None:
    assert len(ROUTES) >= 25


@pytest.mark.parametrize("scope", ["read", "write"])
@pytest.mark.parametrize("route", ROUTES)
def test_no_route_leaks_or_changes(storage: Storage, route: str, scope: str) -> None:
    before = everything(storage)
    try:
        if scope == "read":
            with storage.read("demo") as session:
                seen = _flat(ROUTES[route](session, storage))
        else:
            seen = storage.write("demo", lambda session: _flat(ROUTES[route](session, storage)))
    except HARMLESS:
        seen = ""
    assert CANARY not in seen
    after = everything(storage)
    assert [row for row in after if row[1] == "other"] == [row for row in before if row[1] == "other"]
    assert [row for row in after if row[1] == "demo" and CANARY in row] == []


def test_the_routes_do_leak_without_the_guards(storage: Storage) -> None:
    """The suite can fail: what reads freely, as SYSTEM does, finds the canary."""
    blind = ["raw cursor writes", "text, changes the setting"]
    with storage.read(SYSTEM) as session:
        for route in ("orm select", "core select", "text", "driver SQL", "lazy load", "joined load", "cte"):
            assert route not in blind
            assert CANARY in _flat(ROUTES[route](session, storage)), route
