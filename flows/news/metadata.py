"""What a page says of itself in its head: JSON-LD, OpenGraph and other meta elements."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from lxml.html import HtmlElement

from flows.news.text import clean

_ARTICLE_TYPES = re.compile(r"(?:\w*Article|\w*Posting|Report|WebPage|AdvertiserContentArticle)$")
_DATE_NAMES = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "dcterms.issued",
    "dcterms.date",
    "dcterms.created",
    "dc.date.issued",
    "dc.date",
    "dc.date.created",
    "pubdate",
    "publishdate",
    "publish-date",
    "publication_date",
    "date",
    "sailthru.date",
    "parsely-pub-date",
)
"""Names of meta elements, the most certain first; all in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A value, and where the page tells it."""

    value: str
    origin: str


@dataclass(slots=True, kw_only=True)
class Metadata:
    """What the head of a page tells; each list best first."""

    titles: list[Told] = field(default_factory=list)
    dates: list[Told] = field(default_factory=list)
    descriptions: list[Told] = field(default_factory=list)
    images: list[Told] = field(default_factory=list)
    authors: list[Told] = field(default_factory=list)
    image_alt: str = ""
    is_article: bool = False
    """Whether the page calls itself one article, and not a site or a list."""
    site_name: str = ""
    language: str = ""
    canonical: str = ""


def read_metadata(tree: HtmlElement, *, url: str) -> Metadata:
    """Read what the page says of itself.

    Args:
        tree: The whole page.
        url: Its address, to make others absolute; may be empty.
    """
    told = Metadata(
        language=str(
            tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
        )
    )
    for article in _articles(tree):
        _from_json(article, told)
    _from_meta(tree, told)
    for element in tree.iterfind(".//link[@rel='canonical']"):
        canonical = urljoin(url, str(element.get("href") or ""))
        if canonical.startswith(("http://", "https://")):
            told.canonical = canonical
            break
    if not told.canonical and (address := _told_address(tree)):
        told.canonical = address
    for element in tree.iterfind(".//title"):
        if title := _plain(element.text_content()):
            told.titles.append(Told(value=title, origin="<title>"))
            break
    return told


def _told_address(tree: HtmlElement) -> str:
    """Return the address that a page tells in other ways than as canonical."""
    stated = [element.get("content") for element in tree.iterfind(".//meta[@property='og:url']")]
    stated += [element.get("href") for element in tree.iterfind(".//base[@href]")]
    # A base that ends in a slash is where addresses start, not the page's own.
    pages = (str(each) for each in stated if each and not each.endswith("/"))
    return next((each for each in pages if each.startswith(("http://", "https://"))), "")


def day_of(text: str) -> date | None:
    """Return the day of an ISO date or time; a time in UTC is told in Dutch time.

    A page that states its times in UTC means the evening's article to be of the next day in
    Amsterdam; one that states an offset of its own means the day it names.
    """
    stated = text.strip().replace("Z", "+00:00")
    try:
        moment = datetime.fromisoformat(stated)
    except ValueError:
        match = re.match(r"(\d{4})-?(\d{2})-?(\d{2})(?!\d)", stated)
        try:
            return date(int(match[1]), int(match[2]), int(match[3])) if match else None
        except ValueError:
            return None
    if moment.tzinfo is not None and moment.utcoffset() == timedelta(0):
        return moment.astimezone(ZoneInfo("Europe/Amsterdam")).date()
    return moment.date()


def _articles(tree: HtmlElement) -> Iterator[dict[str, Any]]:
    """Yield the JSON-LD objects that describe the page's article, articles before pages."""
    found: list[dict[str, Any]] = []
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        text = (script.text or "").strip().removeprefix("<!--").removesuffix("-->")
        try:
            found.extend(_objects(json.loads(text, strict=False)))
        except (ValueError, RecursionError):
            continue
    typed = [(_type_of(each), each) for each in found]
    yield from (each for kind, each in typed if kind.endswith(("Article", "Posting", "Report")))
    yield from (each for kind, each in typed if kind == "WebPage")


def _objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for each in value:
            yield from _objects(each)
    elif isinstance(value, dict):
        yield value
        yield from _objects(value.get("@graph"))
        yield from _objects(value.get("mainEntity"))


def _type_of(article: dict[str, Any]) -> str:
    kinds = article.get("@type")
    names = kinds if isinstance(kinds, list) else [kinds]
    return next((str(name) for name in names if _ARTICLE_TYPES.match(str(name))), "")


def _from_json(article: dict[str, Any], told: Metadata) -> None:
    kind = _type_of(article)
    told.is_article = told.is_article or kind != "WebPage"
    names = {"headline": told.titles, "datePublished": told.dates, "description": told.descriptions}
    if kind == "WebPage":
        names["name"] = told.titles
    for name, values in names.items():
        if value := _plain(article.get(name)):
            values.append(Told(value=value, origin=f"JSON-LD {name}"))
    for value in _texts(article.get("image"), "url", "contentUrl"):
        told.images.append(Told(value=value, origin="JSON-LD image"))
    for value in _texts(article.get("author"), "name"):
        told.authors.append(Told(value=value, origin="JSON-LD author"))


def _texts(value: object, *names: str) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, *names)
    elif isinstance(value, dict):
        yield from (str(value[name]) for name in names if isinstance(value.get(name), str))


def _from_meta(tree: HtmlElement, told: Metadata) -> None:
    meta: dict[str, str] = {}
    for element in tree.iterfind(".//meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        if content := _plain(element.get("content")):
            meta.setdefault(name.lower(), content)
    groups = (
        (told.titles, ("og:title", "twitter:title", "dc.title", "dcterms.title", "headline")),
        (told.dates, _DATE_NAMES),
        (told.descriptions, ("og:description", "description", "dc.description")),
        (told.images, ("og:image", "og:image:url", "twitter:image")),
        (told.authors, ("author", "article:author", "dc.creator")),
    )
    for values, names in groups:
        values.extend(
            Told(value=meta[name], origin=f"meta {name}") for name in names if name in meta
        )
    if meta.get("og:type", "").lower() == "article" or "article:published_time" in meta:
        told.is_article = True
    told.image_alt = meta.get("og:image:alt", "")
    told.site_name = meta.get("og:site_name", "")
    told.language = told.language or meta.get("og:locale", "") or meta.get("content-language", "")


def _plain(value: object) -> str:
    if not isinstance(value, str):
        return ""
    if "&" in value:
        import html

        # Content systems escape what goes into JSON and meta, some of them twice.
        value = html.unescape(value)
    return re.sub(r"\s+", " ", clean(value)).strip()
