"""The organisations that an item lists as its signatories or makers."""

from __future__ import annotations

import re
from itertools import takewhile

_NAMENS = (
    r"namens|ondertekend\s+door|ondertekenaars\s*:|ondertekenende\s+organisaties\s*:"
    r"|deelnemende\s+organisaties\s*:|on\s+behalf\s+of|signed\s+by|signatories\s*:"
    r"|im\s+namen\s+von|unterzeichnet\s+von|unterzeichner\s*:|au\s+nom\s+de|signée?\s+par"
    r"|signataires\s*:|de\s+organisaties|the\s+organi[sz]ations|die\s+organisationen"
)
_LIST_START = re.compile(rf"\b(?:{_NAMENS})\s+", re.IGNORECASE)
_LIST_HINT = re.compile(r"namens|nderteken|deelnemend|behalf|sign|namen|zeichne|nom de|organi")
"""Stands in every text with a list, and is quick to look for."""
_ARTICLE = re.compile(r"^(?:(?:de|het|the|der|die|das|dem|den|le|la|les)\s+|l['’])", re.IGNORECASE)
_AND = re.compile(r"\s+(?:en|and|und|et|&|alsmede|evenals)\s+", re.IGNORECASE)
_AND_FIRST = re.compile(r"^(?:en|and|und|et|&)\s+", re.IGNORECASE)
_LIST_STOP = re.compile(r"[()\[\];:]|[.!?](?:\s|$)|\s[–—-]\s")
_MOST_WORDS = 8
_INSIDE_NAME = re.compile(
    r"in|van|voor|de|het|der|den|en|op|bij|uit|aan|naar|over|onder|met|zonder|tegen|of|for|the|and|to|without|against|with"
    r"|für|und|des|du|la|le|les|et|à"
)
"""Words in lower case that may stand within a name."""
SIGNATORY_LABEL = re.compile(
    r"(?:mede\s+)?(?:namens|ondertekend\s+door|ondertekenaars|ondertekenende\s+organisaties"
    r"|deelnemende\s+organisaties|signed\s+by|on\s+behalf\s+of|signatories|unterzeichner(?:innen)?"
    r"|unterzeichnet\s+von|signataires|signée?\s+par)(?:\s+(?:zijn|are|is))?\s*:?",
    re.IGNORECASE,
)
"""A line that announces the signatories, one per line below it."""


def read_organisations(text: str) -> list[str]:
    """Return the organisations listed after words like `namens` or `ondertekend door`.

    A list is names with a capital, separated by commas and at last by `en`; the names lose their
    article. `Namens alle kinderen` lists none.

    Args:
        text: One paragraph of plain text.
    """
    found: list[str] = []
    if not _LIST_HINT.search(text.lower()):
        return found
    for match in _LIST_START.finditer(text):
        rest = text[match.end() :]
        stop = _LIST_STOP.search(rest)
        *parts, last = (rest[: stop.start()] if stop else rest).split(",")
        *before, last = [*parts, *_split_last(last.strip())]
        names = [organisation_name(part) for part in [*before, _before_the_verb(last)]]
        found.extend(takewhile(bool, names))
    return list(dict.fromkeys(found))


def organisation_name(words: str) -> str:
    """Return a name without its article; empty if the words are no name of an organisation."""
    name = words.strip(" \t\"'“”‘’•·;,.")
    if match := _ARTICLE.match(name):
        name = name[match.end() :]
    first = name.split(" ")[0]
    if not any(character.isupper() for character in first) or len(name.split()) > _MOST_WORDS:
        return ""
    return name


def _split_last(part: str) -> list[str]:
    """Split `A en het B` in two, but not `Recht en vrijheid`."""
    if first := _AND_FIRST.match(part):
        # The comma before `en` has split the list; another `en` is within the name.
        return [part[first.end() :]]
    joints = [
        joint
        for joint in _AND.finditer(part)
        if organisation_name(_before_the_verb(part[joint.end() :]))
    ]
    if not joints:
        return [part]
    after = part[joints[-1].end() :]
    name = _before_the_verb(after)
    # `Amnesty en Vluchtelingen en Recht`: a last word that is no name by itself ends one.
    alone = " " in name or name.isupper() or _ARTICLE.match(after)
    joint = joints[-1] if alone or len(joints) == 1 else joints[-2]
    return [part[: joint.start()], part[joint.end() :]]


def _before_the_verb(words: str) -> str:
    """Cut `Save the Children roept de Kamer op` after the name."""
    parts = _ARTICLE.sub("", words.strip(), count=1).split()
    kept = 1
    for number, word in enumerate(parts[1:], start=2):
        if word[0].isupper():
            kept = number
        elif not _INSIDE_NAME.fullmatch(word):
            break
    # `Werkgroep Kind in azc`: a name may end in common words, but `UNICEF op 12 mei` does not.
    after = parts[kept:]
    if (
        after
        and len(after) <= 3
        and _INSIDE_NAME.fullmatch(after[0])
        and not any(map(str.isdigit, after))
    ):
        kept = len(parts)
    return " ".join(parts[:kept])
