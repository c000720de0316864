"""Taking on what a form asks for, with one answer for everybody.

Whoever fills in an address gets the same page after the same work, whether the address is known or
not. What follows happens in the mailroom, and only the mailbox's owner gets to see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from flows.console.public.forms import Form, Seal, checked_mailbox, line
from flows.console.public.mailroom import Job
from flows.console.public.site import SIGNUP_PATH, Site
from flows.console.public.words import Notice, Words

NO_MORE: Mapping[str, str] = MappingProxyType({})
TRAP = "website"
"""A field that people do not see; programs fill it in."""


def faults(
    site: Site, fields: Form, words: Words, *, more: Mapping[str, str] = NO_MORE
) -> dict[str, str]:
    """Return what is wrong with a form that asks for mail: by field, empty for the whole form.

    Args:
        site: The public pages.
        fields: The form.
        words: The language.
        more: What else is wrong, by field.
    """
    found: dict[str, str] = {}
    try:
        checked_mailbox(line(fields, "email"))
    except ValueError as error:
        says = {"missing": words.fault_missing, "long": words.fault_long}
        found["email"] = says.get(str(error), words.fault_wrong)
    found |= more
    seal = {
        Seal.HASTY: words.fault_hasty,
        Seal.OLD: words.fault_old,
        Seal.NONE: words.fault_seal,
    }.get(site.seals.look(line(fields, "seal")))
    # It only asks to press the button once more, as whatever else is wrong does.
    return found or ({"": seal} if seal else {})


def seal_for(site: Site, fields: Form) -> str:
    """Return the seal of a form that is shown (again): the one it came with, if that is ours."""
    given = line(fields, "seal")
    genuine = site.seals.look(given) in (Seal.WHOLE, Seal.HASTY)
    return given if genuine else site.seals.new()


def take_on(
    site: Site, request: Request, fields: Form, *, notice: Notice, address: str, job: Job
) -> Response:
    """Have the mailroom do what a faultless form asks for, and say so.

    Args:
        site: The public pages.
        request: What is answered.
        fields: The form.
        notice: The answer.
        address: For the answer, so that a slip of the finger is seen.
        job: What is to be done.
    """
    words = site.words(request)
    links = ((SIGNUP_PATH, words.home),)
    if site.mailroom is None:
        return site.notice(request, words.busy, status=503, links=links)
    if not site.counter.network(site.network(request)):
        retry = {"retry-after": "3600"}
        return site.notice(request, words.too_often, status=429, headers=retry, links=links)
    # A program that walked into the trap is told what everybody is told.
    if not line(fields, TRAP) and not site.mailroom.put(job):
        return site.notice(request, words.busy, status=503, links=links)
    return site.notice(request, notice, good=True, address=address)
