"""Texts that speak of another text: corrections, retractions, denials and 辟谣."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from core.text.near import shingles
from verticals.finance.policy.denials import CUES, denial, retraction
from verticals.finance.policy.numerals import as_figures

Kind = Literal["report", "correction", "denial", "retraction"]
"""A denial is what somebody says, and so an event; a retraction (辟谣, too) only takes another text back."""

_CORRECTION = re.compile(
    r"^\W{0,3}(?:correction(?:\s*[:(\u2013\u2014-]| to\b)|correct(?:ed|s|ing)\b|clarification\s*:|refile\b)"
    r"|\((?:corrects|corrected|correction)\b|^\W{0,3}(?:更正|勘误|订正)|[(（【](?:更正|勘误|订正)[)）】]|更正[:：]|更正公告",
    re.IGNORECASE,
)
_TOLD = re.compile(
    r"网传|传闻称?|传言|消息称|报道称?|此前|称|系|为|的?(?:消息|信息|内容|说法)|公告"
    r"|关于|回应|不实|^更正|勘误|订正|虚假|严正声明|相关"
)
_SMALL = frozenset(
    re.findall(
        r"\w+",
        """a an the of to in on at for by and or it its is are was were be been has have had that this with
        from as not no but any some says say said will would plan plans planning planned report reports
        reported story rumor rumors rumour rumours
        claim claims talk earlier previous instead rather than correction
        corrected corrects correct about over after amid into out up down there their his her he she they we
        our which who company statement""",
    )
)
_SUFFIX = re.compile(r"(?<=[a-z]{3})(?:ies|es|s|ed|ing|'s|\u2019s)$")
_TAIL = re.compile(r"(?<=不实|不符|谣言|虚构|捏造|属实)[，,；;。].*$", re.DOTALL)
_UNSAYS = re.compile(r"[未没無无非]|不[存会會曾]")
_AFTER_A_NAME = re.compile(r"^\W*\w+\s*[:：](?P<said>.*)$", re.DOTALL)
_LEAD = 200
_FEWEST, _SHARE, _SHARE_UNKNOWN = 3, 0.6, 0.7


def kind(headline: str, body: str = "") -> Kind:
    """Tell whether a text reports something, corrects a report, denies one or takes one back.

    Args:
        headline: Its first line; a cue stands there.
        body: The rest; only a bracket such as "(Corrects …)" at its beginning counts.
    """
    if retraction(headline):
        return "retraction"
    if denial(headline):
        return "denial"
    note = body[:_LEAD].lstrip()
    corrects = _CORRECTION.search(headline) or (note[:1] in {"(", "（"} and _CORRECTION.search(note))
    return "correction" if corrects else "report"


def voids(kind: str) -> bool:
    """Tell whether texts of a kind say that something is not so, and nothing else."""
    return kind in {"denial", "retraction"}


@lru_cache(maxsize=1_024)
def claim(headline: str, body: str = "") -> frozenset[str]:
    """Return the words (character pairs in Chinese) of what a text claims, or of what a remark speaks of.

    Cues, small words, figures and endings are left out, so that "denies it plans to cut jobs" and "to cut 900
    jobs" share their words.
    """
    found = _words(_said(headline))
    return found if len(found) >= _FEWEST else found | _words(body[:_LEAD])


def _said(headline: str) -> str:
    """Return a remark without what follows its verdict ("…不实，各网点运营正常"), if enough stands before it.

    What unsays the claim again ("不实，公司未发生挤兑") may be the only place that names it.
    """
    head = _TAIL.sub("", headline)
    if head == headline or _UNSAYS.search(headline[len(head) :]):
        return headline
    if not (retraction(headline) or denial(headline)):
        return headline
    named = _AFTER_A_NAME.match(CUES.sub(" ", head))
    # A name alone is some pairs of characters, which every report on that company has.
    enough = len(_words(named["said"])) >= _FEWEST if named else len(_words(head)) >= 2 * _FEWEST
    return head if enough else headline


def _words(text: str) -> frozenset[str]:
    bare = _TOLD.sub(" ", _CORRECTION.sub(" ", CUES.sub(" ", text)))
    single = (
        shingle for shingle in shingles(as_figures(bare)) if " " not in shingle and shingle not in _SMALL
    )
    return frozenset(_SUFFIX.sub("", word) for word in single)


def speaks_of(remark: frozenset[str], report: frozenset[str], *, companies: bool | None) -> bool:
    """Tell whether a remark speaks of what a report claims.

    Args:
        remark: `claim` of the correction or denial.
        report: `claim` of the report.
        companies: Whether they share a company; None where one of them names none that is known.
    """
    smaller = min(len(remark), len(report))
    if companies is False or smaller < _FEWEST - (companies is True):
        return False
    least = _SHARE if companies and smaller >= _FEWEST else _SHARE_UNKNOWN if smaller > _FEWEST else 1.0
    return len(remark & report) >= least * smaller
