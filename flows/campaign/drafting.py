"""From the item to editable drafts and a plan, without ever losing what a person wrote."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from textwrap import shorten
from typing import Literal
from zoneinfo import ZoneInfo

from flows.campaign.folder import (
    ATTACHMENTS,
    ITEM_FILE,
    ORGANISATION_FILE,
    read_attachments,
    read_organisation,
)
from flows.campaign.plan import PLAN_FILE, read_plan
from flows.errors import InputError
from flows.files import read_text, write_text
from flows.models import NewsItem
from flows.settings import Settings

RECORD_FILE = ".drafts.json"
"""SHA-256 of each file as it was last generated: a file that still has it was not edited."""

Outcome = Literal["written", "kept", "unchanged"]

_EVENT_WORDS = re.compile(
    r"\b(rondetafelgesprek|hoorzitting|commissiedebat|kamerdebat|debat|technische briefing"
    r"|procedurevergadering|commissievergadering|vergadering|stemming|zitting|demonstratie"
    r"|manifestatie|petitieaanbieding|bijeenkomst|conferentie|overleg|hearing|round ?table|debate"
    r"|demonstration|conference|meeting|vote)\b",
    re.IGNORECASE,
)


def write_drafts(
    settings: Settings, folder: Path, *, force: bool = False
) -> list[tuple[Path, Outcome]]:
    """Write the drafts and the plan of a campaign.

    A file that a person edited is kept, unless `force` is given. Everything is made before anything
    is written, and each file is written whole or not at all.

    Args:
        settings: Where the organisation's files are.
        folder: The campaign's folder, with an `item.md`.
        force: Write over edited files as well.

    Returns:
        Each file and what became of it: written; kept, because it was edited; or unchanged, because
        it already was what would have been written.

    Raises:
        InputError: the item, the organisation or an attachment cannot be read, or the folder
            cannot be written.
    """
    made = _made(settings, folder)
    record = _record(folder)
    outcomes: list[tuple[Path, Outcome]] = []
    for name, text in made.items():
        path = folder / name
        outcome = _outcome(path, text, record.get(name), force=force)
        if outcome == "written":
            write_text(path, text)
        if outcome != "kept":
            record[name] = _digest(text)
        outcomes.append((path, outcome))
    new_record = json.dumps(record, indent=1, sort_keys=True) + "\n"
    if not (folder / RECORD_FILE).exists() or read_text(folder / RECORD_FILE) != new_record:
        write_text(folder / RECORD_FILE, new_record)
    return outcomes


def _outcome(path: Path, text: str, recorded: str | None, *, force: bool) -> Outcome:
    if not path.exists():
        return "written"
    try:
        there = read_text(path)
    except InputError:
        # Not a text of ours any more, so certainly not what was generated.
        return "written" if force else "kept"
    if there == text:
        return "unchanged"
    return "written" if force or _digest(there) == recorded else "kept"


def _record(folder: Path) -> dict[str, str]:
    """Return the digests by file name; without a record every file counts as edited."""
    try:
        record = json.loads(read_text(folder / RECORD_FILE))
    except (InputError, ValueError):
        return {}
    if not isinstance(record, dict):
        return {}
    return {str(name): str(digest) for name, digest in record.items()}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _made(settings: Settings, folder: Path) -> Mapping[str, str]:
    """Return every file's text by its path within the folder."""
    from flows.compose.drafts import draft_files
    from flows.news import read_item

    item = read_item(folder / ITEM_FILE)
    organisation = read_organisation(settings.content_dir / ORGANISATION_FILE)
    name, event = _event(folder, item, ZoneInfo(organisation.time_zone))
    attachments = list(read_attachments(folder / ATTACHMENTS))
    drafts = draft_files(item, organisation, event=event, event_name=name, attachments=attachments)
    return {**drafts, PLAN_FILE: plan_text(item)}


def _event(folder: Path, item: NewsItem, zone: ZoneInfo) -> tuple[str, date | datetime | None]:
    """Return the event's name and local time: the officer's plan if there is one, or the item's."""
    try:
        event = read_plan(folder / PLAN_FILE, zone=zone).event
    except InputError:
        return _proposed_name(item), item.dates[0].date if item.dates else None
    local = event.at.astimezone(zone)
    return event.name, local if event.has_time else local.date()


def _proposed_name(item: NewsItem) -> str:
    """Return what the words around the proposed date call the event, or nothing."""
    word = _EVENT_WORDS.search(item.dates[0].text) if item.dates else None
    return word[0].capitalize() if word else ""


def plan_text(item: NewsItem) -> str:
    """Return a `campaign.toml` that leads up to the first date that the item proposes."""
    found = item.dates[0] if item.dates else None
    name = _proposed_name(item) or "[[vul in: hoe heet het?]]"
    at = found.date.isoformat() if found else '"[[vul in: datum en tijd, zoals 2026-02-12T10:00]]"'
    words = f"# Gevonden in het bericht: {_one_line(found.text)}\n" if found else ""
    return _PLAN.format(name=json.dumps(name, ensure_ascii=False), at=at, words=words)


def _one_line(text: str) -> str:
    """Return text as it may stand in a comment: printable, on one line, not too long."""
    printable = "".join(each if each.isprintable() else " " for each in text)
    return shorten(printable, 160, placeholder="…")


_PLAN = """\
# Het moment waar alles naartoe leidt, en wat er wanneer uitgaat.
# Verschuift het moment? Pas dan alleen `at` hieronder aan: de stappen schuiven mee.

[event]
{words}name = {name}
# Vul de tijd aan, zoals 2026-02-12T10:00. Zonder tijd telt het begin van die dag.
at = {at}

# Een moment schrijft u als "event - 17h", "event - 2 days at 09:00" of "at 2026-02-11 16:30".
# Wat niet voor de deadline kan beginnen, gaat niet uit. De deadline is het moment hierboven,
# tenzij de stap zelf een `deadline` noemt. Met `not_before` geldt een embargo.

# Een stap kan wachten. Komt het niet, dan gaat hij niet uit, of toch als er `otherwise` staat:
#   wait_for = "mailout"          tot die verzending klaar is en goed ging
#   wait_for = "issue"            tot de webpagina van de nieuwsbrief er staat
#   wait_for = "page"             tot het bericht op de eigen website staat; een adres kan ook
#   wait_until = "event - 2h"     zo lang (anders: tot de deadline)
#   otherwise = "send"            en dan gaat hij toch uit

[[step]]
channel = "mailout"
at = "event - 22h"

[[step]]
channel = "newsletter"
at = "event - 17h"
list = "nieuwsbrief"

[[step]]
channel = "mastodon"
at = "event - 16h"
draft = "posts/oproep.md"

[[step]]
channel = "bluesky"
at = "event - 16h"
draft = "posts/oproep.md"

# Twee uur ervoor krijgt het antwoordadres van de organisatie een mail: is alles verzonden, wat
# nog niet, en wat kan er nog? Op een ander moment:
# [alarm]
# at = "event - 3h"

# Wie partner is en ook de nieuwsbrief leest, krijgt wat het eerst uitgaat en de andere mail niet.
# Liever altijd dezelfde:
# [recipients]
# prefer = "mailout"
"""
