"""What pages need beside themselves: the style sheet, the icon, a word to search engines."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from flows.audience.tokens import UNSUBSCRIBE_PATH
from flows.campaign.issues import LEAVE_PATH
from flows.console.public.site import CONFIRM_PATH, ICON_PATH, STYLE_PATH, Site


def routes(site: Site) -> list[Route]:
    """Return what pages need beside themselves."""

    async def style(request: Request) -> Response:  # noqa: ARG001
        return _kept(site.style, "text/css; charset=utf-8")

    async def icon(request: Request) -> Response:  # noqa: ARG001
        return _kept(site.icon, "image/svg+xml")

    async def robots(request: Request) -> Response:  # noqa: ARG001
        hidden = (UNSUBSCRIBE_PATH, CONFIRM_PATH, f"{LEAVE_PATH}/")
        rules = "".join(f"Disallow: {site.base}{path}\n" for path in hidden)
        return PlainTextResponse(f"User-agent: *\n{rules}")

    return [
        Route(STYLE_PATH, style, methods=["GET"]),
        Route(ICON_PATH, icon, methods=["GET"]),
        Route("/robots.txt", robots, methods=["GET"]),
    ]


def _kept(content: str, media_type: str) -> Response:
    """Return what browsers may keep for good: its address changes when it does."""
    headers = {
        "cache-control": "public, max-age=604800",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'",
    }
    return Response(content, headers=headers, media_type=media_type)
