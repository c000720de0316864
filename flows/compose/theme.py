"""Colours that follow from one brand colour and stay readable, by day and by night.

Contrast is that of WCAG 2.2: 4.5 to 1 at least for text (success criterion 1.4.3).
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

ENOUGH = 4.5
COMFORTABLE = 6.5
"""For links by night, which a mere 4.5 leaves dim."""
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
        # One of the two always has a contrast of 4.58 or more.
        "on_brand": max("#ffffff", "#000000", key=lambda ink: contrast(ink, brand)),
        "tint": tint,
        "link": _readable(brand, on=(tint, _CANVAS), darker=True, least=ENOUGH),
        "dark_tint": dark_tint,
        "dark_link": _readable(brand, on=(dark_tint,), darker=False, least=COMFORTABLE),
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


def _readable(color: str, *, on: tuple[str, ...], darker: bool, least: float) -> str:
    """Return the colour, made darker or lighter no further than it takes to be read."""
    # Within its own hue: mixed with white a dark blue would turn grey.
    hue, light, saturation = colorsys.rgb_to_hls(*(part / 255 for part in _channels(color)))
    for step in range(41):
        moved = light * (1 - step / 40) if darker else light + (1 - light) * step / 40
        parts = colorsys.hls_to_rgb(hue, moved, saturation)
        shade = "#" + "".join(f"{round(part * 255):02x}" for part in parts)
        if all(contrast(shade, ground) >= least for ground in on):
            break
    return shade


def _luminance(color: str) -> float:
    """Return the relative luminance that WCAG defines."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in _channels(color))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _channels(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]
