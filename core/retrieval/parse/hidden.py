"""Which elements of a page a reader does not see: by attribute, by inline style, by a plain style rule."""

from __future__ import annotations

import re
from typing import Any

_REMARK = re.compile(r"/\*.*?\*/", re.DOTALL)
_SIMPLE = re.compile(r"[a-z][a-z0-9]*\Z|[.#][\w-]+\Z", re.IGNORECASE)
_NOTHING = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|content-visibility\s*:\s*hidden"
    r"|(?:text-indent|left|top|right|margin-left|margin-top)\s*:\s*-\d{4,}"
    r"|clip\s*:\s*rect\(\s*0[^)]{0,40}\)|clip-path\s*:\s*inset\(\s*(?:50|100)%"
    r"|(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*;[^{}]{0,100}overflow\s*:\s*hidden)",
    re.IGNORECASE,
)
_SIZE = re.compile(r"(?:^|;)\s*(opacity|font-size)\s*:\s*(\d*\.?\d+)\s*(px|pt|em|rem|%)?", re.IGNORECASE)
_SMALLEST = {"px": 2.0, "pt": 1.5, "em": 0.1, "rem": 0.1, "%": 10.0, "": 0.05}
"""What is smaller is not for people; without a unit it is an opacity."""
_COLOUR = re.compile(r"(?:^|;)\s*color\s*:\s*([^;!]{1,60})", re.IGNORECASE)
_BACKGROUND = re.compile(r"(?:^|;)\s*background(?:-color)?\s*:\s*([^;!]{1,200})", re.IGNORECASE)
_WHITE = {
    "white",
    "#fff",
    "#ffff",
    "#ffffff",
    "#ffffffff",
    "rgb(255,255,255)",
    "rgba(255,255,255,1)",
    "snow",
    "#fefefe",
}
_CLEAR = {"transparent", "rgba(0,0,0,0)", "#0000", "#00000000"}


def _declared(pattern: re.Pattern[str], style: str) -> str:
    found = pattern.findall(style)
    return re.sub(r"\s+", "", found[-1]).lower() if found else ""


class HiddenRules:
    """Reads the style rules of a page that hide something.

    Only selectors of one tag, class or id are understood: a page's full cascade needs a browser.
    """

    def __init__(self, root: Any) -> None:
        self._selectors: set[str] = set()
        for sheet in root.iter("style"):
            for rule in _REMARK.sub("", sheet.text or "").split("}"):
                names, _, body = rule.rpartition("{")
                if _vanishes(body):
                    chosen = (name.strip() for name in names.rpartition("{")[2].split(","))
                    self._selectors.update(name for name in chosen if _SIMPLE.match(name))

    def hides(self, element: Any) -> bool:
        """Tell whether a reader does not see the element; what its parents hide is not asked again."""
        tag, style = element.tag, element.get("style") or ""
        if not isinstance(tag, str):
            return True
        if element.get("hidden") is not None or tag in self._selectors:
            return True
        return self._by_rule(element) or _vanishes(style) or _on_its_colour(element, style)

    def _by_rule(self, element: Any) -> bool:
        if not self._selectors:
            return False
        names = {f".{name}" for name in (element.get("class") or "").split()} | {f"#{element.get('id')}"}
        return bool(names & self._selectors)


def _vanishes(style: str) -> bool:
    if not style:
        return False
    sizes = _SIZE.findall(style)
    return bool(_NOTHING.search(style)) or any(
        float(number) < _SMALLEST[unit.lower()] for _, number, unit in sizes
    )


def _on_its_colour(element: Any, style: str) -> bool:
    """White on nothing, or a text in the colour of its ground, which a parent may have set."""
    colour = _declared(_COLOUR, style) or (element.get("color") or "").lower()
    if not colour:
        return False
    if colour in _CLEAR:
        return True
    ground = _declared(_BACKGROUND, style)
    parents = element.iterancestors()
    while not ground and (parent := next(parents, None)) is not None:
        ground = _declared(_BACKGROUND, parent.get("style") or "") or (parent.get("bgcolor") or "").lower()
        if parent.get("class") and not ground:
            ground = "unknown"  # a class may well set a dark ground
    white = colour in _WHITE
    return colour == ground or (white and (not ground or ground in _WHITE))
