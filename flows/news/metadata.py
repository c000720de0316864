"""What a page says of itself in its head: JSON-LD, OpenGraph and other meta elements."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from flows.news.links import page_address
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
    site_names: list[str] = field(default_factory=list)
    """What the site is called, its host's name among it."""
    language: str = ""
    canonical: str = ""
    """The page's own word for its address."""
    url: str = ""
    """Where the page is: as it says, or else as it was fetched."""


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
    for element in tree.iterfind(".//link[@rel='canonical']"):
        if canonical := page_address(str(element.get("href") or ""), base=url):
            told.canonical = canonical
            break
    if not told.canonical and (address := _told_address(tree)):
        told.canonical = address
    told.url = told.canonical or url
    objects = list(_objects_in(tree))
    for article in _own_articles(objects, told.url):
        _from_json(article, told)
    _from_meta(tree, told)
    told.site_names += [*_sites(objects), *_host_names(told.url)]
    for element in (*tree.iterfind(".//head/title"), *tree.iterfind(".//title")):
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
    return next(filter(None, map(page_address, pages)), "")


def _objects_in(tree: HtmlElement) -> Iterator[dict[str, Any]]:
    """Yield the JSON-LD objects of a page."""
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        text = (script.text or "").strip().removeprefix("<!--").removesuffix("-->")
        try:
            yield from _objects(json.loads(text, strict=False))
        except (ValueError, RecursionError):
            continue


def _own_articles(objects: Sequence[dict[str, Any]], url: str) -> Iterator[dict[str, Any]]:
    """Yield the object that describes the page's article, and that which describes the page.

    A page may describe the articles that it leads to as well: its own is the one that has the
    page's address, or else the first.
    """
    typed = [(_type_of(each), each) for each in objects]
    articles = [e for kind, e in typed if kind.endswith(("Article", "Posting", "Report"))]
    pages = [e for kind, e in typed if kind == "WebPage"]
    for group in (articles, pages):
        own = [each for each in group if url and _same_page(url, _addresses(each))]
        yield from own or group[:1]


def _addresses(described: dict[str, Any]) -> Iterator[str]:
    for name in ("url", "mainEntityOfPage", "@id"):
        yield from _texts(described.get(name), "@id", "url")


def _same_page(url: str, others: Iterator[str]) -> bool:
    return any(_place_of(url) == _place_of(other) for other in others)


def _place_of(url: str) -> tuple[str, str]:
    parts = urlsplit(page_address(url))
    return parts.netloc.removeprefix("www."), parts.path.rstrip("/")


def _sites(objects: Sequence[dict[str, Any]]) -> Iterator[str]:
    for each in objects:
        yield from _texts(each.get("publisher"), "name")
        if each.get("@type") in ("WebSite", "Organization", "NewsMediaOrganization", "NGO"):
            yield from _texts(each, "name", "alternateName")


def _host_names(url: str) -> Iterator[str]:
    """Yield `stichting` and `stichting.nl` for a page of www.stichting.nl."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    yield host
    yield host.partition(".")[0]


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
    told.site_names += [meta[name] for name in ("og:site_name", "application-name") if name in meta]
    told.language = told.language or meta.get("og:locale", "") or meta.get("content-language", "")


def _plain(value: object) -> str:
    if not isinstance(value, str):
        return ""
    if "&" in value:
        import html

        # Content systems escape what goes into JSON and meta, some of them twice.
        value = html.unescape(value)
    return re.sub(r"\s+", " ", clean(value)).strip()
