"""The title of a page: the heading that readers see above the text.

Every heading up to where the text begins is weighed: how far it says what the page calls itself,
how great it is, what its names promise, and whether it leads elsewhere, as the names of the site
and of its sections do. Titles for search engines and social media are often worded anew, so what
the head of the page says is the title only where no heading will do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from flows.news.blocks import Block, Kind, Place
from flows.news.inline import Inline
from flows.news.markup import Placed
from flows.news.metadata import Metadata, Told
from flows.news.words import is_long, words_of

_JOINT = re.compile(r"\s+(?:[|–—·•»«/-]+|:{1,2})\s+|\s*[|»]\s*")
"""What stands between the title and the name of the site: `Kop | Stichting`."""
_LEVELS = {"h1": 1.8, "h2": 0.8, "h3": 0.4, "h4": 0.2, "h5": 0.1, "h6": 0.1}
_AGREEING = 3.0
_AGREEING_LEAST = 0.6
"""Agreement from which a heading below the first level, without a name, can be the title."""
_NAMED = 0.7
_PLACES = {Place.BODY: 0.5, Place.BESIDE: 0.3, Place.ELSEWHERE: 0.0}
_ASTRAY = -2.0
"""Weight of a heading that is named as the site's, or leads to another page."""
_FEW_WORDS = -0.8
"""`Actueel` and `Laatste nieuws` are headings of a section."""
_ENOUGH = 2.2
"""Weight from which a heading is the title."""
_TEXT_LEAST = 80
"""Characters of a paragraph that is no label, byline or crumb: there the text has begun."""
_TITLED = re.compile(
    r"(?:^|[-_ ])(?:[a-z]+[-_]+)*(?:title|titel|headline|hed)(?:$|[-_ ])", re.IGNORECASE
)
_OF_SITE = re.compile(
    r"(?:^|[-_ ])(?:logo|brand(?:ing)?|site-?(?:title|name)|masthead|widget-?title|sidebar|teaser"
    r"|related|gerelateerd|menu)(?:$|[-_ ])",
    re.IGNORECASE,
)
_ABOVE_TITLE = re.compile(
    r"kicker|(?:roof|top|over|strap|dach)-?(?:line|zeile|title|headline|heading)(?:$|[-_ ])"
    r"|(?:super|pre)-?title|eyebrow|chapeau|topic-label|entry-section",
    re.IGNORECASE,
)
"""Names of what newspapers set above the title, within the same heading."""
_BELOW_TITLE = re.compile(
    r"(?:^|[-_ ]|article)sub-?(?:line|title|headline|heading)(?:$|[-_ ])"
    r"|(?:^|[-_ ])(?:small|meta|date|datum|category|categorie|rubriek)(?:$|[-_ ])",
    re.IGNORECASE,
)
"""Names of what may be part of the title or not; what the page calls itself tells."""
STAND_IN = "first words of the text"
"""Origin of a title that the page does not have."""
_SECTION = re.compile(
    r"(?:het )?(?:laatste |ons |our |latest )?(?:nieuws|news|actueel|aktuelles|actualités?|blogs?"
    r"|home|home ?page|startpagina|startseite|accueil|artikel(?:en)?|articles?|nieuwsbericht"
    r"|bericht(?:en)?|welkom|welcome|pagina|page|index|untitled|document|zonder titel)",
    re.IGNORECASE,
)
"""What a page of news may call itself and be no wiser."""
_EDGES = " \t\n|:–—-•·¶#"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heading:
    """A heading that may be the title."""

    text: str
    """Without what is set above or below the title proper."""
    words: str
    placed: Placed
    beyond: bool
    """Whether the text has begun before it."""


def find_title(placed: Sequence[Placed], told: Metadata) -> Told:
    """Return the title and where it was read; without any, the value is empty.

    Args:
        placed: The page's blocks in order, each with its place.
        told: What the head of the page says.
    """
    stated = _Stated(told)
    headings = list(_headings(placed, stated))
    # Of two that weigh the same, the longer one says more.
    best = max(headings, key=lambda h: (_weight(h, stated, told), len(h.words)), default=None)
    if best is not None and _weight(best, stated, told) >= _ENOUGH:
        return Told(value=best.text, origin=f"<{best.placed.element.tag}>")
    if shown := _bold_title(placed, stated):
        return Told(value=shown, origin="first line of the text, in bold")
    for title in filter(stated.is_own, told.titles):
        return Told(value=stated.without_site(title), origin=title.origin)
    for name in ("h1", "h2"):
        for heading in headings:
            if heading.placed.element.tag == name and not _SECTION.fullmatch(heading.words):
                return Told(value=heading.text, origin=f"<{name}>")
    for title in told.titles:
        return Told(value=stated.without_site(title), origin=title.origin)
    return Told(value="", origin="")


def title_at(placed: Sequence[Placed], *, title: str) -> int | None:
    """Return which block shows the title, headings first; None if none does."""
    same = [n for n, each in enumerate(placed) if shows_title(each.block, title=title)]
    headings = [n for n in same if placed[n].block.kind is Kind.HEADING]
    found = headings or same
    return found[0] if found else None


def shows_title(block: Block, *, title: str) -> bool:
    """Say whether a block is the title, in a heading perhaps with a word on the subject above."""
    words, wanted = words_of(block.text), words_of(title)
    if words == wanted:
        return True
    longer = block.kind is Kind.HEADING and len(words) <= 2 * len(wanted)
    return longer and f" {wanted} " in f" {words} " and is_long(wanted)


class _Stated:
    """What the head of a page calls the page, to lay headings beside.

    Args:
        told: What the head of the page says.
    """

    def __init__(self, told: Metadata) -> None:
        self._sites = {_squashed(name) for name in told.site_names} - {""}
        self._titles = [
            (words_of(self._without_known(title.value)[0]), words_of(title.value))
            for title in told.titles
        ]

    def __bool__(self) -> bool:
        return bool(self._titles)

    def is_site(self, words: str) -> bool:
        """Say whether the words are the name of the site."""
        return _squashed(words) in self._sites

    def is_own(self, title: Told) -> bool:
        """Say whether a title is more than the name of the site or of a section."""
        value = self.without_site(title)
        return not self.is_site(value) and not _SECTION.fullmatch(words_of(value))

    def is_exactly(self, words: str) -> bool:
        """Say whether a title is worded so, the name of the site left out."""
        return any(words == own for own, _ in self._titles)

    def holds(self, words: str) -> bool:
        """Say whether the words stand in a title."""
        return any(f" {words} " in f" {whole} " for _, whole in self._titles)

    def agreement(self, words: str) -> float:
        """Return how far the words say what the page calls itself, from 0 to 1."""
        return max((_agreement(words, own, whole) for own, whole in self._titles), default=0.0)

    def without_site(self, title: Told) -> str:
        """Cut the name of the site from a title."""
        value, known = self._without_known(title.value)
        joints = list(_JOINT.finditer(value))
        # The last part of a window's title is mostly the site.
        guessed = joints and not known and title.origin == "<title>"
        return value[: joints[-1].start()] if guessed else value

    def _without_known(self, value: str) -> tuple[str, bool]:
        """Cut names of the site that it is known by; say whether there were any."""
        known = False
        while joints := list(_JOINT.finditer(value)):
            first, last = joints[0], joints[-1]
            if self.is_site(value[last.end() :]):
                value, known = value[: last.start()], True
            elif self.is_site(value[: first.start()]):
                value, known = value[first.end() :], True
            else:
                break
        return value, known


def _headings(placed: Sequence[Placed], stated: _Stated) -> Iterator[_Heading]:
    """Yield the headings up to where the text begins, and those of the page's own wording."""
    beyond = False
    for each in placed:
        block = each.block
        if block.kind is Kind.HEADING and block.text:
            text = _proper(each.element, block.text, stated)
            words = words_of(text)
            if words and (not beyond or stated.is_exactly(words)):
                yield _Heading(text=text, words=words, placed=each, beyond=beyond)
        elif block.place is Place.BODY and len(block.text) >= _TEXT_LEAST:
            beyond = True


def _weight(heading: _Heading, stated: _Stated, told: Metadata) -> float:
    element = heading.placed.element
    if stated.is_site(heading.words) or _leads_home(heading.placed, told.url):
        return 0.0
    agreement = stated.agreement(heading.words)
    named = element.get("itemprop") == "headline" or bool(_TITLED.search(_names(element)))
    if element.tag != "h1" and agreement < _AGREEING_LEAST and not named:
        return 0.0
    parent = element.getparent()
    around = " ".join(_names(each) for each in (element, parent) if each is not None)
    weight = _LEVELS.get(str(element.tag), 0.0) + _AGREEING * agreement + _NAMED * named
    if _OF_SITE.search(around) or _leads_astray(heading.placed, told.url):
        weight += _ASTRAY
    few = heading.words.count(" ") < (1 if agreement else 2)
    if few and not stated.is_exactly(heading.words):
        weight += _FEW_WORDS
    return weight + _PLACES[heading.placed.block.place] - heading.beyond


def _agreement(words: str, own: str, whole: str) -> float:
    if words == own:
        return 1.0
    if f" {words} " in f" {whole} ":
        return 0.4 + 0.6 * min(1.0, len(words) / len(own))
    mine, theirs = set(words.split()), set(own.split())
    return 0.9 * 2 * len(mine & theirs) / (len(mine) + len(theirs) or 1)


def _proper(element: HtmlElement, text: str, stated: _Stated) -> str:
    """Return the words of a heading without those set above or below the title proper.

    Newspapers set a word on the subject above it, within the same heading, and content systems
    the date and the section.
    """
    inner = [each for each in element.iterdescendants() if isinstance(each.tag, str)]
    above = [each for each in inner if _ABOVE_TITLE.search(_names(each))]
    proper = (_without(element, above) if above else "") or text
    below = [
        each for each in inner if each.tag in ("small", "time") or _BELOW_TITLE.search(_names(each))
    ]
    parts = [[*above, *below]] if below else []
    # Without such a name, only what the page calls itself tells what to leave out.
    parts += [[*above, child] for child in element]
    agreement = stated.agreement(words_of(proper))
    for rest in (_without(element, each) for each in parts):
        least = agreement if below else 1.0
        if rest and rest != proper and stated.agreement(words_of(rest)) >= least:
            return rest
    return proper.strip(_EDGES) or proper


def _without(element: HtmlElement, parts: Sequence[HtmlElement]) -> str:
    inline = Inline(base="")
    inline.skipped.update(parts)
    return inline.one_line(element).text.strip(_EDGES)


def _bold_title(placed: Sequence[Placed], stated: _Stated) -> str:
    """Pages without headings set their title in bold, and call every page by the site's name."""
    if any(each.block.kind is Kind.HEADING and len(each.block.text) > 20 for each in placed):
        return ""
    if any(stated.is_exactly(words_of(line.text)) for each in placed for line in each.block.lines):
        return ""
    for each in placed:
        if each.block.place is Place.BODY and each.block.kind is Kind.PARAGRAPH:
            line = each.block.lines[0]
            bold = re.fullmatch(r"\*\*[^*]+\*\*", line.markdown)
            return line.text if bold and len(line.text) <= 150 else ""
    return ""


def _leads_home(placed: Placed, url: str) -> bool:
    """A first heading may be the site's own name, linked to its home page."""
    return any(
        urlsplit(link).path in ("", "/") or (url.startswith(link) and len(url) > len(link))
        for link in _whole_links(placed)
    )


def _leads_astray(placed: Placed, url: str) -> bool:
    """Say whether a heading is a link to another page than this one."""
    here = urlsplit(url)
    return any(
        (there := urlsplit(link)).netloc == here.netloc and there.path != here.path
        for link in _whole_links(placed)
    )


def _whole_links(placed: Placed) -> list[str]:
    """Return where a heading leads that is all link."""
    block = placed.block
    links = [link for line in block.lines for link in line.links]
    return [link.url for link in links if words_of(link.text) == words_of(block.text)]


def _names(element: HtmlElement) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}".strip()


def _squashed(name: str) -> str:
    return words_of(name).replace(" ", "")
