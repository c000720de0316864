"""What a site is known to look like: `content/sites/<host>.toml`."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import lxml.html
from bs4 import BeautifulSoup, Tag
from pydantic import field_validator

from flows import files
from flows.errors import InputError
from flows.models import Value
from flows.news.blocks import Block
from flows.news.markup import read_markup

FOLDER = "sites"


class Profile(Value):
    """CSS selectors of one site's pages; a field without one is read by the general rules."""

    title: str | None = None
    date: str | None = None
    lead: str | None = None
    body: str | None = None
    """The element that holds the paragraphs."""
    documents: str | None = None
    """Elements that hold the links to documents."""
    related: str | None = None
    """Elements that hold the related items."""
    image: str | None = None

    @field_validator("*")
    @classmethod
    def _is_selector(cls, value: str | None) -> str | None:
        if value is not None:
            import soupsieve

            try:
                soupsieve.compile(value)
            except soupsieve.SelectorSyntaxError as error:
                raise ValueError(
                    f"{value!r} is no CSS selector: {str(error).split(chr(10))[0]}"
                ) from None
        return value


class Selected:
    """What a profile points at on one page.

    Args:
        profile: The site's; one without selectors points at nothing.
        html: The page, sanitised.
        base: The page's address, to make links absolute.
    """

    def __init__(self, profile: Profile, html: str, *, base: str) -> None:
        self._profile = profile
        self._html = html
        self._base = base

    def selector(self, name: str) -> str:
        """Return the selector of a field; empty if the profile has none."""
        return getattr(self._profile, name) or ""

    def elements(self, name: str) -> list[Tag]:
        """Return the elements of a field, in the order of the page."""
        selector = self.selector(name)
        return list(self._soup.select(selector)) if selector else []

    def text(self, name: str) -> str:
        """Return the words of a field's first element, or the moment that it states."""
        for element in self.elements(name):
            stated = str(element.get("datetime") or "") if name == "date" else ""
            return stated or " ".join(element.get_text(" ").split())
        return ""

    def blocks(self, name: str) -> list[Block]:
        """Return what stands in a field's elements."""
        elements = self.elements(name)
        if not elements:
            return []
        html = "".join(str(element) for element in elements)
        root = lxml.html.document_fromstring(f"<html><body>{html}</body></html>")
        return [placed.block for placed in read_markup(root, base=self._base)]

    @cached_property
    def _soup(self) -> BeautifulSoup:
        # Only a profile needs selectors, and this takes as long as everything else together.
        return BeautifulSoup(self._html, "lxml")


def profile_path(content_dir: Path, url: str) -> Path:
    """Return where the profile of a page's site lies, whether or not there is one.

    Raises:
        InputError: the address has no host.
    """
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    if not host or "/" in host or host.startswith("."):
        raise InputError(
            f"{url!r} has no host.", where="address", mend="Give the whole address, with https://."
        )
    return content_dir / FOLDER / f"{host}.toml"


def find_profile(content_dir: Path | None, url: str) -> Profile | None:
    """Return the profile of the site that `url` is on, if there is one.

    Raises:
        InputError: there is one and it cannot be read.
    """
    if content_dir is None or not urlsplit(url).hostname:
        return None
    path = profile_path(content_dir, url)
    return files.read_toml(path, Profile) if path.exists() else None
