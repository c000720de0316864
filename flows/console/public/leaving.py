"""Unsubscribing: a page with one button, and the one click of a mail program (RFC 8058)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Engine, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from flows.audience.people import Left
from flows.audience.tokens import UNSUBSCRIBE_PATH
from flows.campaign.issues import LEAVE_PATH
from flows.console.public.forms import read_body
from flows.console.public.site import SIGNUP_PATH, Site
from flows.database import reading
from flows.errors import InputError
from flows.ledger import tables as t

BY_HAND = b"door=pagina"
"""What the button of our page adds to what a mail program sends."""


class Addressee(NamedTuple):
    """Who leaves what."""

    recipient: str
    """An address, or what the retention period left of it: its keyed hash."""
    list: str


def routes(site: Site) -> list[Route]:
    """Return the pages on which one unsubscribes."""

    async def show(request: Request) -> Response:
        return await run_in_threadpool(_show, site, request)

    async def leave(request: Request) -> Response:
        # Whatever the body says: the token alone is what counts, and who posts it wants to leave.
        body = await read_body(request)
        return await run_in_threadpool(_leave, site, request, by_hand=BY_HAND in body)

    async def without_link(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{site.base}{LEAVE_PATH}{query}", 303)

    return [
        Route(UNSUBSCRIBE_PATH.rstrip("/"), without_link, methods=["GET"]),
        Route(UNSUBSCRIBE_PATH + "{token}", show, methods=["GET"]),
        Route(UNSUBSCRIBE_PATH + "{token}", leave, methods=["POST"]),
    ]


def addressee(engine: Engine, delivery: int) -> Addressee | None:
    """Return whom a delivery went to, and on behalf of which list; None if it is not there."""
    if delivery >= 1 << 63:
        return None
    with reading(engine) as connection:
        row = connection.execute(
            select(t.delivery.c.recipient, t.step.c.list)
            .join(t.step, t.step.c.id == t.delivery.c.step_id)
            .where(t.delivery.c.id == delivery)
        ).first()
    return Addressee(row.recipient, row.list) if row is not None and row.list else None


def _whose(site: Site, request: Request) -> Addressee | Response:
    """Return who would leave with a link, or the page that says why it cannot be told."""
    words = site.words(request)
    links = ((LEAVE_PATH, words.privacy_own_page),)
    token = request.path_params["token"]
    try:
        number = site.unsubscribe_links.number(token if len(token) < 100 else "")
    except InputError:
        return site.notice(request, words.bad_link, status=404, links=links)
    found = addressee(site.engine, number)
    return found or site.notice(request, words.gone, status=410, links=links)


def _show(site: Site, request: Request) -> Response:
    found = _whose(site, request)
    if isinstance(found, Response):
        return found
    words = site.words(request)
    return site.page(
        request,
        "leave",
        heading=words.leave_title.format(list=site.list_title(found.list, words)),
        path=UNSUBSCRIBE_PATH + request.path_params["token"],
    )


def _leave(site: Site, request: Request, *, by_hand: bool) -> Response:
    found = _whose(site, request)
    if isinstance(found, Response):
        return found
    words = site.words(request)
    is_address = "@" in found.recipient
    site.audience.unsubscribe_address(
        site.audience.hash(found.recipient) if is_address else found.recipient,
        how=Left.LINK if by_hand else Left.ONE_CLICK,
        list_=found.list,
    )
    return site.notice(
        request,
        words.left,
        good=True,
        links=((SIGNUP_PATH, words.again), (LEAVE_PATH, words.see_data)),
        list=site.list_title(found.list, words),
    )
