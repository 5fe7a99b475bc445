"""Makes connectors out of configurations, and says what is wrong with one, key by key.

The keywords of a connector's constructor are its configuration, checked against their annotations. Some are
not for a tenant to give: `client` (the HTTP client that does not reach our inside), `clock`, `secret` (kept
sealed) and, where the configuration has none, `source` (the connection's name).

What a connector can reach decides who may configure it. One that takes our `client` reaches public addresses
only; a path is looked up below the tenant's own folder, `COLONNADE_DATA/inbox/<tenant>`. Anything else
(a database, a broker, a path elsewhere) is for administrators.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from core.errors import (
    ColonnadeError,
    ConfigurationError,
    FieldError,
    Forbidden,
    InvalidInput,
    PluginError,
)
from core.ports import Connector

_OURS = frozenset({"client", "clock", "secret"})
_CREDENTIALS = re.compile(r"://[^/\s@]*:[^/\s@]*@")


class Factories:
    """The connectors that are installed.

    Args:
        connectors: Entry point name to factory.
        inbox: Where tenants' own files lie, a folder each.
        offered: Values for the constructors that ask for them: `client`, `clock`.
    """

    def __init__(
        self, connectors: Mapping[str, Any], inbox: Path, *, offered: Mapping[str, Any] | None = None
    ) -> None:
        self._connectors = dict(connectors)
        self._inbox = inbox
        self._offered = dict(offered or {})

    @property
    def kinds(self) -> Sequence[str]:
        """Names of the connectors, sorted."""
        return sorted(self._connectors)

    def check(
        self,
        tenant: str,
        kind: str,
        config: Mapping[str, Any],
        *,
        name: str,
        secret: str | None,
        trusted: bool,
    ) -> None:
        """Make sure that `open` will work.

        Args:
            tenant: Whose connection.
            kind: Entry point name.
            config: The constructor's keywords.
            name: The connection's.
            secret: In clear.
            trusted: Whether an administrator asks.

        Raises:
            InvalidInput: no such kind, or a key that is missing, unknown or wrong.
            Forbidden: this needs an administrator.
        """
        factory = self._factory(kind)
        wanted = _parameters(factory)
        faults = [*_faults(wanted, config), *_secret_faults(wanted, secret)]
        if faults:
            raise InvalidInput(
                f"The configuration of a {kind} connection is wrong.", remedy=_keys(wanted), errors=faults
            )
        if not trusted:
            _refuse_reach(kind, wanted, config)
        try:
            self.open(tenant, kind, config, name=name, secret=secret)
        except (InvalidInput, ConfigurationError) as error:
            raise _unusable(kind, error) from None

    def open(
        self, tenant: str, kind: str, config: Mapping[str, Any], *, name: str, secret: str | None
    ) -> Connector:
        """Return the connector; nothing is read yet.

        Raises:
            InvalidInput: the configuration is not, or no longer, one of this kind.
        """
        factory = self._factory(kind)
        wanted = _parameters(factory)
        given = {key: self._value(tenant, wanted.get(key), key, value) for key, value in config.items()}
        # A row that does not parse is set aside; the file is read on.
        ours = {**self._offered, "source": name, "secret": secret, "strict": False}
        given |= {key: value for key, value in ours.items() if key in wanted and key not in given}
        try:
            made: Connector = factory(**given)
        except TypeError as error:
            raise InvalidInput(
                f"A {kind} connection does not open: {error}.", remedy=_keys(wanted)
            ) from error
        return made

    def _factory(self, kind: str) -> Any:
        if kind not in self._connectors:
            fault = FieldError("/kind", f"is none of {', '.join(self.kinds)}")
            raise InvalidInput(
                f"There is no connector {kind!r}.", remedy=f"Use one of {self.kinds}.", errors=[fault]
            )
        return self._connectors[kind]

    def _value(self, tenant: str, wanted: _Wanted | None, key: str, value: Any) -> Any:
        if wanted is None or not wanted.is_path:
            return value
        path = Path(str(value))
        if path.is_absolute():
            return path
        own = (self._inbox / tenant).resolve()
        found = (own / path).resolve()
        if not found.is_relative_to(own):
            fault = FieldError(f"/config/{key}", "leads out of the tenant's folder")
            raise InvalidInput(
                f"{value} leads out of the tenant's folder.", remedy="Name a file in it.", errors=[fault]
            )
        return found


class _Wanted:
    """One keyword of a constructor."""

    def __init__(self, hint: Any, required: bool) -> None:
        self.hint = hint
        self.required = required
        self.is_path = hint is Path or Path in get_args(hint)


def _parameters(factory: Any) -> Mapping[str, _Wanted]:
    target = factory.__init__ if inspect.isclass(factory) else factory
    try:
        hints = get_type_hints(target)
    except (NameError, TypeError) as error:
        raise PluginError(f"The annotations of {factory!r} cannot be read: {error}.") from error
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {
        each.name: _Wanted(hints.get(each.name, Any), each.default is inspect.Parameter.empty)
        for each in inspect.signature(factory).parameters.values()
        if each.kind in named
    }


def _keys(wanted: Mapping[str, _Wanted]) -> str:
    return f"Its keys: {', '.join(sorted(set(wanted) - _OURS))}."


def _faults(wanted: Mapping[str, _Wanted], config: Mapping[str, Any]) -> Iterator[FieldError]:
    theirs = {key: value for key, value in wanted.items() if key not in _OURS}
    for key in sorted(config.keys() - theirs.keys()):
        yield FieldError(f"/config/{key}", "is no key of this kind")
    for key, each in theirs.items():
        if key not in config:
            if each.required and key != "source":
                yield FieldError(f"/config/{key}", "is missing")
            continue
        if _holds_credentials(config[key]):
            yield FieldError(f"/config/{key}", 'holds a password: send it as "secret"')
        try:
            TypeAdapter(each.hint).validate_python(config[key])
        except ValidationError as error:
            yield FieldError(f"/config/{key}", error.errors()[0]["msg"])


def _holds_credentials(value: Any) -> bool:
    """Return whether a URL in the value carries a password; configurations are shown, secrets are not."""
    if isinstance(value, str):
        return _CREDENTIALS.search(value) is not None
    if isinstance(value, Mapping):
        return any(map(_holds_credentials, value.values()))
    return isinstance(value, list) and any(map(_holds_credentials, value))


def _secret_faults(wanted: Mapping[str, _Wanted], secret: str | None) -> Iterator[FieldError]:
    if secret is not None and "secret" not in wanted:
        yield FieldError("/secret", "is not used by this kind")
    if secret is None and "secret" in wanted and wanted["secret"].required:
        yield FieldError("/secret", "is missing")


def _refuse_reach(kind: str, wanted: Mapping[str, _Wanted], config: Mapping[str, Any]) -> None:
    paths = [key for key, each in wanted.items() if each.is_path]
    if "client" not in wanted and not paths:
        raise Forbidden(
            f"A {kind} connection reaches our own network.", remedy="Ask an administrator to make it."
        )
    outside = [key for key in paths if key in config and Path(str(config[key])).is_absolute()]
    if outside:
        raise Forbidden(
            f"/config/{outside[0]} is a path outside of the tenant's folder.",
            remedy="Name it relative to that folder, or ask an administrator.",
        )


def _unusable(kind: str, error: ColonnadeError) -> InvalidInput:
    faults = error.errors or (FieldError("/config", error.detail),)
    return InvalidInput(
        f"A {kind} connection of this configuration does not open: {error.detail}",
        remedy=error.remedy,
        errors=faults,
    )
