"""Colours that follow from one brand colour and stay readable, by day and by night.

Contrast is that of WCAG 2.2: 4.5 to 1 at least for text (success criterion 1.4.3).
"""

from __future__ import annotations

from dataclasses import dataclass

ENOUGH = 4.5
_CANVAS, _CARD, _INK, _DARK_CARD = "#f0f1f4", "#ffffff", "#1f2328", "#1a2027"


class Design(str):
    """A value of our own making that may stand in MJML as it is: a colour, a length."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The colours of a mail or page; those that begin with `dark` are for the night."""

    brand: Design
    on_brand: Design
    canvas: Design
    """Behind everything."""
    card: Design
    """Behind the text."""
    text: Design
    muted: Design
    line: Design
    tint: Design
    """Behind a box: the card with a breath of the brand."""
    link: Design
    dark_canvas: Design
    dark_card: Design
    dark_text: Design
    dark_muted: Design
    dark_line: Design
    dark_tint: Design
    dark_link: Design
    notice: Design
    """Behind the word that this is a rehearsal."""
    on_notice: Design


_FIXED = {
    "canvas": _CANVAS,
    "card": _CARD,
    "text": _INK,
    "muted": "#505862",
    "line": "#d5d9df",
    "dark_canvas": "#101418",
    "dark_card": _DARK_CARD,
    "dark_text": "#e9ecef",
    "dark_muted": "#b3bac2",
    "dark_line": "#3c444d",
    "notice": "#ffe08a",
    "on_notice": "#2b2100",
}


def theme_of(brand: str) -> Theme:
    """Return the colours for a brand colour such as `#1d4f91`, whatever colour it is."""
    tint, dark_tint = mixed(brand, _CARD, 0.08), mixed(brand, _DARK_CARD, 0.22)
    colors = _FIXED | {
        "brand": brand.lower(),
        "on_brand": max(_CARD, _INK, key=lambda ink: contrast(ink, brand)),
        "tint": tint,
        "link": _readable(brand, on=(tint, _CANVAS), towards="#000000"),
        "dark_tint": dark_tint,
        "dark_link": _readable(brand, on=(dark_tint,), towards="#ffffff"),
    }
    return Theme(**{name: Design(color) for name, color in colors.items()})


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mixed(one: str, other: str, share: float) -> str:
    """Return `share` parts of one colour in the other."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def _readable(color: str, *, on: tuple[str, ...], towards: str) -> str:
    """Return the colour, moved `towards` another no further than it takes to be read."""
    for step in range(20, -1, -1):
        moved = mixed(color, towards, step / 20)
        if all(contrast(moved, ground) >= ENOUGH for ground in on):
            return moved
    return towards


def _luminance(color: str) -> float:
    """Return the relative luminance that WCAG defines."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in _channels(color))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _channels(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]
