"""What each kind of channel must be told, and what of it may be shown again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import FieldError, InvalidInput
from core.net.addresses import Guard
from core.net.targets import parse, read_host
from core.text.types import SafeText

Kind = Literal["webhook", "email", "slack", "dingtalk", "feishu", "wecom"]
KINDS: tuple[Kind, ...] = ("webhook", "email", "slack", "dingtalk", "feishu", "wecom")

# Narrower than RFC 5322: what is left out (quotes, comments, blanks, line breaks) is what breaks headers.
_ADDRESS = r"^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$"
_TOPIC = r"^(\*|[a-z0-9_-]+(\.[a-z0-9_-]+)*(\.\*)?)$"

Url = Annotated[SafeText, Field(min_length=8, max_length=2_000)]
Topic = Annotated[SafeText, Field(pattern=_TOPIC, max_length=200, examples=["finance.alert.*"])]
MailAddress = Annotated[SafeText, Field(pattern=_ADDRESS, max_length=254)]


class WebhookConfig(BaseModel):
    """A web hook: its URL, and the outbox topics it is told of (`finance.alert.*`, `*`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Url
    topics: Annotated[tuple[Topic, ...], Field(max_length=50)] = ()


class RobotConfig(BaseModel):
    """A chat robot: the URL that its vendor gave out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Url


class MailConfig(BaseModel):
    """A mail server and who writes to whom; the channel's secret is the password of `username`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: Annotated[SafeText, Field(min_length=1, max_length=253)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Annotated[SafeText, Field(max_length=200)] | None = None
    sender: MailAddress
    recipients: Annotated[tuple[MailAddress, ...], Field(min_length=1, max_length=50)]


Config = WebhookConfig | RobotConfig | MailConfig
_MODELS: dict[str, type[WebhookConfig] | type[MailConfig]] = {"webhook": WebhookConfig, "email": MailConfig}


def read_config(kind: str, config: Mapping[str, Any], guard: Guard) -> Config:
    """Check what a channel of a kind is told.

    Args:
        kind: One of KINDS.
        config: JSON values.
        guard: Refuses addresses that nothing may be sent to; names are looked up when something is sent.

    Raises:
        InvalidInput: an unknown kind, or a field that is missing, unknown or wrong.
    """
    if kind not in KINDS:
        raise InvalidInput(
            f"{kind!r} is no kind of channel.",
            remedy=f"Use one of {', '.join(KINDS)}.",
            errors=[FieldError("/kind", "unknown")],
        )
    model = _MODELS.get(kind, RobotConfig)
    try:
        read = model.model_validate(dict(config))
    except ValidationError as error:
        raise _faults(kind, error) from error
    _check_place(read, guard)
    return read


def _faults(kind: str, error: ValidationError) -> InvalidInput:
    # Without the values: among them are secrets.
    faults = [FieldError("/config/" + "/".join(map(str, e["loc"])), e["msg"]) for e in error.errors()]
    places = ", ".join(fault.pointer for fault in faults[:5])
    return InvalidInput(f"The config of the {kind} channel is wrong at {places}.", errors=faults)


def _check_place(config: Config, guard: Guard) -> None:
    pointer = "/config/host" if isinstance(config, MailConfig) else "/config/url"
    try:
        if isinstance(config, MailConfig):
            guard.check(*read_host(config.host))
        else:
            target = parse(config.url)
            guard.check(target.host, target.literal)
    except InvalidInput as error:
        fault = FieldError(pointer, error.detail)
        raise InvalidInput(error.detail, remedy=error.remedy, errors=[fault]) from error


def shown(kind: str, config: Config) -> dict[str, Any]:
    """Return the config without its secrets: a robot's URL is one, and so may be a query."""
    values = config.model_dump(mode="json")
    if "url" in values:
        values["url"] = parse(values["url"]).origin + "/…" if kind != "webhook" else _bare(values["url"])
    return values


def _bare(url: str) -> str:
    return re.sub(r"[?#].*", "?…", url, flags=re.DOTALL)


def covers(patterns: list[Any], topic: str) -> bool:
    """Return whether a topic is one of those that a web hook is told of."""
    return any(
        pattern in ("*", topic) or (pattern.endswith(".*") and topic.startswith(pattern[:-1]))
        for pattern in patterns
    )
