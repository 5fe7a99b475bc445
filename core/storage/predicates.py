"""Finds every tenant table that a statement touches and the values its tenant_id is bound to.

`demands()` walks one SELECT, INSERT, UPDATE or DELETE with everything nested in it and returns, for each use
of a tenant table, the parameters and literals that `tenant_id` is equated with. The caller then compares
those with the session's tenant. Text that is not understood is refused; see core.storage.sql.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from core.storage.conjuncts import COLUMN, Column, Source, bind, facts, operand
from core.storage.sources import Catalogue, Scope, SourceReader
from core.storage.sql import (
    Group,
    Node,
    Token,
    at,
    groups,
    is_identifier,
    is_op,
    is_word,
    read,
    refuse,
    split,
)

_CLAUSES = (
    "from",
    "where",
    "group",
    "having",
    "window",
    "order",
    "limit",
    "offset",
    "fetch",
    "for",
    "returning",
)
_FORBIDDEN = frozenset({"set_config", "query_to_xml", "dblink", "load_extension"})


@dataclass(frozen=True)
class Demand:
    """One use of a tenant table; at least one of the values must be the session's tenant."""

    table: str
    values: frozenset[Token]


@lru_cache(maxsize=4096)
def demands(statement: str, catalogue: Catalogue) -> tuple[Demand, ...]:
    """Return what the statement must prove before it may run for a tenant; empty without tenant tables.

    Raises:
        TenancyViolation: a tenant table is used without its tenant_id, a table is none of the tenant's, or
            the statement cannot be read.
    """
    reader = _Reader(catalogue)
    nodes = read(statement)
    reader.query(nodes, Scope())
    reader.nothing_missed(nodes)
    return tuple(dict.fromkeys(reader.demands))


def _clauses(nodes: tuple[Node, ...], *names: str) -> dict[str, tuple[Node, ...]]:
    """Cut one level at these words; the part before the first is under the empty name."""
    found: dict[str, list[Node]] = {"": []}
    current = ""
    for index, node in enumerate(nodes):
        isolated = not is_op(at(nodes, index - 1), ".") and not is_op(at(nodes, index + 1), ".")
        distinct = is_word(node, "from") and is_word(at(nodes, index - 1), "distinct") and index > 1
        if isinstance(node, Token) and is_word(node, *names) and isolated and not distinct:
            current = node.text
            if current in found:
                raise refuse(f"it has two {current.upper()} clauses on one level")
            found[current] = []
        else:
            found[current].append(node)
    return {name: tuple(part) for name, part in found.items()}


@dataclass
class _Reader(SourceReader):
    demands: list[Demand] = field(default_factory=list)

    def query(self, nodes: tuple[Node, ...], scope: Scope) -> None:
        """Read a whole query: WITH, then blocks joined by UNION, INTERSECT or EXCEPT."""
        if is_word(at(nodes, 0), "with"):
            nodes, scope = self._ctes(nodes, scope)
        if is_word(at(nodes, 0), "insert"):  # a UNION in it belongs to what is inserted
            self._block(nodes, scope)
            return
        part: list[Node] = []
        parts = [part]
        for node in nodes:
            if is_word(node, "union", "intersect", "except"):
                part = []
                parts.append(part)
            elif part or not is_word(node, "all", "distinct"):
                part.append(node)
        for block in parts:
            self._block(tuple(block), scope)

    def _ctes(self, nodes: tuple[Node, ...], scope: Scope) -> tuple[tuple[Node, ...], Scope]:
        place = 2 if is_word(at(nodes, 1), "recursive") else 1
        names, bodies = set(scope.ctes), []
        while True:
            name = at(nodes, place)
            if not isinstance(name, Token) or not is_identifier(name) or self._is_known(name.text):
                raise refuse("a CTE is unreadable or has the name of a table")
            names.add(name.text)
            place += 1
            while isinstance(at(nodes, place), Group) or is_word(
                at(nodes, place), "as", "not", "materialized"
            ):
                body = nodes[place]
                place += 1
            if not isinstance(body, Group):
                raise refuse("a CTE has no body")
            bodies.append(body)
            if not is_op(at(nodes, place), ","):
                break
            place += 1
        inner = Scope(frozenset(names), scope.bound)
        for body in bodies:
            self.query(body.nodes, inner)
        return nodes[place:], inner

    def _block(self, nodes: tuple[Node, ...], scope: Scope) -> None:
        head = at(nodes, 0)
        if isinstance(head, Group):
            self.query(head.nodes, scope)
            self._nested(nodes[1:], scope)
        elif is_word(head, "select"):
            self._select(nodes[1:], scope)
        elif is_word(head, "insert"):
            self._insert(nodes[1:], scope)
        elif is_word(head, "update"):
            self._update(nodes[1:], scope)
        elif is_word(head, "delete"):
            self._delete(nodes[1:], scope)
        elif is_word(head, "values", "savepoint", "release") or is_word(at(nodes, 1), "to"):
            self._nested(nodes[1:], scope)
        else:
            raise refuse("tenants may only SELECT, INSERT, UPDATE and DELETE")

    def _settle(self, sources: list[Source], scope: Scope) -> Scope:
        bound = bind(sources, scope.bound)
        for source in sources:
            if source.table is not None:
                self._demand(source.table, source.values)
        return Scope(scope.ctes, bound)

    def _demand(self, table: str, values: frozenset[Token]) -> None:
        if not values:
            raise refuse(f"it uses the tenant table {table} without its {COLUMN}")
        self.demands.append(Demand(table, values))

    def _select(self, nodes: tuple[Node, ...], scope: Scope) -> list[Source]:
        parts = _clauses(nodes, *_CLAUSES)
        sources = self._from(parts["from"], scope) if "from" in parts else []
        self._where(parts, sources)
        inner = self._settle(sources, scope)
        for name, part in parts.items():
            if name != "from":
                self._nested(part, inner)
        return sources

    @staticmethod
    def _where(parts: Mapping[str, tuple[Node, ...]], sources: list[Source]) -> None:
        found = list(facts(parts.get("where", ())))
        for source in sources:
            source.facts.extend(found)

    def _update(self, nodes: tuple[Node, ...], scope: Scope) -> None:
        parts = _clauses(nodes, "set", "from", "where", "returning")
        sources = self._from(parts[""], scope)
        sources += self._from(parts["from"], scope) if "from" in parts else []
        self._write(parts, sources, scope)

    def _delete(self, nodes: tuple[Node, ...], scope: Scope) -> None:
        parts = _clauses(nodes, "from", "using", "where", "returning")
        sources = self._from(parts.get("from", ()), scope)
        sources += self._from(parts["using"], scope) if "using" in parts else []
        self._write(parts, sources, scope)

    def _write(self, parts: Mapping[str, tuple[Node, ...]], sources: list[Source], scope: Scope) -> None:
        self._where(parts, sources)
        inner = self._settle(sources, scope)
        self._assignments(sources[0].table, parts.get("set", ()))
        for name in ("set", "where", "returning"):
            self._nested(parts.get(name, ()), inner)

    def _assignments(self, table: str | None, nodes: tuple[Node, ...]) -> None:
        """A row may not be moved to another tenant."""
        for part in split(nodes, ",") if nodes else []:
            left, *_ = split(part, "=")
            if isinstance(at(left, 0), Group):
                raise refuse("it assigns several columns at once")
            if isinstance(operand(left), Column):
                value = operand(part[len(left) + 1 :])
                self._demand(table or "", frozenset({value} if isinstance(value, Token) else ()))

    def _insert(self, nodes: tuple[Node, ...], scope: Scope) -> None:
        target, columns = at(nodes, 1), at(nodes, 2)
        if (
            not is_word(at(nodes, 0), "into")
            or not isinstance(target, Token)
            or not isinstance(columns, Group)
        ):
            raise refuse("an INSERT is not of the form INSERT INTO table (columns) …")
        table = self._table(target)
        names = [part[0].text if isinstance(part[0], Token) else "" for part in split(columns.nodes, ",")]
        if names.count(COLUMN) != 1:
            raise refuse(f"it inserts into the tenant table {table} without its {COLUMN}")
        rest, after = self._upsert(table, nodes[3:])
        if is_word(at(rest, 0), "values"):
            for group in groups(rest):
                self._inserted(table, split(group.nodes, ","), names, {})
            self._nested(rest, scope)
        elif is_word(at(rest, 0), "select") and not any(
            is_word(n, "union", "intersect", "except") for n in rest
        ):
            sources = self._select(rest[1:], scope)
            bound = {source.alias: source.values for source in sources}
            self._inserted(table, split(_clauses(rest[1:], *_CLAUSES)[""], ","), names, bound)
        else:
            raise refuse("an INSERT has neither VALUES nor one plain SELECT")
        self._nested(after, scope)

    def _inserted(
        self,
        table: str,
        row: list[tuple[Node, ...]],
        names: list[str],
        bound: Mapping[str, frozenset[Token]],
    ) -> None:
        if len(row) != len(names):
            raise refuse(f"a row for {table} has not as many values as columns")
        cell = row[names.index(COLUMN)]
        value = operand(cell[:-2] if is_word(at(cell, len(cell) - 2), "as") else cell)
        if isinstance(value, Column):
            alias = value.alias or (next(iter(bound)) if len(bound) == 1 else "")
            self._demand(table, bound.get(alias, frozenset()))
        else:
            self._demand(table, frozenset({value} if value is not None else ()))

    def _upsert(self, table: str, nodes: tuple[Node, ...]) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
        """Cut ON CONFLICT and RETURNING off an INSERT; return what is inserted, and the rest."""
        cut = next(
            (i for i, n in enumerate(nodes) if is_word(n, "on", "returning") and self._ends(nodes, i)), None
        )
        if cut is None:
            return nodes, ()
        rest = nodes[cut:]
        if sum(is_word(node, "conflict") for node in rest) > 1:
            raise refuse("an upsert has several ON CONFLICT clauses")
        parts = _clauses(rest, "set", "where", "returning") if is_word(rest[0], "on") else {}
        if "set" in parts:
            key = at(rest, 2)
            if not isinstance(key, Group) or (Column(None) not in map(operand, split(key.nodes, ","))):
                raise refuse(f"an upsert into {table} names a key without {COLUMN}")
            self._assignments(table, parts["set"])
        return nodes[:cut], rest

    @staticmethod
    def _ends(nodes: tuple[Node, ...], index: int) -> bool:
        return is_word(nodes[index], "returning") or is_word(at(nodes, index + 1), "conflict")

    def nothing_missed(self, nodes: tuple[Node, ...]) -> None:
        """Check that every mention of a table was read as a table, a qualifier or an alias."""
        for index, node in enumerate(nodes):
            if isinstance(node, Group):
                self.nothing_missed(node.nodes)
            elif is_identifier(node) and self._suspect(nodes, index, node):
                raise refuse(f"it mentions {node.text} in a place the guard does not read")

    def _suspect(self, nodes: tuple[Node, ...], index: int, node: Token) -> bool:
        if node.text in _FORBIDDEN:
            return True
        harmless = is_op(at(nodes, index + 1), ".") or is_op(at(nodes, index - 1), ".")
        harmless = harmless or is_word(at(nodes, index - 1), "as", "of") or id(node) in self.accounted
        return self._is_known(node.text) and not harmless
