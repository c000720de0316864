"""Newsletter issues as web pages: kept when a campaign is launched, shown once they went out.

An issue is kept as it was approved, so that a later change of a draft, a template or the
organisation's colours does not change what stands in the archive.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Engine, select

from flows.campaign.channel_kinds import CHANNEL_KINDS
from flows.compose.rendered import RenderedMail
from flows.compose.slots import value_of
from flows.database import reading
from flows.files import MAX_TEXT_BYTES, checked_slug, read_text, write_text
from flows.ledger import tables as t
from flows.models import MessageKind, Value
from flows.settings import Settings

FOLDER = "issues"
"""Below the folder for what the program keeps."""
ARCHIVE_PATH = "/nieuwsbrief"
"""Where, below the public URL, the archive of the issues answers."""
LEAVE_PATH = "/voorkeuren"
"""Where, below the public URL, those can leave who have no link of their own at hand."""


def issue_url(settings: Settings, name: str) -> str:
    """Return where an issue's page answers; a campaign's first has the campaign's name."""
    return f"{settings.public_url.rstrip('/')}{ARCHIVE_PATH}/{name}"


class KeptIssue(Value):
    """What the page of an issue shows. It holds nothing of any reader."""

    subject: str
    preheader: str
    language: str
    html: str
    """A whole page."""
    text: str


class SentIssue(Value):
    """An issue that went out."""

    name: str
    """What it is called in its address; unlike that of any other issue."""
    at: datetime
    """When its first copy went out; aware, UTC."""
    list: str
    kept: KeptIssue


def keep_issue(settings: Settings, slug: str, *, step: int, mail: RenderedMail) -> Path | None:
    """Keep the page of a newsletter step, to be shown as soon as the step has begun.

    Launching calls it for every step that sends an issue; calling it again replaces the page.

    Args:
        settings: Of this installation; a rehearsal keeps nothing.
        slug: The campaign's.
        step: The step's number.
        mail: What the step sends, as rendered in earnest.

    Returns:
        The file, or None if nothing was kept.

    Raises:
        InputError: it cannot be written.
    """
    if settings.rehearsal is not None or mail.kind is not MessageKind.ISSUE:
        return None
    leave = value_of(settings.public_url.rstrip("/") + LEAVE_PATH)
    page = replace(
        mail,
        html=mail.html.replace(mail.words.why_reader, mail.words.why_page),
        text=mail.text.replace(mail.words.why_reader, mail.words.why_page),
        neutral={**mail.neutral, "unsubscribe_url": leave},
    )
    kept = KeptIssue(
        subject=mail.subject,
        preheader=mail.preheader,
        language=mail.language,
        html=page.page_html(),
        text=page.page_text(),
    )
    path = _path(settings, slug, step)
    write_text(path, kept.model_dump_json(indent=1))
    return path


def sent_issues(settings: Settings, engine: Engine) -> list[SentIssue]:
    """Return the issues that began to go out in earnest, the latest first.

    Raises:
        InputError: a kept page cannot be read.
    """
    issues = [key for key, kind in CHANNEL_KINDS.items() if kind.sends is MessageKind.ISSUE]
    with reading(engine) as connection:
        rows = connection.execute(
            select(t.campaign.c.slug, t.step.c.number, t.step.c.list, t.step.c.started_at)
            .join(t.step, t.step.c.campaign_id == t.campaign.c.id)
            .where(t.campaign.c.rehearsal.is_(False), t.step.c.channel.in_(issues))
            .order_by(t.step.c.number)
        ).all()
    # Of all steps, not of those that began: an address may not change when another one begins.
    firsts: dict[str, int] = {}
    for row in rows:
        firsts.setdefault(row.slug, row.number)
    begun = sorted(
        (row for row in rows if row.started_at), key=lambda row: row.started_at, reverse=True
    )
    return [
        SentIssue(
            # A second newsletter of one campaign, such as one in English, has its number with it.
            name=row.slug if firsts[row.slug] == row.number else f"{row.slug}.{row.number}",
            at=row.started_at,
            list=row.list,
            kept=kept,
        )
        for row in begun
        if (kept := _kept(_path(settings, row.slug, row.number))) is not None
    ]


def _path(settings: Settings, slug: str, step: int) -> Path:
    return settings.var_dir / FOLDER / f"{checked_slug(slug)}.{step}.json"


def _kept(path: Path) -> KeptIssue | None:
    """Return a kept issue; None if none was, as for campaigns of before there was an archive."""
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return None
    return _read(path, changed)


@lru_cache(maxsize=256)
def _read(path: Path, changed: int) -> KeptIssue:  # noqa: ARG001 (a changed file is read anew)
    return KeptIssue.model_validate_json(read_text(path, most=2 * MAX_TEXT_BYTES))
