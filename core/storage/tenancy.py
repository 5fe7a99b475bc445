"""The three guards that keep tenants apart, on every database.

1. Loader criteria: every ORM SELECT, UPDATE and DELETE, relationship loads included, is narrowed to the
   tenant.
2. Cursor guard: the SQL text that is about to be sent must prove, for each tenant table, that its tenant_id
   is the session's (core.storage.predicates); whatever gets past the ORM (Core, text, bulk, raw strings) ends
   here.
3. Flush guard: objects of another tenant are neither attached, nor written, nor moved.

PostgreSQL adds row level security (core.storage.rls), SQLite an authorizer that lets nothing pass but what
the cursor guard has seen (core.storage.sqlite). No guard can stop code that rewrites the scope itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria

from core.errors import ConfigurationError, InvalidInput, TenancyViolation
from core.storage.predicates import demands
from core.storage.sources import Catalogue
from core.storage.tables import MARK, SCOPE, Base, TenantScoped

SYSTEM = "_system"
"""The scope of administration: sees all tenants, is refused to requests."""
SHARED = "_shared"
"""The tenant of the starter models: read by an explicit second look-up, written by administration."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_RESERVED = (SYSTEM, SHARED)


def valid_tenant(name: str) -> str:
    """Return the name if it can be a customer's.

    Raises:
        InvalidInput: it is reserved or has characters that paths, URLs or logs would trip over.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} is no tenant name.",
            remedy="Use 1-63 of a-z, 0-9, '-' and '_', a letter or digit first.",
        )
    return name


@dataclass(slots=True)
class Scope:
    """Whose rows a connection may touch, until it goes back to the pool.

    Attributes:
        tenant: A tenant or SYSTEM.
        cleared: True while a statement that passed the cursor guard runs.
    """

    tenant: str
    cleared: bool = False

    @property
    def is_tenant(self) -> bool:
        """False under SYSTEM."""
        return self.tenant != SYSTEM


@contextmanager
def scoped(connection: Connection, tenant: str) -> Iterator[None]:
    """Give a connection to a tenant for a while.

    Raises:
        TenancyViolation: the connection is in another tenant's scope already.
    """
    if tenant not in _RESERVED:
        valid_tenant(tenant)
    info = connection.info
    if info.get(SCOPE) is not None:
        raise TenancyViolation("A connection was scoped twice.", remedy="Use one read or write at a time.")
    info[SCOPE] = Scope(tenant)
    try:
        yield
    finally:
        info.pop(SCOPE, None)


def tenant_of(session: Session) -> str:
    """Return the tenant of a session that storage.read or storage.write made."""
    scope = session.connection().info.get(SCOPE)
    if scope is None:
        raise TenancyViolation("A session has no tenant.", remedy="Open it by storage.read or storage.write.")
    return str(scope.tenant)


class TenantSession(Session):
    """A session of one scope; only the engine commits it."""

    def commit(self) -> None:
        """Refuse: a write is durable when storage.write returns, not before.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError(
            "A write function called commit().",
            remedy="Return instead; storage.write commits. Call flush() to see generated values.",
        )


@lru_cache(maxsize=8)
def _catalogue(count: int) -> Catalogue:
    del count  # only tells when to look again
    tables = Base.metadata.tables.values()
    tenant = frozenset(table.name for table in tables if "tenant_id" in table.c)
    return Catalogue(tenant, frozenset(table.name for table in tables) - tenant | {"alembic_version"})


def catalogue() -> Catalogue:
    """Return the tables that exist; those of verticals count as soon as they are imported."""
    return _catalogue(len(Base.metadata.tables))


def check(statement: str, parameters: Any, tenant: str) -> None:
    """Stop a statement that could touch rows of any other tenant.

    Args:
        statement: SQL as the driver gets it.
        parameters: A tuple or dict; a list of those where it runs once for each.
        tenant: Whose rows it may touch.

    Raises:
        TenancyViolation: it is not shown that every row belongs to the tenant.
    """
    several = isinstance(parameters, list) and parameters and isinstance(parameters[0], tuple | dict)
    sets = parameters if several else [parameters]
    for demand in demands(statement, catalogue()):
        for values in sets:
            if not any(_value(token, values) == tenant for token in demand.values):
                raise TenancyViolation(
                    f"A statement on {demand.table} asked for another tenant than the session's.",
                    remedy="Use the session's own tenant, or SYSTEM for administration.",
                )


def _value(token: Any, values: Any) -> Any:
    if token.kind == "string":
        return token.text
    if isinstance(values, Mapping):
        return values.get(token.key)
    return values[token.key] if isinstance(token.key, int) and token.key < len(values) else None


def _before_cursor(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> tuple[str, Any]:
    del cursor, context, many
    scope = connection.info.get(SCOPE)
    if scope is None:
        if demands(statement, catalogue()):
            raise TenancyViolation("A connection without a tenant scope touched a tenant table.")
        return statement, parameters
    if scope.is_tenant:
        check(statement, parameters, scope.tenant)
    scope.cleared = True
    return statement + connection.info.get(MARK, ""), parameters


def _after_cursor(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> None:
    del cursor, statement, parameters, context, many
    _close(connection)


def _on_error(context: ExceptionContext) -> None:
    if context.connection is not None and not context.is_disconnect:
        _close(context.connection)


def _close(connection: Connection) -> None:
    if connection.closed or connection.invalidated:
        return
    scope = connection.info.get(SCOPE)
    if scope is not None:
        scope.cleared = False


def guard_engine(engine: Engine) -> None:
    """Put the cursor guard on every connection of an engine."""
    event.listen(engine, "before_cursor_execute", _before_cursor, retval=True)
    event.listen(engine, "after_cursor_execute", _after_cursor)
    event.listen(engine, "handle_error", _on_error)


@event.listens_for(TenantSession, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    tenant = tenant_of(state.session)
    narrowed = state.is_select or state.is_update or state.is_delete
    if tenant == SYSTEM or state.is_column_load or not narrowed:
        return
    criteria = with_loader_criteria(TenantScoped, lambda cls: cls.tenant_id == tenant, include_aliases=True)
    state.statement = state.statement.options(criteria)


def _refuse_foreign(tenant: str, instance: object) -> None:
    if tenant == SYSTEM or not isinstance(instance, TenantScoped):
        return
    owner = inspect(instance).dict.get("tenant_id")
    identity = inspect(instance).identity
    owners = {owner, identity[0] if identity else owner}
    if owners - {tenant, None}:
        raise TenancyViolation(
            f"A {type(instance).__name__} of another tenant came into the session.",
            remedy="Read and write each tenant's rows in its own storage.read or storage.write.",
        )


@event.listens_for(TenantSession, "before_attach")
def _attach(session: Session, instance: object) -> None:
    _refuse_foreign(tenant_of(session), instance)


def _adopt(instance: object, tenant: str) -> None:
    if isinstance(instance, TenantScoped):
        instance.tenant_id = tenant


@event.listens_for(TenantSession, "before_flush")
def _flush(session: Session, context: UOWTransaction, instances: Any) -> None:
    del context, instances
    tenant = tenant_of(session)
    for instance in session.new:
        if tenant != SYSTEM and inspect(instance).dict.get("tenant_id") is None:
            _adopt(instance, tenant)
    for instance in (*session.new, *session.dirty, *session.deleted):
        _refuse_foreign(tenant, instance)
