"""Commands that change what is out: correct, withdraw."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from flows.campaign.channel_kinds import CHANNEL_KINDS
from flows.campaign.correcting import Correction, Did, StepToCorrect, correct, to_correct
from flows.campaign.withdrawing import StepToWithdraw, delete_posts, stop_and_cancel, to_withdraw
from flows.cli.afterwards import IN_PART
from flows.cli.opened import Opened, opened
from flows.errors import AuthLost, OproepError
from flows.ledger.engagement import OutPost
from flows.ledger.frozen import FrozenStep

_STEP = click.argument("step", type=int, required=False)
_YES = click.option("--yes", is_flag=True, help="Do not ask.")
_BY = click.option("--by", "who", help="Your name, for the report.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@click.command("correct")
@click.argument("campaign")
@_STEP
@_YES
@_BY
@_JSON
def correct_command(
    campaign: str, step: int | None, yes: bool, who: str | None, as_json: bool
) -> int:
    """Give posts of CAMPAIGN, or of one STEP, that are out the text of the changed draft.

    Like everything that goes out, the change must be approved first.
    """
    with opened(campaign) as there:
        there.ledger.campaign(there.slug)
        _require_approval(there)
        steps = to_correct(there.ledger, there.campaign, there.settings, step=step)
        for line in _what_changes(there.slug, steps):
            click.echo(line, err=True)
        if not yes and any(one.change or one.look_at for one in steps):
            click.confirm(
                "Do this? Who passed a post on is told of the change.", abort=True, err=True
            )
        made = []
        for each in correct(there.ledger, there.campaign, there.settings, step=step, who=who):
            made.append(each)
            if not as_json:
                _say_correction(each)
    if as_json:
        told = [
            _post_json(each.post) | {"did": each.did, "fault": _words(each.fault)} for each in made
        ]
        click.echo(json.dumps({"posts": told}, ensure_ascii=False, indent=2))
    elif not made:
        click.echo("No post is out that could be corrected.")
    return _code([each.fault for each in made])


def _what_changes(slug: str, steps: list[StepToCorrect]) -> Iterator[str]:
    """Yield what a correction will do, in words."""
    for one in steps:
        label = _label(one.step)
        for post in one.change:
            yield f"Changes the text of post {post.part + 1} of {label}: {post.receipt.url}"
        if one.look_at:
            yield f"Changes the alternative texts of {label} where they differ."
        for post in one.cannot:
            yield f"Cannot change post {post.part + 1} of {label}: {post.receipt.url}"
        for post in one.by_hand:
            yield f"Change it yourself: {post.receipt.url or label}."
        if one.by_hand:
            yield f"Then say `oproep done {slug} {one.step.number} --corrected`."


def _label(step: FrozenStep) -> str:
    return f"step {step.number}, {CHANNEL_KINDS[step.channel].label}"


def _require_approval(there: Opened) -> None:
    """Refuse a change that nobody approved.

    Raises:
        InputError: nobody did, or not enough people.
    """
    from flows.campaign.launching import not_approved, standing_approvals

    _, missing = standing_approvals(there.campaign, there.settings, there.ledger)
    if missing:
        raise not_approved(there.slug, missing)


def _say_correction(made: Correction) -> None:
    if made.fault is not None:
        click.echo(f"{_name(made.post)}: {made.did}. {made.fault}", err=True)
        return
    told = {Did.CORRECTED: "corrected", Did.UNCHANGED: "stood there like that already"}
    click.echo(f"{_name(made.post)}: {told[made.did]}. {made.post.receipt.url}")


@click.command("withdraw")
@click.argument("campaign")
@_STEP
@_YES
@_BY
@_JSON
def withdraw_command(
    campaign: str, step: int | None, yes: bool, who: str | None, as_json: bool
) -> int:
    """Delete the posts of CAMPAIGN, or of one STEP, and cancel what has not gone out."""
    with opened(campaign) as there:
        steps = to_withdraw(there.ledger, there.slug, step=step)
        for line in _what(there.slug, steps):
            click.echo(line, err=True)
        if not any(one.delete or one.cancel or one.in_doubt for one in steps):
            click.echo("There is nothing that Oproep can withdraw.", err=as_json)
            return IN_PART if any(one.by_hand for one in steps) else 0
        if not yes:
            click.confirm("Do this? It cannot be undone.", abort=True, err=True)
        faults, told = _withdraw(there, step, who, quiet=as_json)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    left = any(one.by_hand for one in steps)
    return _code(faults) or (IN_PART if left else 0)


def _what(slug: str, steps: list[StepToWithdraw]) -> list[str]:
    """Return what a withdrawal will do, in words."""
    lines = []
    for one in steps:
        label = _label(one.step)
        posts = f"{len(one.delete)} post{'' if len(one.delete) == 1 else 's'}"
        told = {
            f"Deletes {posts} of {label}, the last one first.": one.delete,
            f"Cancels {one.cancel} not yet sent of {label}.": one.cancel,
            f"Looks for {one.in_doubt} of {label} that may be out.": one.in_doubt
            and not CHANNEL_KINDS[one.step.channel].is_mail,
            f"Leaves {one.stays} mails of {label}: what was mailed cannot be called back.": (
                one.stays
            ),
        }
        lines += [words for words, applies in told.items() if applies]
        lines += [f"Delete it yourself: {post.receipt.url or label}." for post in one.by_hand]
        if one.by_hand:
            lines.append(f"Then say `oproep done {slug} {one.step.number} --withdrawn`.")
    return lines


def _withdraw(
    there: Opened, step: int | None, who: str | None, *, quiet: bool
) -> tuple[list[OproepError | None], dict[str, object]]:
    """Stop, look for what may be out, cancel the rest, delete what is out."""
    from flows.campaign.settling import settle_posts

    faults: list[OproepError | None] = []
    cancelled = stop_and_cancel(there.ledger, there.slug, step=step, who=who)
    for settled in settle_posts(there.ledger, there.slug, there.settings, step=step):
        faults.append(settled.fault)
        if settled.fault and not quiet:
            click.echo(f"Step {settled.doubt.step}: {settled.fault}", err=True)
    # What turned out not to be out must not go out any more either.
    cancelled += stop_and_cancel(there.ledger, there.slug, step=step, who=who)
    if not quiet:
        click.echo(f"Cancelled: {cancelled}.")
    posts = []
    for each in delete_posts(there.ledger, there.campaign, there.settings, step=step, who=who):
        faults.append(each.fault)
        posts.append(_post_json(each.post) | {"fault": _words(each.fault)})
        if not quiet and each.fault:
            click.echo(f"{_name(each.post)}: not deleted. {each.fault}", err=True)
        elif not quiet:
            click.echo(f"{_name(each.post)}: deleted. {each.post.receipt.url}")
    return faults, {"cancelled": cancelled, "posts": posts}


def _name(post: OutPost) -> str:
    return f"step {post.step} {post.channel} post {post.part + 1}"


def _post_json(post: OutPost) -> dict[str, object]:
    return {
        "step": post.step,
        "channel": post.channel,
        "part": post.part + 1,
        "url": post.receipt.url,
    }


def _words(fault: OproepError | None) -> str | None:
    return str(fault) if fault else None


def _code(faults: list[OproepError | None]) -> int:
    """Return the exit code: credentials before all else, then in part."""
    if any(isinstance(fault, AuthLost) for fault in faults):
        return AuthLost.exit_code
    return IN_PART if any(faults) else 0
