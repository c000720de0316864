"""Launching: what was approved is frozen, once, and what was changed and approved since adopted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flows import clock
from flows.campaign.checks import check_campaign
from flows.campaign.fingerprint import fingerprint
from flows.campaign.folder import Campaign
from flows.campaign.freezing import People, frozen_campaign, planned_deliveries
from flows.campaign.held import changed_since_approval
from flows.campaign.issues import keep_issue
from flows.campaign.plan import PLAN_FILE
from flows.campaign.rendering import compose_step
from flows.errors import InputError
from flows.ledger.adopting import adopt
from flows.ledger.approvals import Approvals
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign
from flows.models import Problem, Severity, StepState
from flows.settings import Settings


class Launch(StrEnum):
    """What a launch did."""

    FROZEN = "frozen"
    """It was not launched before; now it is."""
    ADOPTED = "adopted"
    """It was launched; what was changed and approved since holds from now on."""
    UNCHANGED = "unchanged"
    """It was launched like this already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A launched campaign, and what the launch did."""

    campaign: FrozenCampaign
    did: Launch


def require_no_errors(campaign: Campaign, settings: Settings) -> list[Problem]:
    """Return a campaign's warnings.

    Raises:
        InputError: it has errors; each is named.
    """
    problems = check_campaign(campaign, settings)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        listed = "; ".join(f"{problem.where}: {problem.what}" for problem in errors[:3])
        more = f"; and {len(errors) - 3} more" if len(errors) > 3 else ""
        raise InputError(
            f"{len(errors)} errors stand in the way: {listed}{more}",
            where=campaign.slug,
            mend=f"Mend them; `oproep check {campaign.slug}` lists them all.",
        )
    return problems


def standing_approvals(
    campaign: Campaign, settings: Settings, ledger: Ledger
) -> tuple[tuple[str, ...], int]:
    """Return who approved a campaign exactly as it is now, and how many have yet to.

    Raises:
        InputError: something of it cannot be read.
    """
    mark = fingerprint(campaign, settings)
    names = Approvals(ledger.engine, campaign.slug).names(mark)
    return names, max(0, campaign.organisation.approvals - len(names))


def launch_campaign(
    campaign: Campaign, settings: Settings, ledger: Ledger, people: People
) -> Launched:
    """Freeze an approved campaign, or adopt what was changed and approved since it was frozen.

    Doing it again changes nothing.

    Args:
        campaign: As it lies on disk.
        settings: Of this installation.
        ledger: Where it is frozen.
        people: Whom it reaches.

    Raises:
        InputError: it has errors, is not approved as it is now, or its last deadline has passed.
        LedgerError: it was frozen, and a step that has begun is another one now.
    """
    mark = fingerprint(campaign, settings)
    there = ledger.find(campaign.slug)
    if there is not None and not is_changed(there, mark):
        return Launched(campaign=there, did=Launch.UNCHANGED)
    require_no_errors(campaign, settings)
    _, missing = standing_approvals(campaign, settings, ledger)
    if missing:
        raise not_approved(campaign.slug, missing)
    if there is None:
        _require_future(campaign)
    frozen = frozen_campaign(campaign, settings)
    deliveries = planned_deliveries(campaign, settings, people)
    if there is None:
        launched = Launched(campaign=ledger.freeze(frozen, deliveries), did=Launch.FROZEN)
    else:
        lifted = changed_since_approval(there.slug, there.language)
        adopted = adopt(ledger, frozen, deliveries, lifted=lifted)
        launched = Launched(campaign=adopted, did=Launch.ADOPTED)
    _keep_issues(campaign, settings, launched.campaign)
    return launched


def is_changed(launched: FrozenCampaign, mark: str) -> bool:
    """Return whether a launched campaign is another one now, or is held back for having been."""
    held = changed_since_approval(launched.slug, launched.language)
    return launched.fingerprint != mark or any(
        step.state is StepState.PAUSED and (step.reason or "").startswith(held)
        for step in launched.steps
    )


def _require_future(campaign: Campaign) -> None:
    """See to it that something can still go out.

    Raises:
        InputError: every deadline has passed.
    """
    last = max(step.deadline for step in campaign.plan.steps)
    if last <= clock.now():
        raise InputError(
            f"The last deadline was on {last.astimezone(campaign.zone):%Y-%m-%d at %H:%M}; "
            "nothing would go out any more.",
            where=f"{campaign.slug}/{PLAN_FILE}",
            mend=f"`oproep move {campaign.slug} --event …` gives the event another time.",
        )


def _keep_issues(campaign: Campaign, settings: Settings, frozen: FrozenCampaign) -> None:
    """Keep the web page of each issue that has not begun to go out, as it was approved."""
    for step in campaign.plan.steps:
        if step.kind.is_mail and frozen.step(step.number).started_at is None:
            mail = compose_step(campaign, step, settings).mail
            keep_issue(settings, campaign.slug, step=step.number, mail=mail)


def not_approved(slug: str, missing: int) -> InputError:
    """Return what to say of a campaign that nobody, or not enough people, approved."""
    who = "a colleague" if missing == 1 else f"{missing} colleagues"
    return InputError(
        "It is not approved as it is now.",
        where=slug,
        mend=f"Let {who} look at `oproep preview {slug}` and say "
        f"`oproep approve {slug} --by NAME`; `oproep diff {slug}` shows what changed since.",
    )
