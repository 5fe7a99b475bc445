"""Reads FROM lists: which tables are joined under which alias, and which ON facts hold for each of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.storage.conjuncts import Fact, Source, bind, facts
from core.storage.sql import Group, Node, Token, at, groups, is_identifier, is_op, is_word, refuse

_JOINS = ("join", "inner", "left", "right", "full", "cross", "outer")
_FUNCTIONS = frozenset({"json_each", "json_tree", "jsonb_array_elements", "json_array_elements", "unnest"})
_FUNCTIONS |= {"generate_series", "json_array_elements_text", "jsonb_array_elements_text"}


@dataclass(frozen=True)
class Catalogue:
    """The tables that exist: those of tenants, and those that only SYSTEM may see."""

    tenant: frozenset[str]
    system: frozenset[str]


@dataclass(frozen=True)
class Scope:
    """What a nested query sees of the queries around it."""

    ctes: frozenset[str] = frozenset()
    bound: Mapping[str, frozenset[Token]] = field(default_factory=dict)


@dataclass
class SourceReader(ABC):
    """Reads the sources of a query block; what is a query is told by the subclass.

    Attributes:
        catalogue: The tables that exist.
        accounted: The tokens (by identity) that were read as the name of a tenant table.
    """

    catalogue: Catalogue
    accounted: set[int] = field(default_factory=set)

    @abstractmethod
    def query(self, nodes: tuple[Node, ...], scope: Scope) -> None:
        """Read a nested query."""

    def _is_known(self, name: str) -> bool:
        return name in self.catalogue.tenant or name in self.catalogue.system

    def _nested(self, nodes: tuple[Node, ...], scope: Scope) -> None:
        """Read the subqueries below these nodes."""
        for group in groups(nodes):
            if is_word(at(group.nodes, 0), "select", "with", "values", "insert", "update", "delete"):
                self.query(group.nodes, scope)
            else:
                self._nested(group.nodes, scope)

    def _from(self, nodes: tuple[Node, ...], scope: Scope) -> list[Source]:
        """Read a FROM list with its joins; each source gets the ON facts that hold for all its rows."""
        sources: list[Source] = []
        place, join = 0, "inner"
        while place < len(nodes):
            new, place = self._item(nodes, place, scope)
            on: tuple[Node, ...] = ()
            if is_word(at(nodes, place), "on"):
                start = place + 1
                while place < len(nodes) and not self._next_item(nodes, place):
                    place += 1
                on = nodes[start:place]
            elif is_word(at(nodes, place), "using"):
                place += 2
            self._join(join, sources, new, list(facts(on)))
            sources += new
            self._nested(on, Scope(scope.ctes, bind(sources, scope.bound)))
            join, place = self._joint(nodes, place)
        if not sources or len({source.alias for source in sources}) != len(sources):
            raise refuse("a FROM clause is empty or uses one alias twice")
        return sources

    @staticmethod
    def _join(join: str, before: list[Source], new: list[Source], found: list[Fact]) -> None:
        for source in [*before, *new] if join == "inner" else new if join == "left" else []:
            source.facts.extend(found)

    @staticmethod
    def _next_item(nodes: tuple[Node, ...], place: int) -> bool:
        is_function = isinstance(at(nodes, place + 1), Group) and is_word(nodes[place], "left", "right")
        return is_op(nodes[place], ",") or (is_word(nodes[place], *_JOINS) and not is_function)

    @staticmethod
    def _joint(nodes: tuple[Node, ...], place: int) -> tuple[str, int]:
        if place >= len(nodes):
            return "inner", place
        if is_op(nodes[place], ","):
            return "inner", place + 1
        kind = "inner"
        while is_word(at(nodes, place), *_JOINS):
            word = nodes[place]
            place += 1
            if is_word(word, "join"):
                return kind, place
            kind = "left" if is_word(word, "left") else "outer" if is_word(word, "right", "full") else kind
        raise refuse("a FROM clause cannot be read")

    def _item(self, nodes: tuple[Node, ...], place: int, scope: Scope) -> tuple[list[Source], int]:
        place += is_word(at(nodes, place), "lateral")
        node = at(nodes, place)
        if isinstance(node, Group):
            if not is_word(at(node.nodes, 0), "select", "with", "values"):
                return self._from(node.nodes, scope), place + 1
            self.query(node.nodes, scope)
            return self._aliased(nodes, place + 1, "", None)
        while is_op(at(nodes, place + 1), "."):
            place += 2
        name = at(nodes, place)
        if not isinstance(name, Token) or not is_identifier(name):
            raise refuse("a FROM clause cannot be read")
        call = at(nodes, place + 1)
        if isinstance(call, Group):
            if name.text not in _FUNCTIONS:
                raise refuse(f"it selects from the function {name.text}")
            self._nested((call,), scope)
            return self._aliased(nodes, place + 2, name.text, None)
        table = None if name.text in scope.ctes else self._table(name)
        return self._aliased(nodes, place + 1, name.text, table)

    def _table(self, name: Token) -> str:
        if not is_identifier(name) or name.text not in self.catalogue.tenant:
            raise refuse(f"it uses {name.text}, which is not a tenant table known here")
        self.accounted.add(id(name))
        return name.text

    @staticmethod
    def _aliased(
        nodes: tuple[Node, ...], place: int, name: str, table: str | None
    ) -> tuple[list[Source], int]:
        explicit = is_word(at(nodes, place), "as")
        place += explicit
        alias = at(nodes, place)
        if isinstance(alias, Token) and is_identifier(alias) and not is_word(alias, *_JOINS, "on", "using"):
            name, place = alias.text, place + 1
        if isinstance(at(nodes, place), Group):
            if table is not None:
                raise refuse(f"it renames the columns of {table}")
            place += 1
        return [Source(name, table)], place
