"""The alarm: mails who is responsible, once each, when something does not go as it should.

It asks the ledger, not Prefect. What may be sent, and what was, stands there; a state in Prefect
can be wrong, and an automation of Prefect's runs only while its server does, on a runner that may
be what is missing. `oproep up` looks every half minute by itself, beside server and runner. What
went wrong while the whole machine was off is told as soon as it is on again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from flows import clock
from flows.alarm.approval import is_changed
from flows.alarm.runs import runs_letter
from flows.alarm.sending import mail_alarm
from flows.alarm.troubles import Letter, has_work, letters
from flows.campaign.folder import (
    ORGANISATION_FILE,
    find_campaign,
    load_campaign,
    read_organisation,
)
from flows.campaign.plan import CampaignPlan
from flows.database import open_database
from flows.errors import InputError, OproepError
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign
from flows.ledger.journal import note
from flows.ledger.underway import CHANGED, NO_CAMPAIGN, begin_once, note_once, recent
from flows.settings import Settings

ALARM = "alarm"
"""The act in the journal; its words tell which alarm it was, so that it is given once."""
AGAIN = timedelta(minutes=5)
"""When an alarm that could not be mailed is tried again."""
YOUNG = timedelta(days=1)
"""How long after its event a campaign is still watched over."""


def watch_over(settings: Settings, *, say: Callable[[str], None]) -> int:
    """Look at every launched campaign and give each alarm that was not given yet.

    Args:
        settings: Of this installation.
        say: Told each alarm as well, for the terminal.

    Returns:
        How many alarms were given.

    Raises:
        OproepError: the ledger cannot be opened, or an alarm cannot be mailed; it is tried again
            some minutes later.
    """
    engine = open_database(settings.database)
    try:
        ledger = Ledger(engine)
        ledger.close_overdue()
        given = int(_given_of_runs(settings, ledger, say))
        for frozen in recent(ledger, since=clock.now() - YOUNG):
            plan = _plan(settings, frozen)
            changed = has_work(frozen) and is_changed(settings, frozen)
            if changed:
                words = f"r{frozen.revision}"
                note_once(engine, frozen.slug, CHANGED, step=None, words=words)
            for letter in letters(ledger, frozen, plan, changed=changed):
                given += _given_once(settings, ledger, frozen.slug, plan, letter, say)
        return given
    finally:
        engine.dispose()


def _given_of_runs(settings: Settings, ledger: Ledger, say: Callable[[str], None]) -> bool:
    """Tell of runs that ended badly; return whether there was any to tell of."""
    try:
        organisation = read_organisation(settings.content_dir / ORGANISATION_FILE)
    except InputError:
        return False
    letter = runs_letter(ledger, organisation)
    return letter is not None and _given_once(settings, ledger, NO_CAMPAIGN, None, letter, say)


def _given_once(
    settings: Settings,
    ledger: Ledger,
    slug: str,
    plan: CampaignPlan | None,
    letter: Letter,
    say: Callable[[str], None],
) -> bool:
    """Give a letter's alarms that were not given before; return whether there were any.

    Each is begun in the journal first, so that of two machines that look at once one mails it.
    """
    new = [
        alarm
        for alarm in letter.alarms
        if begin_once(ledger.engine, slug, ALARM, step=alarm.step, words=alarm.key, again=AGAIN)
    ]
    if not new:
        return False
    subject, body = letter.subject, letter.body(new)
    if settings.smtp_url is None:
        say(f"{subject}\n{body}")
    else:
        organisation = read_organisation(settings.content_dir / ORGANISATION_FILE)
        to = (plan.alarm.to if plan else "") or organisation.mail.reply_to
        asyncio.run(mail_alarm(settings, organisation, to=to, subject=subject, body=body))
        say(f"{subject} (mailed to {to})")
    with ledger.engine.begin() as connection:
        for alarm in new:
            note(connection, slug, ALARM, step=alarm.step, words=alarm.key)
    return True


def _plan(settings: Settings, frozen: FrozenCampaign) -> CampaignPlan | None:
    """Return a campaign's plan; None if it cannot be read, which must not silence the alarm."""
    try:
        return load_campaign(find_campaign(settings, frozen.slug), settings).plan
    except OproepError:
        return None
