"""The command line. Exit codes: 0 done, 1 failed, 2 bad usage; a failure is one line that names the mend."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from cyclopts import App, CycloptsError
from pydantic import ValidationError

from api.terminal import complain, one_line, option_of
from core.errors import ColonnadeError, ConfigurationError
from core.observability.logs import configure
from core.text.mask import mask
from core.vertical import Services

FAILED, BAD_USAGE = 1, 2
_HELP = ("--help", "-h", "--version")

# Imported when they run, not when the command line is read: `colonnade config` loads no model library.
_COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("api.commands.up:up", "From an empty folder to a served system."),
    "serve": ("api.commands.serve:serve", "Serve the REST API, and run background jobs beside it."),
    "worker": ("api.commands.worker:worker", "Run background jobs, schedules and deliveries only."),
    "train": ("api.commands.training:train", "Train a model on a CSV, JSONL or Parquet file."),
    "evaluate": ("api.commands.training:evaluate", "Measure a model on a labelled file."),
    "predict": ("api.commands.training:predict", "Predict every row of a file."),
    "models": ("api.commands.models:app", "Fetch weights; list, show, promote and roll back models."),
    "keys": ("api.commands.keys:app", "Make, list and revoke API keys."),
    "tenants": ("api.commands.tenants:app", "Create, list, suspend, resume and delete tenants."),
    "config": ("api.commands.config:config", "Print all settings and where each comes from."),
    "doctor": ("api.commands.doctor:doctor", "Check this installation."),
}


def _version() -> str:
    from api.app import app_version

    return app_version()


def build_cli(argv: Sequence[str], services: Callable[[], Services]) -> App:
    """Return the command line.

    Args:
        argv: The arguments: a core command does not wait for (or fail with) the verticals.
        services: Opens what the verticals' commands work with; called when one of them runs.
    """
    cli = App(name="colonnade", help="Text intelligence for four industries.", version=_version)
    for name, (path, summary) in _COMMANDS.items():
        cli.command(path, name=name, help=summary)
    if not argv or argv[0] in _HELP or argv[0] not in _COMMANDS:
        _mount_verticals(cli, services)
    return cli


def _mount_verticals(cli: App, services: Callable[[], Services]) -> None:
    from core.registry import find_verticals

    for vertical in find_verticals():
        if vertical.finished and vertical.commands is not None:
            cli.command(vertical.commands(services), name=vertical.name)


def _services(stack: ExitStack) -> Callable[[], Services]:
    """Return a factory that opens the services at the first call and closes them when the command ends."""
    opened: list[Services] = []

    def factory() -> Services:
        if not opened:
            from api.bootstrap import open_services
            from core.settings import Settings

            opened.append(stack.enter_context(open_services(Settings())))
        return opened[0]

    return factory


def _settings_fault(error: ValidationError) -> ConfigurationError:
    first = error.errors()[0]
    name = "COLONNADE_" + "_".join(str(step) for step in first["loc"]).upper()
    return ConfigurationError(
        f"{name}: {first['msg']}.", remedy="Mend it; `colonnade config` lists all settings."
    )


def _invalid(error: ValidationError) -> None:
    if error.title == "Settings":
        complain(one_line(_settings_fault(error)))
    else:
        _unexpected(error)


def run(argv: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    # Warnings go to stderr from the start: stdout is for results. `serve` sets up its own, more talkative
    # way.
    configure("WARNING", mask=mask)
    try:
        with ExitStack() as stack:
            cli = build_cli(argv, _services(stack))
            result = cli(list(argv), exit_on_error=False, print_error=False, result_action="return_value")
        return result if isinstance(result, int) and not isinstance(result, bool) else 0
    except CycloptsError as error:
        known = f" {argv[0]}" if argv and argv[0] in _COMMANDS else ""
        complain(f"{error} See `colonnade{known} --help`.")
        return BAD_USAGE
    except ColonnadeError as error:
        complain(one_line(error))
        if any(map(option_of, error.errors)):
            return BAD_USAGE
    except ValidationError as error:
        _invalid(error)
    except KeyboardInterrupt:
        complain("Stopped.")
    except BrokenPipeError:
        # The reader (`head`) has gone: not our failure to talk about, and flushing at exit must not fail
        # either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        complain(f"{error.strerror or error}: {error.filename or 'the operating system refused'}.")
    except Exception as error:  # noqa: BLE001 - the process boundary: a bug still ends in one line
        _unexpected(error)
    return FAILED


def _unexpected(error: Exception) -> None:
    if os.environ.get("COLONNADE_LOG_LEVEL", "").upper() == "DEBUG":
        import traceback

        traceback.print_exception(error)
    told = f"Unexpected {type(error).__name__}: {error}."
    complain(f"{told} Set COLONNADE_LOG_LEVEL=DEBUG for the traceback, and report it.")


def main() -> None:
    """Entry point of the `colonnade` script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
