"""One JSON object a line on stderr, for our events and for those of the libraries we run on.

Three promises: an event is one line whatever stands in its fields, personal data is masked, and neither
bodies nor keys are written. The mask is handed in, because this floor stands beside `core.text` and not above
it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TextIO

import structlog

Mask = Callable[[str], str]

_SECRET_FIELD = re.compile(r"authorization|cookie|password|secret|token|api_?key|^body$", re.IGNORECASE)
# Harmless to a JSON parser, but a terminal or a line splitter acts on them: C1 controls, line and paragraph
# separators, bidirectional overrides; lone surrogates cannot be written as UTF-8 at all.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MAX_FIELD = 4_000
_MAX_TRACEBACK = 20_000
# Made by ourselves, never by a user: masking a timestamp or an id that looks like a phone number would spoil
# it.
_OURS = frozenset(
    {"timestamp", "level", "logger", "job", "kind", "state", "route", "_record", "_from_structlog"}
)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger; `name` appears as `logger` in each line."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def render(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    """Return the event as one line of JSON that no field can break out of."""
    line = json.dumps(event, ensure_ascii=False, default=repr)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", line)


class Masking:
    """A structlog processor that masks every string of an event and drops fields that hold secrets."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        """Return the event, safe to write."""
        return {
            key: value
            if key in _OURS
            else "[hidden]"
            if _SECRET_FIELD.search(key)
            else self._clean(value, key)
            for key, value in event.items()
        }

    def _clean(self, value: Any, key: str = "") -> Any:
        if isinstance(value, str):
            limit = _MAX_TRACEBACK if key == "exception" else _MAX_FIELD
            cut = value if len(value) <= limit else f"{value[:limit]}… ({len(value)} characters)"
            return self._mask(cut)
        if isinstance(value, Mapping):
            return {
                str(k): "[hidden]" if _SECRET_FIELD.search(str(k)) else self._clean(v)
                for k, v in value.items()
            }
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._clean(item) for item in value]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self._mask(repr(value))


def _shared_processors(mask: Mask) -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        Masking(mask),
    ]


def configure(level: str = "INFO", *, mask: Mask, stream: TextIO | None = None) -> None:
    """Send every log record of this process, whoever writes it, through one JSON formatter.

    Args:
        level: Lowest level written, a name of the standard library.
        mask: Replaces personal data in a string, e.g. `core.text.mask.mask`.
        stream: Where lines go; default stderr.
    """
    shared = _shared_processors(mask)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # Chatty at INFO, and httpx writes whole URLs, query strings included.
    for noisy in ("httpx", "httpcore", "urllib3", "filelock"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
