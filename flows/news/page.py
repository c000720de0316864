"""A web page becomes a news item.

What is body and what is not is decided by an extractor (trafilatura); how it is built is read
from the page itself, so that lists, links, quotes, tables, images and videos survive. The two are
laid side by side, word for word. A profile of the site goes before both.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import lxml.html
from lxml.html import HtmlElement

from flows.errors import InputError
from flows.news.alignment import mark_body
from flows.news.article import read_article
from flows.news.decode import decode_page
from flows.news.extract import find_text
from flows.news.faithful import with_text
from flows.news.furniture import Tree, drop_notices
from flows.news.links import clean_link, page_address
from flows.news.markup import Placed, read_markup
from flows.news.metadata import Metadata, read_metadata
from flows.news.profile import Profile, Selected, find_profile
from flows.news.reading import Reading
from flows.news.sanitise import sanitised
from flows.news.words import Wanted

_LOGIN_TEXT_MOST = 300
"""Characters: a page with a field for a password and less text than this is a login page."""
_SAVED_FROM = re.compile(r"saved from url=\(\d+\)(https?://\S+)")


class Page:
    """One page, parsed once as it came for its head, and once sanitised for its body.

    Args:
        html: The text of the page.
        url: Its address, if it was fetched.
        source: What to call it otherwise.

    Raises:
        InputError: there is no HTML in it.
    """

    def __init__(self, html: str, *, url: str = "", source: str = "") -> None:
        from trafilatura.utils import load_html

        self.where = url or source
        tree = load_html(html) if html.strip() else None
        if tree is None:
            raise InputError(
                "There is no HTML in it." if html.strip() else "The page is empty.",
                where=self.where,
                mend="Open it in a browser; if that shows the item, save it as a text file.",
            )
        self.tree: HtmlElement = tree
        url = page_address(url)
        self.told: Metadata = read_metadata(tree, url=url)
        if saved := _SAVED_FROM.search(html[:2_000]):
            # A browser that saves a page notes where it was; links are relative to that.
            url = url or page_address(saved[1])
        self.url = clean_link(_address(url, canonical=self.told.canonical), base="")
        base = tree.find(".//base[@href]")
        # Relative links are relative to where the page was, not to where it says it belongs.
        here = url or self.url
        stated = str(base.get("href") or "") if base is not None else ""
        self.base = page_address(stated, base=here) or here
        self.source = self.url or source
        self.html = sanitised(html)
        self.body: HtmlElement = lxml.html.document_fromstring(self.html)
        for root in (self.tree, self.body):
            drop_notices(root)
        self.around = Tree()

    @cached_property
    def placed(self) -> list[Placed]:
        """All blocks of the page."""
        try:
            return read_markup(self.body, base=self.base)
        except RecursionError:
            # Hundreds of elements in one another: a mistake or an attack. The plain text will do.
            return []

    def find_text(self) -> Wanted:
        """Return what an extractor takes for the article."""
        return find_text(self.placed, tree=self.around, body=self.body, raw=self.tree)

    def marked(self, wanted: Wanted) -> list[Placed]:
        """Return the blocks, each with its place in or beside the article."""
        return mark_body(self.placed, wanted, tree=self.around)

    def asks_for_login(self, text: str) -> bool:
        """Say whether a password is asked for and little else is there."""
        asks = self.tree.find(".//input[@type='password']") is not None
        return asks and len(text) < _LOGIN_TEXT_MOST


def read_page(
    raw: bytes,
    *,
    url: str = "",
    source: str = "",
    encoding: str | None = None,
    content_dir: Path | None = None,
    profile: Profile | None = None,
) -> Reading:
    """Return the news item on a page.

    Args:
        raw: The page as it came.
        url: Its address, if it was fetched.
        source: What to call it when no address is known: the file's name.
        encoding: What the server declared.
        content_dir: Where the profiles of sites lie.
        profile: Goes before the one in `content_dir`.

    Raises:
        InputError: it is no article; says what it is instead.
    """
    html, _ = decode_page(raw, encoding=encoding)
    page = Page(html, url=url, source=source)
    profile = profile or find_profile(content_dir, page.url) or Profile()
    selected = Selected(profile, page.html, base=page.base)
    # The profile's word for the body goes before the extractor's.
    chosen = selected.blocks("body")
    wanted = Wanted("\n".join(block.text for block in chosen)) if chosen else page.find_text()
    if page.asks_for_login(wanted.text):
        raise InputError(
            "The page asks for a login; there is no article on it.",
            where=page.where,
            mend="Log in with a browser, save the page as HTML and import that file.",
        )
    reading = read_article(
        page.marked(wanted),
        told=page.told,
        root=page.body,
        selected=selected,
        source=page.source,
        url=page.url,
        base=page.base,
    )
    return with_text(reading, wanted)


def _address(url: str, *, canonical: str) -> str:
    """Take the page's own word for its address on its own host only, and not for its home page."""
    if not canonical or not url:
        return canonical or url
    same_host = urlsplit(canonical).hostname == urlsplit(url).hostname
    home = urlsplit(canonical).path in ("", "/")
    return canonical if same_host and not home else url
