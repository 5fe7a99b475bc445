"""Two tables of a vertical that tests make up, their migration, and rows of two tenants to fight over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import ForeignKeyConstraint, String, event
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from core.storage.engine import Storage
from core.storage.tables import Base, TenantScoped
from core.storage.tenancy import SYSTEM

CANARY = "CANARY-of-other"

_MIGRATION = '''"""Tables of the bypass suite."""
import sqlalchemy as sa
from alembic import op
from core.storage.rls import protect

revision, down_revision, branch_labels, depends_on = "bypass_1", None, ("bypass",), "0001_core"

def upgrade():
    for name, more in (("bypass_parents", ()), ("bypass_children", ("parent_id",))):
        keys = [sa.Column(c, sa.String(64), primary_key=True) for c in ("tenant_id", "id")]
        rest = [sa.Column(c, sa.String(200), nullable=False) for c in (*more, "secret")]
        foreign = [sa.ForeignKeyConstraint(["tenant_id", "parent_id"],
                                           ["bypass_parents.tenant_id", "bypass_parents.id"])] if more else []
        op.create_table(name, *keys, *rest, *foreign)
        protect(op, name)
'''


class Parent(TenantScoped, Base):
    """A row with a secret; both tenants have one called p1."""

    __tablename__ = "bypass_parents"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    secret: Mapped[str] = mapped_column(String(200))
    # Joined on the id alone, as a careless author would: only the guards keep other tenants' children out.
    children: Mapped[list[Child]] = relationship(
        primaryjoin="foreign(Child.parent_id) == Parent.id", viewonly=True, order_by="Child.id"
    )


class Child(TenantScoped, Base):
    """A row below a parent."""

    __tablename__ = "bypass_children"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "parent_id"], ["bypass_parents.tenant_id", "bypass_parents.id"]),
    )
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    parent_id: Mapped[str] = mapped_column(String(200))
    secret: Mapped[str] = mapped_column(String(200))


def fill(session: Session, secret: str, *ids: str) -> None:
    """Parents with a child each; the tenant is the session's."""
    session.add_all(Parent(id=i, secret=secret) for i in ids)
    session.flush()
    session.add_all(Child(id=f"c-{i}", parent_id=i, secret=secret) for i in ids)


@contextmanager
def contested(url: str, folder: Path) -> Iterator[Storage]:
    """A storage where `demo` owns p1 and `other` owns p1 and p2."""
    folder.mkdir()
    (folder / "bypass_1.py").write_text(_MIGRATION, encoding="utf-8")
    with Storage.open(url, migrations=[folder]) as storage:
        storage.migrate()
        for tenant, secret, ids in (("demo", "mine", ["p1"]), ("other", CANARY, ["p1", "p2"])):
            storage.write(tenant, lambda session, x=secret, i=ids: fill(session, x, *i))
        yield storage


def everything(storage: Storage) -> list[tuple[str, ...]]:
    """All rows of all tenants, as SYSTEM sees them."""
    with storage.read(SYSTEM) as session:
        parents = [("parent", p.tenant_id, p.id, p.secret) for p in session.query(Parent)]
        children = [("child", c.tenant_id, c.id, c.secret) for c in session.query(Child)]
    return sorted(parents + children)


def count_commits(storage: Storage) -> list[int]:
    """Return a one-item list that counts the writer's commits from now on."""
    counted = [0]

    def add(connection: object) -> None:
        counted[0] += 1

    event.listen(storage._writers, "commit", add)
    return counted
