"""Everything that is kept of a person, in words for that person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from flows.audience.people import Subscriber, Subscription, Suppression
from flows.campaign.issues import sent_issues
from flows.campaign.person import Known
from flows.compose.wording import short_date
from flows.console.public.site import LANGUAGE_NAMES, Site
from flows.console.public.words import Words
from flows.models import DeliveryState
from flows.reporting.idiom import LANGUAGES

Row = tuple[str, str]
Section = tuple[str, list[Row]]
"""A heading, and what stands under it: what it is, and how it is."""


def sections(site: Site, known: Known, words: Words) -> list[Section]:
    """Return what is kept of a person, part by part; parts that hold nothing are left out."""
    found: list[Section] = []
    if known.subscriber is not None:
        found.append((words.data.person, list(_person(site, known.subscriber, words))))
        found += [
            (site.list_title(each.list, words), list(_subscription(site, each, words)))
            for each in known.subscriber.subscriptions
        ]
    if known.suppression is not None:
        found.append((words.data.barred, [_barred(site, known.suppression, words)]))
    left = [(site.list_title(list_, words), _moment(site, at, words)) for list_, at in known.left]
    titles = {issue.name: issue.kept.subject for issue in sent_issues(site.settings, site.engine)}
    mails = [
        (_moment(site, datetime.fromisoformat(each["at"]), words), _mail(each, titles, words))
        for each in known.deliveries
    ]
    returned = [
        (_moment(site, datetime.fromisoformat(each["at"]), words), str(each["kind"]))
        for each in known.returned
    ]
    rest = ((words.data.left, left), (words.data.mails, mails), (words.data.returned, returned))
    return found + [(title, rows) for title, rows in rest if rows]


def _person(site: Site, person: Subscriber, words: Words) -> Iterator[Row]:
    yield words.address, person.address
    yield words.name, person.name or words.data.none
    yield words.data.language, LANGUAGE_NAMES.get(person.language, person.language)
    yield from person.fields.items()
    yield words.data.since, _moment(site, person.created_at, words)


def _subscription(site: Site, each: Subscription, words: Words) -> Iterator[Row]:
    says = words.data
    yield says.state, says.states[each.state]
    yield says.wording, f"‘{each.wording}’"
    yield says.purpose, each.purpose
    yield says.where, each.source
    moments = (
        (says.asked, each.asked_at),
        (says.confirmed, each.confirmed_at),
        (says.ended, each.ended_at),
    )
    yield from ((label, _moment(site, at, words)) for label, at in moments if at is not None)


def _barred(site: Site, barred: Suppression, words: Words) -> Row:
    return _moment(site, barred.at, words), words.data.reasons[barred.reason]


def _mail(each: Mapping[str, object], titles: Mapping[str, str], words: Words) -> str:
    state = LANGUAGES[words.code].states[DeliveryState(str(each["state"]))]
    slug = str(each["campaign"])
    return f"{titles.get(slug, slug)}: {state}"


def _moment(site: Site, moment: datetime, words: Words) -> str:
    local = moment.astimezone(ZoneInfo(site.organisation.time_zone))
    return f"{short_date(local.date(), words.code)}, {local:%H:%M}"
