"""Makes Records of a broker's messages: JSON objects, each in its place of the stream."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, tzinfo

from connectors.common.payloads import IDS, refused, to_record
from connectors.common.rows import json_of
from core.errors import InvalidInput
from core.records import Record, Refused


def record_of(
    text: str, place: str, source: str, zone: tzinfo, *, given_id: str, at: datetime | None
) -> Record | Refused:
    """Return a message as a Record, or why it is none.

    Args:
        text: The message; bytes that are no UTF-8 as surrogates.
        place: Where it stands; its identity where it has no other.
        source: Name of the connection.
        zone: Of times that have none.
        given_id: The id that the broker knows it by; empty where there is none.
        at: When the broker took it; counts where the message tells no time.
    """
    try:
        row = json_of(text)
        if not isinstance(row, dict):
            raise InvalidInput("The message is no JSON object.")
        made = to_record(row, source, zone)
    except (ValueError, RecursionError) as error:
        return refused(place, InvalidInput(f"The message does not parse ({error})."), text)
    except InvalidInput as error:
        return refused(place, error, text)
    if not any(row.get(name) for name in IDS):
        made = replace(made, external_id=given_id or place)
    return made if made.published_at else replace(made, published_at=at)
