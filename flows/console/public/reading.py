"""Reading: the archive, each issue, the feeds, and what is kept of readers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from flows import clock
from flows.audience.keeping import UNCONFIRMED_KEPT
from flows.campaign.issues import ARCHIVE_PATH, SentIssue, sent_issues
from flows.compose.wording import short_date
from flows.console.public.feeds import Channel, Entry, atom, rss
from flows.console.public.site import PRIVACY_PATH, Site
from flows.console.public.words import Words

_BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)
_BODY_END = re.compile(r"</body>", re.IGNORECASE)
_PICTURE = re.compile(r"<img\b[^>]*?\ssrc=[\"'](https?://[^/\"'\s>;,]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An issue as a line of the archive."""

    title: str
    preheader: str
    path: str
    at: datetime
    """By the organisation's own clock."""
    day: str
    language: str


def routes(site: Site) -> list[Route]:
    """Return the pages on which one reads."""

    async def archive(request: Request) -> Response:
        return await run_in_threadpool(_archive, site, request)

    async def issue(request: Request) -> Response:
        return await run_in_threadpool(_issue, site, request)

    async def issue_text(request: Request) -> Response:
        return await run_in_threadpool(_issue_text, site, request)

    async def feed(request: Request) -> Response:
        return await run_in_threadpool(_feed, site, request)

    async def privacy(request: Request) -> Response:
        return await run_in_threadpool(_privacy, site, request)

    return [
        Route(ARCHIVE_PATH, archive, methods=["GET"]),
        Route(ARCHIVE_PATH + "/{name}.txt", issue_text, methods=["GET"]),
        Route(ARCHIVE_PATH + "/{name}", issue, methods=["GET"]),
        Route("/rss.xml", feed, methods=["GET"]),
        Route("/atom.xml", feed, methods=["GET"]),
        Route(PRIVACY_PATH, privacy, methods=["GET"]),
    ]


def latest_issue(site: Site, words: Words) -> Shown | None:
    """Return the latest issue, or None if none has been sent."""
    issues = sent_issues(site.settings, site.engine)
    return _shown(site, issues[0], words) if issues else None


def _shown(site: Site, issue: SentIssue, words: Words) -> Shown:
    local = issue.at.astimezone(ZoneInfo(site.organisation.time_zone))
    return Shown(
        title=issue.kept.subject,
        preheader=issue.kept.preheader,
        path=f"{ARCHIVE_PATH}/{issue.name}",
        at=local,
        day=short_date(local.date(), words.code),
        language=issue.kept.language,
    )


def _archive(site: Site, request: Request) -> Response:
    words = site.words(request)
    shown = [_shown(site, each, words) for each in sent_issues(site.settings, site.engine)]
    years = [(year, list(issues)) for year, issues in groupby(shown, lambda each: each.at.year)]
    return site.page(request, "archive", private=False, years=years)


def _find(site: Site, request: Request) -> SentIssue:
    """Return the issue that an address names.

    Raises:
        HTTPException: no such issue was sent.
    """
    name = request.path_params["name"]
    for issue in sent_issues(site.settings, site.engine):
        if issue.name == name:
            return issue
    raise HTTPException(404)


def _issue(site: Site, request: Request) -> Response:
    issue, words = _find(site, request), site.words(request)
    bar = site.fragment(request, "issue_bar", text_path=f"{ARCHIVE_PATH}/{issue.name}.txt")
    headers = site.headers(words, private=False, policy=_policy(issue.kept.html))
    headers["content-language"] = issue.kept.language
    return Response(
        _as_page(issue.kept.html, bar),
        headers=headers,
        media_type="text/html",
    )


def _as_page(html: str, bar: str) -> str:
    """Return a mail as one of our pages: with a way to the others, and a main part."""
    html = _BODY.sub(lambda found: f'{found[0]}{bar}<main id="inhoud">', html, count=1)
    return _BODY_END.sub(lambda found: f"</main>{found[0]}", html, count=1)


def _policy(html: str) -> str:
    """Return what the page of an issue may load: its own looks, and the pictures that stand in it.

    That those come from the organisation itself was seen to when the mail was made.
    """
    hosts = " ".join(sorted(set(_PICTURE.findall(html))))
    return (
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; "
        f"style-src 'unsafe-inline'; img-src 'self' {hosts}".strip()
    )


def _issue_text(site: Site, request: Request) -> Response:
    issue = _find(site, request)
    headers = site.headers(site.words(request), private=False)
    headers["content-language"] = issue.kept.language
    return PlainTextResponse(issue.kept.text + "\n", headers=headers)


def _feed(site: Site, request: Request) -> Response:
    # A feed has one address for all readers, so it speaks the organisation's language.
    words = site.own_words
    issues = sent_issues(site.settings, site.engine)
    path = request.url.path.rpartition("/")[2]
    channel = Channel(
        title=words.feed_title.format(organisation=site.organisation.name),
        about=words.archive_title,
        url=site.public_url + ARCHIVE_PATH,
        own_url=f"{site.public_url}/{path}",
        language=words.code,
        author=site.organisation.name,
    )
    entries = _entries(site, issues)
    kind, content = (
        ("rss", rss(channel, entries))
        if path == "rss.xml"
        else ("atom", atom(channel, entries, now=clock.now()))
    )
    return Response(
        content,
        headers=site.headers(words, private=False),
        media_type=f"application/{kind}+xml; charset=utf-8",
    )


def _entries(site: Site, issues: Sequence[SentIssue]) -> list[Entry]:
    return [
        Entry(
            title=issue.kept.subject,
            url=f"{site.public_url}{ARCHIVE_PATH}/{issue.name}",
            at=issue.at,
            summary=issue.kept.preheader,
            language=issue.kept.language,
        )
        for issue in issues
    ]


def _privacy(site: Site, request: Request) -> Response:
    words, organisation = site.words(request), site.organisation
    periods = {"confirm": UNCONFIRMED_KEPT.days, "retention": organisation.retention_days}
    return site.page(
        request,
        "privacy",
        private=False,
        lead=words.privacy_lead.format(legal_name=organisation.legal_name),
        rows=[(what, how_long.format(**periods)) for what, how_long in words.privacy_rows],
    )
