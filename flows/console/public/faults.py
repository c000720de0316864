"""What one sees when something is wrong: a page in plain words, and the right status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from flows.campaign.issues import ARCHIVE_PATH
from flows.console.public.site import SIGNUP_PATH, Site
from flows.console.public.words import Notice, Words

Handler = Callable[[Request, Exception], Awaitable[Response]]

_NOTICES: Mapping[int, Callable[[Words], Notice]] = {
    404: lambda words: words.not_found,
    405: lambda words: words.method,
    408: lambda words: words.too_slow,
    413: lambda words: words.too_large,
    415: lambda words: words.not_a_form,
}


def _unreadable(words: Words) -> Notice:
    return words.bad_request


def handlers(site: Site, pages: Sequence[Route]) -> Mapping[type[Exception], Handler]:
    """Return what answers when a page cannot, by the kind of exception."""

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 400
        headers = {"allow": _allowed(site, pages, request)} if status == 405 else {}
        if status == 405 and request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
        if status == 404 and (path := _without_slash(site, pages, request)):
            return RedirectResponse(path, 308)
        words = site.words(request)
        notice = _NOTICES.get(status, _unreadable)(words)
        links = ((SIGNUP_PATH, words.nav_signup), (ARCHIVE_PATH, words.nav_archive))
        return site.notice(request, notice, status=status, links=links, headers=headers)

    async def broken(request: Request, error: Exception) -> Response:  # noqa: ARG001
        # It is raised once more after this answer, so that the server's log has it.
        words = site.words(request)
        return site.notice(request, words.broken, status=500)

    return {HTTPException: refused, Exception: broken}


def _without_slash(site: Site, pages: Sequence[Route], request: Request) -> str | None:
    """Return the address of the page that was meant, if only a slash too many stands behind it."""
    path = site.here(request)
    plain = path.rstrip("/")
    found = plain != path and any(page.path_regex.fullmatch(plain) for page in pages)
    return f"{site.base}{quote(plain)}" if found else None


def _allowed(site: Site, pages: Sequence[Route], request: Request) -> str:
    """Return the methods of all pages with this address."""
    path = site.here(request)
    found = {
        method for page in pages if page.path_regex.fullmatch(path) for method in page.methods or ()
    }
    return ", ".join(sorted(found | {"OPTIONS"}))
