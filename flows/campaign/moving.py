"""Moving the event: the plan says its new time, and what is launched follows."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flows.campaign.folder import Campaign
from flows.campaign.moments import read_moment
from flows.campaign.plan import PLAN_FILE, CampaignPlan, read_plan
from flows.errors import InputError
from flows.files import read_text, write_text
from flows.ledger.book import Ledger
from flows.ledger.control import Control


def move_event(
    campaign: Campaign, moment: str, *, ledger: Ledger, who: str | None = None
) -> Campaign:
    """Write the event's new time into `campaign.toml` and give launched steps their new times.

    Args:
        campaign: The campaign.
        moment: As people write it, in the organisation's zone: `2026-02-12T13:00`.
        ledger: Where it is launched, if it is.
        who: The person who moves it.

    Returns:
        The campaign as it is now.

    Raises:
        InputError: it is no moment, has no time, or the plan would have faults; nothing changes.
    """
    to = read_moment(moment, zone=campaign.zone, event=None)
    if not to.has_time:
        raise InputError(
            f"{moment!r} has no time, and every step hangs on it.",
            where="--event",
            mend=f"Write the time as well: {moment}T10:00.",
        )
    moved = Campaign(slug=campaign.slug, path=campaign.path, content_dir=campaign.content_dir)
    plan = _rewritten(campaign, to.at)
    if ledger.find(campaign.slug) is not None:
        Control(ledger).move(
            campaign.slug,
            event_at=plan.event.at,
            times={step.number: (step.starts, step.deadline) for step in plan.steps},
            who=who,
        )
    return moved


def _rewritten(campaign: Campaign, at: datetime) -> CampaignPlan:
    """Write the event's moment into the plan, keeping all else as a person wrote it."""
    # tomlkit is imported only here: it takes a tenth of a second.
    import tomlkit
    from tomlkit.items import Table

    path = campaign.path / PLAN_FILE
    document = tomlkit.parse(read_text(path))
    event = document["event"]
    if not isinstance(event, Table):
        raise InputError("There is no event to move.", where=str(path), mend="Write `[event]`.")
    event["at"] = _as_written(at, campaign.zone)
    trial = path.with_name(f".{PLAN_FILE}.new")
    try:
        write_text(trial, tomlkit.dumps(document))
        plan = read_plan(trial, zone=campaign.zone)
    finally:
        trial.unlink(missing_ok=True)
    write_text(path, tomlkit.dumps(document))
    return plan


def _as_written(at: datetime, zone: ZoneInfo) -> datetime:
    """Return a moment as a plan writes it: local; with its offset only where two are meant."""
    local = at.astimezone(zone)
    naive = local.replace(tzinfo=None)
    unambiguous = (
        naive.replace(tzinfo=zone, fold=0).utcoffset()
        == naive.replace(tzinfo=zone, fold=1).utcoffset()
    )
    return naive if unambiguous else local
