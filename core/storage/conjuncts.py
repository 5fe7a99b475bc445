"""Reads what a WHERE or ON clause says about `tenant_id`: equalities that must all hold.

Only whole conjuncts count: an equality below OR, NOT, CASE or in a longer expression proves nothing and is
left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from core.storage.sql import Group, Node, Token, is_identifier, is_op, is_word, split

COLUMN = "tenant_id"


@dataclass(frozen=True, slots=True)
class Column:
    """A `tenant_id` as written: behind an alias or bare (None)."""

    alias: str | None


Operand: TypeAlias = Token | Column
Fact: TypeAlias = tuple[Operand, Operand]


@dataclass(slots=True)
class Source:
    """One thing selected from or written to.

    Attributes:
        alias: The name its columns are qualified with.
        table: The tenant table's name; None for subqueries, CTEs and table functions.
        facts: Equalities that hold for every row of it that gets through.
        values: Parameters and literals its tenant_id is equal to, as far as the facts tell.
    """

    alias: str
    table: str | None
    facts: list[Fact] = field(default_factory=list)
    values: frozenset[Token] = frozenset()


def operand(nodes: tuple[Node, ...]) -> Operand | None:
    """Return the value or tenant column that these nodes are, None for anything else."""
    head = nodes[0] if nodes else None
    if not isinstance(head, Token):
        return None
    if head.kind in ("param", "string"):
        cast = len(nodes) == 3 and is_op(nodes[1], "::") and is_word(nodes[2], "varchar", "text")
        return head if len(nodes) == 1 or cast else None
    *path, last = nodes
    if not (is_identifier(last) and isinstance(last, Token) and last.text == COLUMN):
        return None
    if not path:
        return Column(None)
    names, dots = path[::2], path[1::2]
    if len(names) != len(dots) or not all(map(is_identifier, names)) or not all(is_op(d, ".") for d in dots):
        return None
    owner = names[-1]
    return Column(owner.text) if isinstance(owner, Token) else None


def _conjuncts(nodes: tuple[Node, ...]) -> Iterator[tuple[Node, ...]]:
    part: list[Node] = []
    parts, depth, between = [part], 0, False
    for node in nodes:
        depth += is_word(node, "case")
        depth -= is_word(node, "end")
        if depth == 0 and is_word(node, "or"):
            return
        between = between or (depth == 0 and is_word(node, "between"))
        if depth == 0 and is_word(node, "and") and not between:
            part = []
            parts.append(part)
            continue
        if is_word(node, "and"):
            between = between and depth > 0
        part.append(node)
    yield from (tuple(p) for p in parts)


def facts(nodes: tuple[Node, ...]) -> Iterator[Fact]:
    """Yield the equalities about tenant_id that hold whenever the condition holds."""
    for part in _conjuncts(nodes):
        if len(part) == 1 and isinstance(part[0], Group):
            yield from facts(part[0].nodes)
            continue
        sides = split(part, "=")
        if len(sides) != 2:
            continue
        left, right = operand(sides[0]), operand(sides[1])
        if left is not None and right is not None and (isinstance(left, Column) or isinstance(right, Column)):
            yield left, right


def bind(sources: list[Source], outer: Mapping[str, frozenset[Token]]) -> dict[str, frozenset[Token]]:
    """Fill in the values of every source, through chains of equalities; return alias to values.

    Args:
        sources: The sources of one query block, facts attached.
        outer: What the aliases of the surrounding blocks are bound to.
    """
    known = {**outer, **{source.alias: source.values for source in sources}}
    alone = sources[0].alias if len(sources) == 1 and sources[0].table else None
    for _ in range(len(sources) + 1):
        for source in sources:
            for left, right in source.facts:
                for one, other in ((left, right), (right, left)):
                    if isinstance(one, Column) and (one.alias or alone) == source.alias:
                        found = (
                            known.get(other.alias or "", frozenset())
                            if isinstance(other, Column)
                            else frozenset({other})
                        )
                        known[source.alias] = source.values = source.values | found
    return known
