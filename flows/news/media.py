"""Where pictures and videos lie, also those that a script loads or that wait for a consent."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from flows.news.sanitise import LATE_FRAMES

_VIDEO_HOST = re.compile(
    r"youtube|youtu\.be|vimeo|/video|\.mp4|peertube|dailymotion|kaltura|jwplayer"
)
_VIDEO_TITLES = ("title", "videotitle", "aria-label", "playlabel")
_NOWHERE = ("about:", "data:", "javascript:", "blob:")
_ORNAMENT = re.compile(
    r"logo|icon|avatar|gravatar|sprite|pixel|spacer|blank\.gif|badge|button|knop|arrow|share|smil",
    re.IGNORECASE,
)
_ORNAMENT_MOST = 80
"""Pixels: what is declared smaller is no picture of an article."""


def image_source(image: HtmlElement) -> str:
    """Return where a picture lies, also when it is loaded late; empty if nowhere."""
    for name in ("data-src", "data-lazy-src", "data-original", "src"):
        value = image.get(name) or ""
        if value and not value.startswith(_NOWHERE):
            return value
    parent = image.getparent()
    offering = [image, *(parent.iter("source") if parent is not None else ())]
    offered = (each.get("srcset") or each.get("data-srcset") or "" for each in offering)
    return _largest(next(filter(None, offered), ""))


def _largest(srcset: str) -> str:
    """Return the address of the largest picture in `a.jpg 300w, b.jpg 1024w`."""
    found = re.findall(r"(\S+?)(?:\s+(\d+)(?:\.\d+)?[wx])?\s*(?:,\s+|,$|$)", srcset.strip())
    return max(found, key=lambda each: int(each[1] or 0), default=("", ""))[0]


def is_ornament(image: HtmlElement, url: str) -> bool:
    """Say whether a picture is part of the page's design, and not of its text."""
    sizes = [image.get(name) or "" for name in ("width", "height")]
    if any(size.isdecimal() and int(size) < _ORNAMENT_MOST for size in sizes):
        return True
    names = f"{url.rpartition('/')[2]} {image.get('class') or ''}"
    return bool(_ORNAMENT.search(names)) or url.endswith(".svg")


def video_source(element: HtmlElement) -> str:
    """Return where an embedded video or sound lies; empty if nowhere."""
    if video := element.get("videoid"):
        return f"https://www.youtube.com/watch?v={video}"
    values = [element.get(name) or "" for name in ("src", *LATE_FRAMES)]
    values += [source.get("src") or "" for source in element.iter("source")]
    return next((value for value in values if value and not value.startswith(_NOWHERE)), "")


def video_title(element: HtmlElement) -> str:
    """Return what an embedded video is called; empty if it does not say."""
    return next(filter(None, map(element.get, _VIDEO_TITLES)), "") or ""


def is_video(element: HtmlElement, url: str) -> bool:
    """Say whether an embedded thing is a video or sound, and no map, form or advertisement."""
    return element.tag != "iframe" or bool(_VIDEO_HOST.search(url))


def watch_address(embedded: str) -> str:
    """Return the address at which a person watches an embedded video."""
    parts = urlsplit(embedded)
    if "youtube" in parts.netloc and (match := re.fullmatch(r"/embed/([\w-]+)", parts.path)):
        return f"https://www.youtube.com/watch?v={match[1]}"
    if parts.netloc == "player.vimeo.com" and (match := re.fullmatch(r"/video/(\d+)", parts.path)):
        return f"https://vimeo.com/{match[1]}"
    return embedded
