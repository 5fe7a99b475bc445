"""Reads SQL as the database will: tokens, nested by parentheses; whatever could hide something is refused.

This is no parser of all SQL. It knows the part that SQLAlchemy writes and people write by hand, and treats
the rest (comments, dollar quotes, back-quotes, numbered parameters) as a reason to refuse: a guard that
guesses is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from core.errors import TenancyViolation

Kind = Literal["word", "name", "string", "number", "param", "op"]

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>'(?:[^']|'')*')
    |(?P<name>"(?:[^"]|"")*")
    |(?P<param>\?(?![\d?|&])|%\([^)]+\)s)
    |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<word>[^\W\d]\w*)
    |(?P<hidden>--|/\*)
    |(?P<op>::|<=|>=|<>|!=|==|\|\||->>|->|%%|[-+*/<>=(),.;~^&|%\[\]!])""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """One word, name, literal, parameter or sign.

    Attributes:
        kind: What it is; `word` is unquoted, `name` was in double quotes.
        text: Lower case for words and names, the content for strings, the sign itself otherwise.
        key: Of a parameter: its position (qmark style) or its name.
    """

    kind: Kind
    text: str
    key: int | str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """What stands between two parentheses."""

    nodes: tuple[Node, ...]


Node: TypeAlias = Token | Group


def refuse(reason: str) -> TenancyViolation:
    """Return the error for a statement that cannot be shown to stay with its tenant."""
    return TenancyViolation(
        f"A statement was stopped: {reason}.",
        remedy="Select mapped classes, or add `tenant_id = <the session's tenant>` for every tenant table.",
    )


def _tokens(statement: str) -> Iterator[Token]:
    place, position, glued = 0, 0, False
    while place < len(statement):
        match = _TOKEN.match(statement, place)
        if match is None or match.lastgroup == "hidden":
            raise refuse(f"it holds {statement[place : place + 2]!r}, which the guard does not read")
        place, text, kind = match.end(), match.group(), match.lastgroup
        if kind == "string" and glued:
            raise refuse("it holds a prefixed string, which the guard does not read")
        glued = kind == "word"
        match kind:
            case "string":
                yield Token("string", text[1:-1].replace("''", "'"))
            case "name":
                yield Token("name", text[1:-1].replace('""', '"').lower())
            case "param":
                yield Token("param", text, position if text == "?" else text[2:-2])
                position += text == "?"
            case "word":
                yield Token("word", text.lower())
            case "number":
                yield Token("number", text)
            case "op":
                yield Token("op", text)


def read(statement: str) -> tuple[Node, ...]:
    """Return the statement's nodes, groups nested.

    Raises:
        TenancyViolation: parentheses do not match, there are several statements, or there is something
        unreadable.
    """
    levels: list[list[Node]] = [[]]
    for token in _tokens(statement):
        if token.text == "(" and token.kind == "op":
            levels.append([])
        elif token.text == ")" and token.kind == "op":
            if len(levels) == 1:
                raise refuse("its parentheses do not match")
            inner = Group(tuple(levels.pop()))
            levels[-1].append(inner)
        else:
            levels[-1].append(token)
    if len(levels) != 1:
        raise refuse("its parentheses do not match")
    nodes = levels[0]
    while nodes and is_op(nodes[-1], ";"):
        nodes.pop()
    if any(is_op(node, ";") for node in nodes):
        raise refuse("it is several statements in one")
    return tuple(nodes)


def is_word(node: Node | None, *texts: str) -> bool:
    """Tell whether a node is one of these unquoted words."""
    return isinstance(node, Token) and node.kind == "word" and node.text in texts


def is_op(node: Node | None, text: str) -> bool:
    """Tell whether a node is this sign."""
    return isinstance(node, Token) and node.kind == "op" and node.text == text


def is_identifier(node: Node | None) -> bool:
    """Tell whether a node can name a table or a column."""
    return isinstance(node, Token) and node.kind in ("word", "name")


def at(nodes: tuple[Node, ...], index: int) -> Node | None:
    """Return the node there, None past the ends."""
    return nodes[index] if 0 <= index < len(nodes) else None


def groups(nodes: tuple[Node, ...]) -> Iterator[Group]:
    """Yield the groups of this level."""
    return (node for node in nodes if isinstance(node, Group))


def split(nodes: tuple[Node, ...], sign: str) -> list[tuple[Node, ...]]:
    """Split one level at a sign, e.g. a comma."""
    parts: list[list[Node]] = [[]]
    for node in nodes:
        if is_op(node, sign):
            parts.append([])
        else:
            parts[-1].append(node)
    return [tuple(part) for part in parts]
