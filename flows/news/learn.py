"""A profile of a site is proposed from one of its pages: where the general rules found things."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bs4 import BeautifulSoup
from lxml.html import HtmlElement

from flows import files
from flows.errors import InputError
from flows.models import NewsItem
from flows.news.blocks import Kind, Place
from flows.news.dates import is_date_line
from flows.news.fetch import Fetched, fetch
from flows.news.markup import Placed
from flows.news.page import Page, read_page
from flows.news.plain import plain_text
from flows.news.profile import Profile, Selected, profile_path
from flows.news.published import read_date
from flows.news.reading import Reading
from flows.news.words import words_of

_STABLE = re.compile(r"[A-Za-z]+(?:[-_]+[A-Za-z]+)*")
"""Names made of words; `css-1x2y3z`, `post-4711` and `sc-bdVaJa1` differ from page to page."""
_ALIKE = 0.98
"""Share of the words that two readings of a body must have in common to be the same."""
_FIELDS = ("title", "date", "lead", "body", "documents", "related", "image")


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A proposal, and what the page reads like with it."""

    profile: Profile
    reading: Reading
    """With the profile."""
    general: Reading
    """Without."""
    path: Path
    """Where `save_profile` puts it."""
    page: Fetched


def learn_site(
    url: str, *, content_dir: Path, allow_private: bool = False, contact: str = ""
) -> Learned:
    """Propose a profile for the site of a page. Writes nothing.

    Args:
        url: Of a page with an article as complete as the site has.
        content_dir: Where the profiles of sites lie.
        allow_private: Whether it may be at an address that is not public.
        contact: For the user agent.

    Raises:
        InputError: the page cannot be had or read.
    """
    path = profile_path(content_dir, url)
    fetched = fetch(url, allow_private=allow_private, contact=contact)
    if fetched is None:
        raise InputError("The page was not sent.", where=url, mend="Try again later.")
    return learn_page(fetched, path=path)


def learn_page(fetched: Fetched, *, path: Path) -> Learned:
    """Propose a profile from a page that was fetched.

    Raises:
        InputError: the page cannot be read.
    """
    general = read_page(
        fetched.content, url=fetched.url, encoding=fetched.encoding, profile=Profile()
    )

    def read_with(**selectors: str) -> Reading:
        profile = Profile.model_validate(selectors)
        return read_page(
            fetched.content, url=fetched.url, encoding=fetched.encoding, profile=profile
        )

    kept: dict[str, str] = {}
    page = Page(_html(fetched), url=fetched.url)
    for name, selector in propose(page, general.item).model_dump(exclude_none=True).items():
        # A selector that points at something else, or by which the page reads otherwise than it
        # was found, is no improvement.
        selected = Selected(Profile.model_validate({name: selector}), page.html, base=page.base)
        reads = read_with(**kept, **{name: selector}).item
        if _says(name, selected, general.item) and _same(reads, general.item):
            kept[name] = selector
    return Learned(
        profile=Profile.model_validate(kept),
        reading=read_with(**kept),
        general=general,
        path=path,
        page=fetched,
    )


def _html(fetched: Fetched) -> str:
    from flows.news.decode import decode_page

    return decode_page(fetched.content, encoding=fetched.encoding)[0]


def _says(name: str, selected: Selected, item: NewsItem) -> bool:
    """Say whether a selector points at the words of a field, and not at more."""
    if name in ("title", "lead"):
        return words_of(selected.text(name)) == words_of(getattr(item, name))
    if name == "date":
        stated = read_date(selected.text(name), language=item.language, origin="")
        return stated.day is not None and stated.day == item.published
    return True


def _same(one: NewsItem, other: NewsItem) -> bool:
    """Say whether two readings are the same but for a few words of the body."""
    words = [Counter(words_of(plain_text(item)).split()) for item in (one, other)]
    shared = (words[0] & words[1]).total()
    alike = shared >= _ALIKE * max(counted.total() for counted in words)
    return alike and one.model_copy(update={"body": other.body}) == other


def propose(page: Page, item: NewsItem) -> Profile:
    """Return selectors for where the fields of an item stand on its page."""
    finder = _Finder(BeautifulSoup(page.html, "lxml"), page.marked(page.find_text()))
    found = {name: getattr(finder, f"find_{name}")(item) for name in _FIELDS}
    return Profile(**{name: selector for name, selector in found.items() if selector})


def save_profile(path: Path, profile: Profile) -> None:
    """Write a profile for people to correct.

    Raises:
        InputError: the folder cannot be written.
    """
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment("Where things stand on this site's pages, as CSS selectors."))
    document.add(tomlkit.comment("A field that is left out is found by the general rules."))
    for name, selector in profile.model_dump(exclude_none=True).items():
        document.add(name, selector)
    files.write_text(path, tomlkit.dumps(document))


class _Finder:
    """Finds elements by what they say, and selectors that say no more."""

    def __init__(self, soup: BeautifulSoup, placed: Sequence[Placed]) -> None:
        self._soup = soup
        self._placed = placed

    def find_title(self, item: NewsItem) -> str:
        return self._selector_of_words(item.title)

    def find_lead(self, item: NewsItem) -> str:
        return self._selector_of_words(item.lead) if item.lead else ""

    def find_date(self, _: NewsItem) -> str:
        for selector in ("[itemprop=datePublished]", "time.published", "article time", "time"):
            if len(self._soup.select(selector)) == 1:
                return selector
        lines = [each for each in self._placed if is_date_line(each.block.text)]
        return self._first(lines)

    def find_body(self, _: NewsItem) -> str:
        body = [
            each
            for each in self._placed
            if each.block.place is Place.BODY and each.block.kind is Kind.PARAGRAPH
        ]
        around = _common(body)
        return next((s for s in _selectors(around) if self._matches(s, 1)), "") if body else ""

    def find_documents(self, item: NewsItem) -> str:
        return self._selector_of_links({document.url for document in item.documents})

    def find_related(self, item: NewsItem) -> str:
        return self._selector_of_links({related.url for related in item.related})

    def find_image(self, item: NewsItem) -> str:
        urls = {image.url for image in item.images[:1]}
        shown = [
            each
            for each in self._placed
            if each.block.kind is Kind.IMAGE and each.block.lines[0].links[0].url in urls
        ]
        return self._first(shown)

    def _selector_of_words(self, text: str) -> str:
        return self._first([e for e in self._placed if words_of(e.block.text) == words_of(text)])

    def _selector_of_links(self, urls: set[str | None]) -> str:
        """Lists beside the article; what stands within its text is found there."""
        holding = [
            each
            for each in self._placed
            if each.block.place is not Place.BODY
            and any(link.url in urls for line in each.block.lines for link in line.links)
        ]
        return next((s for s in _selectors(_common(holding)) if self._matches(s, 1)), "")

    def _first(self, placed: Sequence[Placed]) -> str:
        for each in placed:
            for selector in _selectors(each.element):
                if self._matches(selector, 1):
                    return selector
        return ""

    def _matches(self, selector: str, times: int) -> bool:
        return len(self._soup.select(selector)) == times


def _selectors(element: HtmlElement | None) -> Iterator[str]:
    """Yield selectors for an element, those first that say what it is and will last longest."""
    if element is None or element.tag in ("html", "body"):
        return
    own = list(_simple(element))
    yield from own
    if element.tag in ("h1", "main", "article"):
        yield str(element.tag)
    for parent in islice(element.iterancestors(), 4):
        for around in _simple(parent):
            for name in [*own, str(element.tag)]:
                yield f"{around} {name}"
            yield f"{around} > {element.tag}:first-of-type"


def _simple(element: HtmlElement) -> Iterator[str]:
    properties = (element.get("itemprop") or "").split()
    for name in filter(_STABLE.fullmatch, properties):
        yield f"[itemprop{'=' if len(properties) == 1 else '~='}{name}]"
    if (name := element.get("id")) and _STABLE.fullmatch(name):
        yield f"#{name}"
    for name in sorted((element.get("class") or "").split(), key=len, reverse=True):
        if _STABLE.fullmatch(name):
            yield f"{element.tag}.{name}"


def _common(placed: Sequence[Placed]) -> HtmlElement | None:
    """Return the smallest element around all of these."""
    if not placed:
        return None
    paths = [[*reversed(list(each.element.iterancestors())), each.element] for each in placed]
    common: HtmlElement | None = None
    for level in zip(*paths, strict=False):
        if any(element is not level[0] for element in level):
            break
        common = level[0]
    if common is not None and common is placed[0].element and common.tag in ("p", "li", "a"):
        return common.getparent()
    return common
