"""Subscribing with double opt-in: a form, a mail, a button."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows import clock
from flows.audience.people import (
    SELF_LIFTED,
    Consent,
    Details,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from flows.audience.subscribers import CONFIRM_WITHIN
from flows.campaign.issues import ARCHIVE_PATH, LEAVE_PATH
from flows.compose.messages import Mail
from flows.compose.slots import one_line
from flows.console.public.asking import faults, seal_for, take_on
from flows.console.public.forms import LONGEST_NAME, Form, checked_mailbox, line, read_form
from flows.console.public.links import PREFERENCES_FOR, Expired, row_of, timed_token
from flows.console.public.reading import latest_issue
from flows.console.public.site import CHOICE, CONFIRM_PATH, SIGNUP_PATH, Site
from flows.console.public.words import Words, in_words
from flows.errors import InputError

SOURCE = "bron"
"""The name in an address under which a page that leads here says which one it is."""
LONGEST_SOURCE = 80
OWN_PATH = f"{LEAVE_PATH}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asked for, for an address that may not be theirs."""

    address: str
    name: str
    lists: tuple[str, ...]
    source: str
    words: Words


def routes(site: Site) -> list[Route]:
    """Return the pages on which one subscribes."""

    async def form(request: Request) -> Response:
        return await run_in_threadpool(_form, site, request, {}, {})

    async def ask(request: Request) -> Response:
        return await run_in_threadpool(_ask, site, request, await read_form(request))

    async def show(request: Request) -> Response:
        return await run_in_threadpool(_show, site, request)

    async def confirm(request: Request) -> Response:
        return await run_in_threadpool(_confirm, site, request, await read_form(request))

    return [
        Route("/", form, methods=["GET"]),
        Route(SIGNUP_PATH, form, methods=["GET"]),
        Route(SIGNUP_PATH, ask, methods=["POST"]),
        Route(CONFIRM_PATH + "{token}", show, methods=["GET"]),
        Route(CONFIRM_PATH + "{token}", confirm, methods=["POST"]),
    ]


def _form(
    site: Site, request: Request, fields: Form, found: Mapping[str, str], status: int = 200
) -> Response:
    """Return the form, with what was entered and what is wrong with it."""
    words = site.words(request)
    return site.page(
        request,
        "signup",
        status=status,
        private=bool(fields),
        # Its seal has a time; a copy kept on the way would be too old for others.
        headers={"cache-control": "no-store"},
        found=found,
        lists=site.choices(words),
        chosen=fields.get("lists", ()),
        address=line(fields, "email")[:300],
        name=line(fields, "name")[:300],
        source=_source(request, fields),
        consent=words.consent.format(organisation=site.organisation.name),
        seal=seal_for(site, fields),
        latest=latest_issue(site, words),
    )


def _ask(site: Site, request: Request, fields: Form) -> Response:
    words = site.words(request)
    more: dict[str, str] = {}
    name = line(fields, "name")
    if len(name) > LONGEST_NAME:
        more["name"] = words.fault_name
    there = [choice.key for choice in site.choices(words)]
    lists = there if len(there) == 1 else [key for key in there if key in fields.get("lists", ())]
    if not lists:
        more["lists"] = words.fault_list
    if found := faults(site, fields, words, more=more):
        return _form(site, request, fields, found, 422)
    asked = Asked(
        address=checked_mailbox(line(fields, "email")),
        name=name,
        lists=tuple(lists),
        source=_where(site, _source(request, fields)),
        words=words,
    )
    job = partial(letter_for, site, asked)
    return take_on(site, request, fields, notice=words.asked, address=asked.address, job=job)


def letter_for(site: Site, asked: Asked) -> Mail | None:
    """Note what was asked for, and return the mail that its owner gets, if any."""
    if not site.counter.address(asked.address):
        return None
    subscriptions = [_subscribe(site, asked, list_) for list_ in asked.lists]
    person = site.audience.subscriber(subscriptions[0].subscriber_id)
    if person is None or not _may_be_mailed(person):
        return None
    words = asked.words
    open_ = [each for each in subscriptions if _is_open(person, each)]
    if open_:
        letter, signer, path = words.letter_confirm, site.confirm_links, CONFIRM_PATH
    else:
        letter, signer, path = words.letter_already, site.own_links, OWN_PATH
    token = timed_token(signer, person.id, good_for=CONFIRM_WITHIN if open_ else PREFERENCES_FOR)
    titles = [site.list_title(each.list, words) for each in open_ or subscriptions]
    return site.sender.mail(
        letter,
        words,
        person=person,
        url=f"{site.public_url}{path}{token}?{CHOICE}={words.code}",
        lists=in_words(titles, words),
    )


def _subscribe(site: Site, asked: Asked, list_: str) -> Subscription:
    words = asked.words
    about = site.lists[list_].about_in(words.code)
    return site.audience.subscribe(
        asked.address,
        list_,
        details=Details(name=asked.name, language=words.code),
        consent=Consent(
            wording=words.consent.format(organisation=site.organisation.name),
            purpose=f"{site.list_title(list_, words)}: {about}" if about else list_,
            source=asked.source,
        ),
    )


def _may_be_mailed(person: Subscriber) -> bool:
    return person.suppression is None or person.suppression.reason in SELF_LIFTED


def _is_open(person: Subscriber, subscription: Subscription) -> bool:
    """Return whether there is something for the address's owner to confirm.

    Who is on the list but whose mailbox was full or gone confirms as well: that the mail arrives
    is the proof that it works again.
    """
    if subscription.state is SubscriptionState.CONFIRMED:
        return person.suppression is not None
    return (
        subscription.state is SubscriptionState.PENDING
        and clock.now() < subscription.asked_at + CONFIRM_WITHIN
    )


def _person(site: Site, request: Request) -> Subscriber | Response:
    """Return whose subscription a link confirms, or the page that says why it cannot."""
    words = site.words(request)
    again = ((SIGNUP_PATH, words.nav_signup),)
    try:
        row = row_of(site.confirm_links, request.path_params["token"])
    except Expired:
        return site.notice(request, words.expired_confirm, status=410, links=again)
    except InputError:
        return site.notice(request, words.bad_link, status=404, links=again)
    person = site.audience.subscriber(row)
    return person or site.notice(request, words.gone, status=410, links=again)


def _show(site: Site, request: Request) -> Response:
    person = _person(site, request)
    if isinstance(person, Response):
        return person
    words = site.words(request)
    lists = [each.list for each in person.subscriptions if _is_open(person, each)]
    if not lists or not _may_be_mailed(person):
        links = ((LEAVE_PATH, words.privacy_own_page), (SIGNUP_PATH, words.home))
        return site.notice(request, words.confirm_nothing, links=links)
    return site.page(
        request,
        "confirm",
        lists=[site.choice(key, words) for key in lists],
        path=CONFIRM_PATH + request.path_params["token"],
    )


def _confirm(site: Site, request: Request, fields: Form) -> Response:
    person = _person(site, request)
    if isinstance(person, Response):
        return person
    words = site.words(request)
    # Only what stood on the page: somebody may have asked for more in the meantime.
    shown = [each for each in person.subscriptions if each.list in fields.get("lists", ())]
    confirmed = [each.list for each in shown if _confirmed(site, person, each)]
    if not confirmed:
        links = ((LEAVE_PATH, words.privacy_own_page), (SIGNUP_PATH, words.home))
        return site.notice(request, words.confirm_nothing, links=links)
    return site.notice(
        request,
        words.confirmed,
        good=True,
        links=((ARCHIVE_PATH, words.nav_archive), (LEAVE_PATH, words.nav_preferences)),
        lists=in_words([site.list_title(key, words) for key in confirmed], words),
    )


def _confirmed(site: Site, person: Subscriber, subscription: Subscription) -> bool:
    """Confirm, as the owner; return whether the person is on the list now."""
    if not _may_be_mailed(person):
        return False
    if subscription.state is SubscriptionState.CONFIRMED and person.suppression is not None:
        site.audience.lift(person.address)
    return site.audience.confirm(subscription.id) is not None


def _source(request: Request, fields: Form) -> str:
    """Return which page led here, if it said so."""
    given = line(fields, SOURCE) or one_line(request.query_params.get(SOURCE, ""))
    return given[:LONGEST_SOURCE]


def _where(site: Site, source: str) -> str:
    page = f"{site.public_url}{SIGNUP_PATH}"
    return f"{page} ({source})" if source else page
