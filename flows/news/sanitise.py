"""Whatever a page holds, only harmless markup goes on: no script, style, form or event handler."""

from __future__ import annotations

import nh3
from bs4 import BeautifulSoup

_MORE_TAGS = """
    article aside body dd details dl dt fieldset figcaption figure font footer header hgroup html
    iframe main nav picture section source summary time video audio center address
"""
_TAGS = (nh3.ALLOWED_TAGS | frozenset(_MORE_TAGS.split())) - {"map", "area"}
_ATTRIBUTES = {
    "*": {"class", "id", "itemprop", "role", "hidden", "style", "title", "aria-label"},
    "a": {"href"},
    "audio": {"src"},
    "iframe": {"src"},
    "img": {"src", "srcset", "alt", "width", "height"},
    "ol": {"start"},
    "source": {"src"},
    "time": {"datetime"},
    "video": {"src"},
}
_DROPPED = {
    "button",
    "canvas",
    "embed",
    "noscript",
    "object",
    "option",
    "script",
    "select",
    "style",
    "svg",
    "template",
    "textarea",
    "title",
}
"""Elements that go with what is in them, because that is no text of the page."""


def sanitised(html: str) -> BeautifulSoup:
    """Return the page without anything that acts, hides its origin, or belongs to no text.

    Classes, ids and inline styles stay, to tell parts of the page by; they go no further.
    """
    clean = nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        generic_attribute_prefixes={"data-"},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
        strip_comments=True,
    )
    return BeautifulSoup(clean, "lxml")
