"""Running text as sentences, so that a date can be shown with the words it was found in."""

from __future__ import annotations

import re

_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s+[\"'“‘„«(\[¿¡]*[\w])")
_SPACE = re.compile(r"\s*")
_LONGEST = 12
"""Characters: no abbreviation is longer."""
_ABBREVIATION = re.compile(
    r"(?:\b\w|\b\w\.\w|\b\d\d|\b(?:dhr|mevr|mw|drs|ing|prof|mrs|mgr|st|nr|blz|art|bijv|resp|incl|excl"
    r"|vgl|ca|ong|tel|jl|aug|sept|okt|nov|dec|jan|feb|mrt|apr|inc|ltd|vs|etc|no|bzw|usw|evtl))\.$",
    re.IGNORECASE,
)


def sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph of plain text; joined by spaces they are the text."""
    found: list[str] = []
    start = 0
    for match in _END.finditer(text):
        end = match.end()
        following = _SPACE.match(text, end)
        goes_on = following is not None and text[following.end()].islower()
        # `d.d. 5 februari`, `prof. De Vries`, `o.a. kinderen`, `am 12. Mai`: the sentence goes on.
        if goes_on or _ABBREVIATION.search(text[max(start, end - _LONGEST) : end]):
            continue
        found.append(text[start:end].strip())
        start = end
    if rest := text[start:].strip():
        found.append(rest)
    return found
