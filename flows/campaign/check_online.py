"""What only the other side can tell before a launch: accounts, live limits, handles, links.

    account-missing           a step's account is not set up, or what answers is no such server
    account-refused           it does not let us in
    account-unreachable       it does not answer now
    account-other             it is not the one that organisation.toml names
    account-scopes            its token may not do all that posting takes
    account-clock             its server's clock and this machine's are apart
    handle-unknown            nobody has a mentioned handle
    link-broken, link-unsure  a link leads nowhere, or to a page that does not open for a program

And by the server's own limits everything that `flows.channels.posts` finds; what the mail server
says is in `flows.campaign.check_relay`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit

from flows.campaign.check_relay import of_relay
from flows.campaign.folder import ORGANISATION_FILE, Campaign
from flows.campaign.look import error, found, relative, warning
from flows.campaign.plan import Step
from flows.campaign.rendering import StepContent, compose_step
from flows.channels.base import Finding
from flows.channels.opening import open_account
from flows.compose.length import links
from flows.errors import AuthLost, Deferred, InputError, OproepError
from flows.models import Organisation, Problem
from flows.news.guard import Deadline, NotPublic, guarded_session
from flows.settings import Settings

PATIENCE = 15.0
"""Seconds that a linked page may take to answer."""
AT_ONCE = 8
_ONE_IS_WRONG = "Correct the one that is wrong."
_NOT_FOR_PROGRAMS = (401, 402, 403, 405, 406, 429, 503)
"""What sites answer to a program that a browser would not meet."""
_HREF = re.compile(r"""href=["'](https?://[^"'<>\s]+)["']""", re.IGNORECASE)


def check_online(
    campaign: Campaign, settings: Settings, *, allow_private: bool = False
) -> list[Problem]:
    """Return what accounts and linked pages say; what cannot be read is left to the other checks.

    Args:
        campaign: The campaign.
        settings: Where the accounts are.
        allow_private: Whether links may lead to an intranet.
    """
    try:
        steps = [(step, compose_step(campaign, step, settings)) for step in campaign.plan.steps]
    except InputError:
        return []
    problems = [
        problem
        for step, content in steps
        if not step.kind.is_mail
        for problem in _of_account(step, content, settings, campaign.organisation)
    ]
    problems += _of_mail(steps, campaign, settings)
    problems += _of_links(steps, settings, allow_private=allow_private)
    base = relative(str(campaign.path), settings.content_dir)
    return [replace(each, where=f"{base}/{each.where}") for each in dict.fromkeys(problems)]


def _of_mail(
    steps: Sequence[tuple[Step, StepContent]], campaign: Campaign, settings: Settings
) -> list[Problem]:
    """Ask the mail server; what keeps it from being asked is told by the other checks."""
    try:
        return list(of_relay(steps, campaign, settings))
    except OproepError:
        return []


def _of_account(
    step: Step, content: StepContent, settings: Settings, organisation: Organisation
) -> Iterator[Problem]:
    """Ask a step's account what it thinks of its posts."""
    where = step.draft
    try:
        channel = open_account(settings, network=step.channel, account=step.account)
        name = channel.name()
        if other := other_account(name, step.channel, step.account, organisation):
            yield warning("account-other", where, f"{_account(step)}: {other}", _ONE_IS_WRONG)
        channel.limits()
        # Who has no name on a network is a person, and nothing to look into.
        yield from _of_token(step, channel.probe() if name else ())
        for post in content.posts:
            place = f"{where}, post {post.number}" if post.of > 1 else where
            for problem in (*channel.validate(post), *channel.check_online(post)):
                yield replace(problem, where=place)
    except AuthLost as fault:
        yield error("account-refused", where, f"{_account(step)}: {fault.what}", fault.mend)
    except Deferred as fault:
        mend = fault.mend or "Look again later; a launch waits for it until its deadline."
        yield warning("account-unreachable", where, f"{_account(step)}: {fault.what}", mend)
    except OproepError as fault:
        yield error("account-missing", where, f"{_account(step)}: {fault.what}", fault.mend)


def other_account(name: str, network: str, account: str, organisation: Organisation) -> str | None:
    """Return what to say if posts would appear on another account than the organisation names.

    Args:
        name: The account's own, as the network has it.
        network: Key of the channel.
        account: Its name in the settings; the organisation names only the one without.
        organisation: Whose account it should be.
    """
    meant = organisation.accounts.get(network, "")
    if not name or not meant or account != "default" or _bare(name) == _bare(meant):
        return None
    return f"it would appear on {name}, and {ORGANISATION_FILE} names {meant}."


def _bare(name: str) -> str:
    return name.lstrip("@").casefold()


def _of_token(step: Step, findings: Iterable[Finding]) -> Iterator[Problem]:
    """Turn what a look at an account found into problems, where there is something to mend."""
    for finding in findings:
        if finding.severity is not None and finding.mend and finding.name in ("scopes", "clock"):
            what = f"{_account(step)}: {finding.what}"
            yield found(finding.severity, f"account-{finding.name}", step.draft, what, finding.mend)


def _account(step: Step) -> str:
    return f"Step {step.number}, {step.kind.label}"


def _of_links(
    steps: Iterable[tuple[Step, StepContent]], settings: Settings, *, allow_private: bool
) -> Iterator[Problem]:
    own = urlsplit(settings.public_url).hostname
    wanted: dict[str, str] = {}
    for step, content in steps:
        for url in _links_in(content):
            if urlsplit(url).hostname != own:
                wanted.setdefault(url.partition("#")[0], step.draft)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as several:
        answers = several.map(lambda url: _answer(url, allow_private=allow_private), wanted)
        for (url, where), answer in zip(wanted.items(), answers, strict=True):
            if answer is not None:
                yield replace(answer, where=where, what=f"{url}: {answer.what}")


def _links_in(content: StepContent) -> Iterator[str]:
    for post in content.posts:
        yield from (span.value for span in links(post.text))
        if post.link:
            yield post.link
    if content.rendered is not None:
        yield from (url.replace("&amp;", "&") for url in _HREF.findall(content.rendered.html))


def _answer(url: str, *, allow_private: bool) -> Problem | None:
    """Return what is wrong with what a link leads to."""
    import requests

    mend = "Correct the link, or put the page online before the launch."
    try:
        with (
            Deadline(PATIENCE) as deadline,
            guarded_session(allow_private=allow_private, deadline=deadline) as session,
            session.get(
                url, stream=True, timeout=PATIENCE, headers={"User-Agent": "Oproep"}
            ) as answer,
        ):
            status = answer.status_code
    except (requests.RequestException, OSError, ValueError) as fault:
        if private := _cause(fault):
            mend = "Readers outside cannot open it. If that is meant, add --allow-private."
            return error("link-broken", "", f"it leads to an intranet: {private}.", mend)
        return error("link-broken", "", "it does not answer.", mend)
    if status in _NOT_FOR_PROGRAMS:
        words = f"it answers {status}, perhaps to programs only."
        return warning("link-unsure", "", words, "Open it in a browser.")
    if status >= 400:
        return error("link-broken", "", f"it answers {status}.", mend)
    return None


def _cause(fault: BaseException) -> NotPublic | None:
    """Return the refusal to go to an intranet, if that is what is behind a fault."""
    seen: set[int] = set()
    waiting: list[object] = [fault]
    while waiting:
        each = waiting.pop()
        if isinstance(each, NotPublic):
            return each
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            reason = getattr(each, "reason", None)
            waiting += [*each.args, each.__cause__, each.__context__, reason]
    return None
