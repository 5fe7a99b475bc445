"""README.md and README.zh.md say the same: the same headings, the same code, the same figures and links."""

from __future__ import annotations

import re

import pytest

from tests.house.source import ROOT

_FENCE = re.compile(r"^```[^\n]*\n.*?^```$", re.MULTILINE | re.DOTALL)


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _headings(text: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", _FENCE.sub("", text), re.MULTILINE)]


def _figures(text: str) -> list[str]:
    """Every number outside of code, in order; 1,200 and 1200 are one."""
    return re.findall(r"\d[\d.]*", re.sub(r"(?<=\d),(?=\d{3})", "", _FENCE.sub("", text)))


def _links(text: str) -> list[str]:
    return sorted(link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("README"))


@pytest.mark.parametrize(
    "part", [_headings, _FENCE.findall, _figures, _links], ids=["headings", "code", "figures", "links"]
)
def test_both_languages_have_the_same(part) -> None:
    english, chinese = part(_read("README.md")), part(_read("README.zh.md"))

    assert english
    assert english == chinese


def test_the_figures_are_those_of_the_benchmarks() -> None:
    measured = {line.split()[1]: set[str]() for line in _read("README.md").splitlines() if _row(line)}
    for line in filter(_row, _read("docs/benchmarks.md").splitlines()):
        measured[line.split()[1]] |= set(re.findall(r"(?<= )\.\d{3}(?= \[)", line))

    assert len(measured) == 6
    for line in filter(_row, _read("README.md").splitlines()):
        assert set(re.findall(r"\.\d{3}", line)) <= measured[line.split()[1]], line


def _row(line: str) -> bool:
    """Tell whether a line of a table gives the figures of one public set, not those of several."""
    return line.startswith("| fin_") and line.count("fin_") == 1


def test_the_two_commands_come_first() -> None:
    first = _FENCE.search(_read("README.md"))

    assert first is not None
    assert first.start() < 1500
    assert re.search(r"^make up ", first[0], re.MULTILINE)
    assert re.search(r"^make test ", first[0], re.MULTILINE)


@pytest.mark.parametrize(
    "page",
    sorted(
        path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    ),
)
def test_every_link_within_the_repository_leads_somewhere(page: str) -> None:
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", _FENCE.sub("", _read(page)))]

    dead = [
        link
        for link in links
        if link and "://" not in link and not (ROOT / page).parent.joinpath(link).exists()
    ]

    assert not dead
