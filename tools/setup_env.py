"""Makes the virtual environment: torch, then the hashed lock, then the project itself.

Runs on a bare Python, so it uses the standard library only. It is idempotent (a stamp makes the second run
a matter of milliseconds) and resumes after an interruption: what pip was writing when it was killed is swept
away and installed again, the rest stays. Two runs at once wait for each other. pip's words go to a log file;
what a person needs goes to the terminal.

    python3 tools/setup_env.py [--dev] [--no-editable] [--dependencies-only] [--venv DIR]
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
OLDEST, NEWEST = (3, 11), (3, 14)
"""The lock holds wheels for these; 3.11 is what is tested."""

_NOISE = re.compile(r"^(Location |WARNING: Location |\s*$)")


class SetupError(Exception):
    """Set-up cannot go on; the message is one line that names the mend."""


def check_python(version: tuple[int, int]) -> None:
    """Refuse a Python that the lock cannot serve.

    Raises:
        SetupError: `version` is outside OLDEST … NEWEST.
    """
    if not OLDEST <= version <= NEWEST:
        served = f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
        raise SetupError(
            f"Python {version[0]}.{version[1]} is not served by requirements/lock.txt (it serves {served}): "
            "install one of those and name it, e.g. `make up PYTHON=python3.11`."
        )


def stamp_of(*, dev: bool, editable: bool) -> str:
    """Return what an up-to-date environment is stamped with: everything that decides its content."""
    digest = hashlib.sha256(f"{sys.version_info[:3]} {editable} {ROOT}".encode())
    names = ("dev.txt",) if dev else ("lock.txt",)
    for path in (*(REQUIREMENTS / name for name in (*names, "torch.txt")), ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def torch_requirement() -> str:
    """Return the one pinned line of requirements/torch.txt, e.g. `torch==2.13.0`."""
    lines = (REQUIREMENTS / "torch.txt").read_text(encoding="utf-8").splitlines()
    return next(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def sweep(site_packages: Path) -> list[str]:
    """Remove the traces of packages that pip was installing or replacing when it was killed.

    pip writes a package's INSTALLER file and then names it in RECORD as its last step: a RECORD without it
    is an unfinished package. Without its metadata folder pip takes it for absent and installs it whole.

    Returns:
        The names of what was removed.
    """
    swept = []
    for info in sorted(site_packages.glob("*.dist-info")):
        record = info / "RECORD"
        if not record.is_file() or f"{info.name}/INSTALLER" not in record.read_text(encoding="utf-8"):
            shutil.rmtree(info)
            swept.append(info.name)
    for leftover in sorted(site_packages.glob("~*")):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        swept.append(leftover.name)
    return swept


class Environment:
    """One virtual environment on its way to being ready."""

    def __init__(self, folder: Path, lock: int, say: Callable[[str], None]) -> None:
        self.folder = folder
        self._lock = lock
        self.python = folder / "bin" / "python"
        self.log = folder / "setup.log"
        self.say = say

    def stamp(self, name: str) -> Path:
        """Return where the stamp of that kind (`run` or `dev`) lies."""
        return self.folder / f".colonnade-{name}"

    def create(self) -> None:
        """Make the environment, or make it anew where it is broken or of another Python.

        Raises:
            SetupError: this Python lacks the venv module.
        """
        wanted = f"{sys.version_info[0]}.{sys.version_info[1]}.{sys.version_info[2]}"
        if self._version() == wanted:
            sites = self.folder.glob("lib/python3.*/site-packages")
            for name in [name for site in sites for name in sweep(site)]:
                self.say(f"      half-installed, doing again: {name}")
            return
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", str(self.folder)], capture_output=True, text=True
        )
        if made.returncode:
            reason = (made.stdout + made.stderr).strip().splitlines()[-1]
            raise SetupError(
                f"Python cannot make a virtual environment ({reason}): "
                "install its venv module (Debian: apt-get install python3-venv)."
            )

    def _version(self) -> str | None:
        probe = "import pip, sys; print('.'.join(map(str, sys.version_info[:3])))"
        try:
            run = subprocess.run([str(self.python), "-c", probe], capture_output=True, text=True)
        except OSError:
            return None
        return run.stdout.strip() if run.returncode == 0 else None

    def pip(self, *arguments: str, expect: int = 0) -> None:
        """Run pip, its words into the log, its progress onto the terminal.

        Args:
            arguments: What follows `pip install`.
            expect: How many packages there are to collect; 0 where that says nothing.

        Raises:
            SetupError: pip failed; the message holds its error lines.
        """
        with self._start("install", "--no-input", "--progress-bar", "off", *arguments) as process:
            lines = self._follow(process, _Progress(expect, self.say))
        if process.returncode:
            errors = [line for line in lines if line.startswith("ERROR")] or lines[-3:]
            raise SetupError(
                f"pip failed: {' '.join(errors)} (all of it: {self.log}; the same command resumes)"
            )

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
        return subprocess.Popen(
            [str(self.python), "-m", "pip", *arguments],
            cwd=ROOT,
            env={**os.environ, **quiet, "PIP_USER": "0", "PYTHONNOUSERSITE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=[self._lock],  # a pip that outlives us keeps the next run waiting
        )

    def _follow(self, process: subprocess.Popen[str], progress: _Progress) -> list[str]:
        lines: list[str] = []
        assert process.stdout is not None
        with self.log.open("a", encoding="utf-8") as log:
            for line in process.stdout:
                if not _NOISE.match(line):
                    log.write(line)
                    lines.append(line.rstrip())
                    progress.see(line)
        return lines


class _Progress:
    """Says now and then how far pip is: often enough to see life, rarely enough to read."""

    def __init__(self, expect: int, say: Callable[[str], None]) -> None:
        self._expect = expect
        self._say = say
        self._seen = 0
        self._next = time.monotonic() + 5

    def see(self, line: str) -> None:
        """Take one line of pip's."""
        self._seen += line.startswith(("Collecting ", "Processing ", "Requirement already satisfied"))
        if line.startswith("Installing collected packages") and self._expect:
            self._say(f"      {self._seen} fetched and checked, installing")
        elif time.monotonic() > self._next and self._expect:
            self._say(f"      {self._seen}/{self._expect} packages")
            self._next = time.monotonic() + 5


def install_torch(environment: Environment) -> None:
    """Install the pinned torch: the CPU build where one is at hand, any build of that version elsewhere.

    Raises:
        SetupError: neither can be had.
    """
    wanted = torch_requirement()
    try:
        environment.pip("--no-deps", f"{wanted}+cpu")  # what it needs is in the lock
    except SetupError:
        environment.say("      no CPU build at hand, taking the one that is")
        environment.pip(wanted)


def steps_of(environment: Environment, options: argparse.Namespace) -> list[tuple[str, Callable[[], None]]]:
    """Return the steps of set-up, each with the line that announces it."""
    lock = REQUIREMENTS / ("dev.txt" if options.dev else "lock.txt")
    total = len(set(re.findall(r"^[\w.-]+(?===)", lock.read_text(encoding="utf-8"), re.MULTILINE)))
    project = ["."] if options.no_editable else ["--editable", "."]
    steps: list[tuple[str, Callable[[], None]]] = [
        (f"virtual environment {options.venv}", environment.create),
        (f"{torch_requirement()} (about 200 MB as a CPU build)", lambda: install_torch(environment)),
        (
            f"{total} pinned packages from {lock.relative_to(ROOT)}",
            lambda: environment.pip("--require-hashes", "--only-binary=:all:", "-r", str(lock), expect=total),
        ),
    ]
    if not options.dependencies_only:
        flags = ("--no-deps", "--no-build-isolation", "--no-index")
        steps.append(("Colonnade itself", lambda: environment.pip(*flags, *project)))
    return steps


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options; ends the process with 2 where they are none of ours."""
    parser = argparse.ArgumentParser(description="Make the virtual environment of Colonnade.")
    parser.add_argument("--dev", action="store_true", help="with the tools that `make test` needs")
    parser.add_argument("--no-editable", action="store_true", help="copy the project in (containers)")
    parser.add_argument("--dependencies-only", action="store_true", help="leave the project itself out")
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="where (default: .venv)")
    return parser.parse_args(arguments)


def _is_ready(environment: Environment, dev: bool, stamp: str) -> bool:
    path = environment.stamp("dev" if dev else "run")
    return path.is_file() and path.read_text(encoding="utf-8") == stamp and environment.python.exists()


def set_up(options: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Bring the environment up to date; does nothing where its stamp says that it is.

    Raises:
        SetupError: a step failed.
    """
    folder = options.venv.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _set_up_locked(Environment(folder, lock.fileno(), say), options, say)


def _set_up_locked(environment: Environment, options: argparse.Namespace, say: Callable[[str], None]) -> None:
    stamp = stamp_of(dev=options.dev, editable=not options.no_editable)
    if _is_ready(environment, options.dev, stamp):
        return
    started = time.monotonic()
    steps = steps_of(environment, options)
    for number, (title, step) in enumerate(steps, start=1):
        say(f"[{number}/{len(steps)}] {title}")
        step()
        say(f"      done, {time.monotonic() - started:.0f} s since the start")
    if not options.dependencies_only:
        environment.stamp("dev" if options.dev else "run").write_text(stamp, encoding="utf-8")
        if options.dev:  # the dev lock holds the whole of the run lock
            run_stamp = stamp_of(dev=False, editable=not options.no_editable)
            environment.stamp("run").write_text(run_stamp, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run set-up from the command line; returns the exit code."""
    try:
        check_python(sys.version_info[:2])
        set_up(parse(arguments), lambda line: print(line, flush=True))
    except SetupError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up: interrupted; the same command resumes.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
