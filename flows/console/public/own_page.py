"""A person's own page: choose, leave, see and erase. Its link is mailed to them on request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.audience.people import (
    SELF_LIFTED,
    Consent,
    Details,
    Left,
    Subscriber,
    SubscriptionState,
)
from flows.campaign.issues import LEAVE_PATH
from flows.campaign.person import known_of
from flows.campaign.retention import forget
from flows.compose.messages import Mail
from flows.console.public.asking import faults, seal_for, take_on
from flows.console.public.forms import LONGEST_NAME, Form, checked_mailbox, line, read_form
from flows.console.public.links import PREFERENCES_FOR, Expired, row_of, timed_token
from flows.console.public.own_data import sections
from flows.console.public.site import (
    CHOICE,
    LANGUAGE_NAMES,
    LANGUAGES,
    SIGNUP_PATH,
    Choice,
    Site,
)
from flows.console.public.words import Words
from flows.errors import InputError
from flows.returns.keeping import letters_folder

OWN = LEAVE_PATH + "/{token}"


def routes(site: Site) -> list[Route]:
    """Return a person's own pages."""

    async def form(request: Request) -> Response:
        return await run_in_threadpool(_form, site, request, {}, {})

    async def ask(request: Request) -> Response:
        return await run_in_threadpool(_ask, site, request, await read_form(request))

    async def show(request: Request) -> Response:
        return await run_in_threadpool(_show, site, request)

    async def act(request: Request) -> Response:
        return await run_in_threadpool(_act, site, request, await read_form(request))

    async def data(request: Request) -> Response:
        return await run_in_threadpool(_data, site, request)

    async def data_file(request: Request) -> Response:
        return await run_in_threadpool(_data_file, site, request)

    async def warn(request: Request) -> Response:
        return await run_in_threadpool(_warn, site, request)

    async def erase(request: Request) -> Response:
        return await run_in_threadpool(_forget, site, request)

    return [
        Route(LEAVE_PATH, form, methods=["GET"]),
        Route(LEAVE_PATH, ask, methods=["POST"]),
        Route(OWN, show, methods=["GET"]),
        Route(OWN, act, methods=["POST"]),
        Route(f"{OWN}/gegevens", data, methods=["GET"]),
        Route(f"{OWN}/gegevens.json", data_file, methods=["GET"]),
        Route(f"{OWN}/wissen", warn, methods=["GET"]),
        Route(f"{OWN}/wissen", erase, methods=["POST"]),
    ]


# --- the link ------------------------------------------------------------------------------------


def _form(
    site: Site, request: Request, fields: Form, found: Mapping[str, str], status: int = 200
) -> Response:
    return site.page(
        request,
        "ask",
        status=status,
        found=found,
        address=line(fields, "email")[:300],
        seal=seal_for(site, fields),
    )


def _ask(site: Site, request: Request, fields: Form) -> Response:
    words = site.words(request)
    if found := faults(site, fields, words):
        return _form(site, request, fields, found, 422)
    address = checked_mailbox(line(fields, "email"))
    job = partial(letter_for, site, address, words)
    return take_on(site, request, fields, notice=words.link_asked, address=address, job=job)


def letter_for(site: Site, address: str, words: Words) -> Mail | None:
    """Return the mail with the link to the page of who has this address, if anybody has."""
    person = site.audience.find(address)
    if person is None or not site.counter.address(address):
        return None
    if person.suppression is not None and person.suppression.reason not in SELF_LIFTED:
        return None
    token = timed_token(site.own_links, person.id, good_for=PREFERENCES_FOR)
    return site.sender.mail(
        words.letter_own,
        words,
        person=person,
        url=f"{site.public_url}{LEAVE_PATH}/{token}?{CHOICE}={words.code}",
    )


def _person(site: Site, request: Request) -> Subscriber | Response:
    """Return whose page a link opens, or the page that says why it does not."""
    words = site.words(request)
    again = ((LEAVE_PATH, words.privacy_own_page), (SIGNUP_PATH, words.home))
    try:
        row = row_of(site.own_links, request.path_params["token"])
    except Expired:
        return site.notice(request, words.expired_own, status=410, links=again)
    except InputError:
        return site.notice(request, words.bad_link, status=404, links=again)
    person = site.audience.subscriber(row)
    return person or site.notice(request, words.gone, status=410, links=again)


# --- choosing ------------------------------------------------------------------------------------


def _show(site: Site, request: Request) -> Response:
    person = _person(site, request)
    if isinstance(person, Response):
        return person
    return _page(site, request, person)


def _page(
    site: Site,
    request: Request,
    person: Subscriber,
    *,
    done: str = "",
    fields: Form | None = None,
    found: Mapping[str, str] | None = None,
) -> Response:
    words = site.words(request)
    return site.page(
        request,
        "own",
        status=422 if found else 200,
        done=done,
        found=found or {},
        says=words.own_says.format(address=person.address),
        lists=_choices(site, person, words),
        chosen=person.lists if fields is None else fields.get("lists", ()),
        consent=words.own_consent.format(organisation=site.organisation.name),
        languages=[
            Choice(key=code, title=name, language=code) for code, name in LANGUAGE_NAMES.items()
        ],
        language=person.language if fields is None else line(fields, "language"),
        name=person.name if fields is None else line(fields, "name")[:300],
        path=f"{LEAVE_PATH}/{request.path_params['token']}",
    )


def _choices(site: Site, person: Subscriber, words: Words) -> list[Choice]:
    """Return the lists that are open to everybody, and those that this person is on."""
    public = site.choices(words)
    others = [key for key in person.lists if key not in {choice.key for choice in public}]
    return public + [site.choice(key, words) for key in others]


def _act(site: Site, request: Request, fields: Form) -> Response:
    person = _person(site, request)
    if isinstance(person, Response):
        return person
    words = site.words(request)
    act = line(fields, "act")
    if act == "leave":
        site.audience.unsubscribe_address(person.address_hash, how=Left.PREFERENCES)
        done = words.own_left_all
    elif act != "save":
        raise HTTPException(400)
    elif len(line(fields, "name")) > LONGEST_NAME:
        found = {"name": words.fault_name}
        return _page(site, request, person, fields=fields, found=found)
    else:
        _save(site, person, fields, words)
        done = words.own_saved
    return _page(site, request, site.audience.subscriber(person.id) or person, done=done)


def _save(site: Site, person: Subscriber, fields: Form, words: Words) -> None:
    """Write down everything that was chosen, at once or not at all."""
    wanted = set(fields.get("lists", ()))
    language = line(fields, "language")
    details = Details(
        name=line(fields, "name"),
        language=language if language in LANGUAGES else person.language,
        fields=person.fields,
    )
    with site.engine.begin() as connection:
        audience = site.audience.within(connection)
        for choice in _choices(site, person, words):
            there = person.on(choice.key)
            on = there is not None and there.state is SubscriptionState.CONFIRMED
            if there is not None and on and choice.key not in wanted:
                audience.unsubscribe(there.id, how=Left.PREFERENCES)
            elif not on and choice.key in wanted:
                consent = Consent(
                    wording=words.own_consent.format(organisation=site.organisation.name),
                    purpose=f"{choice.title}: {choice.about}" if choice.about else choice.title,
                    source=f"{site.public_url}{LEAVE_PATH}",
                )
                # The link was mailed to this address, so it is its owner who asks.
                asked = audience.subscribe(
                    person.address, choice.key, details=details, consent=consent
                )
                audience.confirm(asked.id)
        audience.change_details(person.id, details)


# --- seeing and erasing --------------------------------------------------------------------------


def _data(site: Site, request: Request) -> Response:
    person = _person(site, request)
    if isinstance(person, Response):
        return person
    known = known_of(site.audience, person.address)
    return site.page(
        request,
        "data",
        sections=sections(site, known, site.words(request)),
        path=f"{LEAVE_PATH}/{request.path_params['token']}",
    )


def _data_file(site: Site, request: Request) -> Response:
    person = _person(site, request)
    if isinstance(person, Response):
        return person
    known = known_of(site.audience, person.address)
    headers = site.headers(site.words(request), private=True)
    headers["content-disposition"] = 'attachment; filename="gegevens.json"'
    content = json.dumps(known.to_json(), ensure_ascii=False, indent=2)
    return Response(content + "\n", headers=headers, media_type="application/json")


def _warn(site: Site, request: Request) -> Response:
    person = _person(site, request)
    if isinstance(person, Response):
        return person
    return site.page(request, "forget", path=f"{LEAVE_PATH}/{request.path_params['token']}")


def _forget(site: Site, request: Request) -> Response:
    person = _person(site, request)
    if isinstance(person, Response):
        return person
    words = site.words(request)
    forget(site.audience, person.address, letters=letters_folder(site.settings.var_dir))
    return site.notice(request, words.forgotten, good=True, links=((SIGNUP_PATH, words.home),))
