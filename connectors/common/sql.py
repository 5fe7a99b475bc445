"""The `sql` connector: the rows of a table or a SELECT, in the order of a column that grows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connectors.common.payloads import TIMES, refused, to_record
from connectors.common.sql_cursor import Place, decoded, encoded
from connectors.common.sql_engine import connected, engine_of, explained
from connectors.common.times import zone_of
from core.errors import InvalidInput
from core.records import Record, Refused

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.engine import Connection

_PAGE = 500
_SELECT = re.compile(r"(?:SELECT|WITH)\b", re.IGNORECASE)


class SqlConnector:
    """Reads rows behind a place in a table, page by page; it never writes.

    Rows are ordered by `order_by`, and those that share a value by `key`, so that none is lost or comes twice
    where a page ends among them. A row that is written later with a smaller value is not seen: order by
    something that only grows, such as an identity or the time of the last change. Rows without a value in
    either column are not read.

    Args:
        url: SQLAlchemy URL without a password, e.g. `postgresql+psycopg://reader@db/news`.
        table: Its name, perhaps with a schema (`archive.news`); or else
        query: One SELECT.
        order_by: The column that grows.
        key: A column whose value no two rows share.
        time: The column that tells when a row appeared; default: the first of the usual names.
        source: Name of this connection; default: the table's name.
        zone: IANA zone of times that have none; default UTC.
        limit: Most rows of one pass.
        secret: The password.
    """

    local = True

    def __init__(
        self,
        url: str,
        *,
        order_by: str,
        key: str,
        table: str | None = None,
        query: str | None = None,
        time: str | None = None,
        source: str | None = None,
        zone: str | None = None,
        limit: int = 10_000,
        secret: str | None = None,
    ) -> None:
        if (table is None) == (query is None):
            raise InvalidInput("A table or a query is needed, and not both.", remedy="Configure one of them.")
        self._engine = engine_of(url, secret)
        self._table, self._query = table, query
        self._order, self._key = order_by, key
        self._times = (time,) if time else TIMES
        self._source = source or table or "query"
        self._zone = zone_of(zone)
        self._limit = limit

    def read(self, cursor: str | None) -> Iterator[tuple[Record | Refused, str]]:
        """Yield the records after `cursor`, at most `limit` of them.

        Raises:
            Unavailable: the database does not answer.
            InvalidInput: the cursor is not this connector's, or the database refuses the query.
        """
        place, left = decoded(cursor), self._limit
        with connected(self._engine) as connection:
            while left > 0:
                page = self._page(connection, place, min(_PAGE, left))
                for row in page:
                    place = Place(row[self._order], row[self._key])
                    yield self._made(row, place), encoded(place)
                if len(page) < min(_PAGE, left):
                    return
                left -= len(page)

    def _page(self, connection: Connection, place: Place | None, size: int) -> Sequence[Mapping[str, Any]]:
        with explained(self._source):
            rows = [dict(row) for row in connection.execute(self._statement(place, size)).mappings()]
            # Nothing stays open while the caller works: an old snapshot keeps a server from tidying up.
            connection.rollback()
        for column in (self._order, self._key):
            if rows and column not in rows[0]:
                raise InvalidInput(
                    f"The rows of {self._source} have no column {column!r}.",
                    remedy="Configure one of theirs.",
                )
        return rows

    def _statement(self, place: Place | None, size: int) -> Select[Any]:
        from sqlalchemy import and_, column, literal_column, or_, select

        # Identifiers are quoted by SQLAlchemy whatever they hold, values are bound.
        order: ColumnElement[Any] = column(_quoted(self._order))
        key: ColumnElement[Any] = column(_quoted(self._key))
        wanted = and_(order.is_not(None), key.is_not(None))
        if place is not None:
            behind = and_(order == place.order, key > place.key)
            wanted = and_(wanted, or_(order > place.order, behind))
        rows: Select[Any] = select(literal_column("*")).select_from(self._rows()).where(wanted)
        return rows.order_by(order, key).limit(size)

    def _rows(self) -> Any:
        from sqlalchemy import table

        if self._table is not None:
            schema, _, name = self._table.rpartition(".")
            return table(_quoted(name), schema=_quoted(schema) if schema else None)
        return _selected(self._query or "")

    def _made(self, row: Mapping[str, Any], place: Place) -> Record | Refused:
        try:
            return to_record(row, self._source, self._zone, external_id=str(place.key), times=self._times)
        except InvalidInput as error:
            where = f"{self._source}:{place.key}"
            return refused(where, error, json.dumps(row, ensure_ascii=False, default=str))


def _quoted(name: str) -> Any:
    from sqlalchemy.sql.elements import quoted_name

    return quoted_name(name, quote=True)


def _selected(query: str) -> Any:
    """Return a SELECT as something to select from: what is no query is no syntax there."""
    from sqlalchemy import text

    statement = query.strip().rstrip(";").strip()
    if ";" in statement or not _SELECT.match(statement):
        raise InvalidInput(
            "The query is not one SELECT.", remedy="Write a single SELECT, without semicolons."
        )
    # A colon before a name would be a parameter to SQLAlchemy.
    return text(statement.replace(":", "\\:")).columns().subquery("chosen")
