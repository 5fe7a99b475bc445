"""One event is one line of JSON, with personal data masked and secrets gone (reliability.md items 29, 36)."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from core.observability.logs import configure, get_logger


def _mask(text: str) -> str:
    return text.replace("ann@example.org", "[email]")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    target = io.StringIO()
    configure("INFO", mask=_mask, stream=target)
    yield target
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def _events(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().split("\n") if line]


@pytest.mark.parametrize(
    "hostile",
    [
        'a\r\n{"event": "forged"}',
        "\x1b[2J\x1b[31mred",
        "line\u2028separator\u2029paragraph",
        "\x85next \x9b31m c1",
        "\u202eright to left",
        "lone \ud800 surrogate",
        "nul \x00 and del \x7f",
    ],
)
def test_a_hostile_field_stays_on_one_line(stream: io.StringIO, hostile: str) -> None:
    get_logger("t").info("seen", field=hostile)

    written = stream.getvalue()
    assert written.count("\n") == 1
    assert len(written.splitlines()) == 1
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in written.rstrip("\n"))
    written.encode("utf-8")
    assert _events(stream)[0]["field"] == hostile


def test_a_hostile_event_name_and_key_stay_on_one_line(stream: io.StringIO) -> None:
    get_logger("t").info("two\nlines", **{"ke\ny": "v"})

    assert len(stream.getvalue().splitlines()) == 1


def test_personal_data_is_masked_wherever_it_stands(stream: io.StringIO) -> None:
    log = get_logger("t")
    log.info(
        "mail ann@example.org", a="ann@example.org", b=["ann@example.org"], c={"d": {"e": "ann@example.org"}}
    )
    try:
        raise ValueError("ann@example.org")
    except ValueError:
        log.exception("broke", cause=ValueError("ann@example.org"))
    logging.getLogger("some.library").warning("to %s", "ann@example.org", extra={"who": "ann@example.org"})

    assert "ann@example.org" not in stream.getvalue()
    assert stream.getvalue().count("[email]") >= 7


def test_secret_fields_are_never_written(stream: io.StringIO) -> None:
    get_logger("t").info(
        "x", api_key="hunter2", headers={"Authorization": "hunter2"}, body="hunter2", token="hunter2"
    )

    assert "hunter2" not in stream.getvalue()


def test_records_of_other_libraries_take_the_same_form(stream: io.StringIO) -> None:
    logging.getLogger("_granian").info("Listening at: %s", "http://127.0.0.1:8000")

    (event,) = _events(stream)
    assert event["event"] == "Listening at: http://127.0.0.1:8000"
    assert event["logger"] == "_granian"
    assert event["level"] == "info"
    assert str(event["timestamp"]).endswith("Z")


def test_context_is_carried_into_every_line(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r1", tenant="demo"):
        get_logger("t").info("one")
        logging.getLogger("library").info("two")

    assert [(e["request_id"], e["tenant"]) for e in _events(stream)] == [("r1", "demo")] * 2


def test_chinese_stays_readable_and_long_fields_are_cut(stream: io.StringIO) -> None:
    get_logger("t").info("亏损收窄", text="长" * 10_000)

    assert "亏损收窄" in stream.getvalue()
    assert len(stream.getvalue()) < 6_000


def test_lines_below_the_level_are_not_written(stream: io.StringIO) -> None:
    get_logger("t").debug("quiet")

    assert stream.getvalue() == ""
