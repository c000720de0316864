"""Whatever a page holds, only harmless markup goes on: no script, style, form or event handler."""

from __future__ import annotations

import nh3

from flows.news.text import clean

_MORE_TAGS = """
    article aside body dd details dl dt fieldset figcaption figure footer header hgroup html
    iframe lite-youtube main picture section source summary time video audio center address
"""
LATE_FRAMES = (
    "data-src",
    "data-src-cmp",
    "data-cookieblock-src",
    "data-cmplz-src",
    "data-cli-src",
    "data-lazy-src",
)
"""Where a video lies that is shown only to readers who agree to cookies."""
_LATE_SOURCES = ("data-src", "data-lazy-src", "data-original", "data-srcset")
"""Where an image lies that a script loads when it comes into view."""
_ATTRIBUTES = {
    "*": {"class", "id", "itemprop", "role", "hidden", "style"},
    "a": {"href"},
    "audio": {"src", "title", "aria-label"},
    "iframe": {"src", "title", "aria-label", *LATE_FRAMES},
    "lite-youtube": {"videoid", "title", "videotitle", "playlabel"},
    "img": {"src", "alt", "width", "height", "srcset", *_LATE_SOURCES},
    "ol": {"start"},
    "source": {"src", "srcset", "data-srcset"},
    "time": {"datetime"},
    "video": {"src", "title", "aria-label"},
}
_DROPPED = {
    "button",
    "canvas",
    "embed",
    "nav",
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
_TAGS = (nh3.ALLOWED_TAGS | frozenset(_MORE_TAGS.split())) - {"map", "area"} - _DROPPED


def sanitised(html: str) -> str:
    """Return the page without anything that acts, hides its origin, or belongs to no text.

    Classes, ids and inline styles stay, to tell parts of the page by; they go no further.
    """
    harmless = nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
        strip_comments=True,
    )
    return f"<html><body>{clean(harmless)}</body></html>"
