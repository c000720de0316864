"""The alarm about runs that nobody waits for: rounds, and launches that were planned in Prefect.

What becomes of a campaign's own steps is told with the campaign.
"""

from __future__ import annotations

from datetime import timedelta

from flows import clock
from flows.alarm.troubles import Alarm, Letter
from flows.alarm.words import alarm_words
from flows.ledger.book import Ledger
from flows.ledger.journal import entries
from flows.ledger.underway import ENDED_BADLY, NO_CAMPAIGN
from flows.models import Organisation
from flows.reporting.idiom import Idiom

FRESH = timedelta(days=1)
"""How long after it was noted it is still told that a run ended badly."""


def runs_letter(ledger: Ledger, organisation: Organisation) -> Letter | None:
    """Return the letter about runs that ended badly since yesterday; None if there are none."""
    words = alarm_words(organisation.language)
    idiom = Idiom(organisation.language, organisation.time_zone)
    noted = [
        entry
        for entry in entries(ledger.engine, NO_CAMPAIGN)
        if entry.act == ENDED_BADLY and entry.at > clock.now() - FRESH
    ]
    if not noted:
        return None
    return Letter(
        subject=words.run_subject,
        head=words.run_head,
        alarms=[
            Alarm(
                key=f"run {entry.words}",
                step=None,
                text=words.run.format(name=entry.words.split()[0], moment=idiom.moment(entry.at)),
            )
            for entry in noted
        ],
        foot=words.sign_off,
    )
