"""What a step sends, and to whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flows.audience.faults import Faults
from flows.audience.table import nearest
from flows.campaign.channel_kinds import Whose
from flows.campaign.folder import (
    PARTNERS_FILE,
    Campaign,
)
from flows.campaign.pictures import read_picture
from flows.campaign.plan import Step
from flows.compose.mail import read_mail_draft, render_mail
from flows.compose.messages import Picture, Post
from flows.compose.mime import Attachment
from flows.compose.networks import NETWORKS, Network
from flows.compose.posts import (
    DraftPicture,
    PostDraft,
    makes_card,
    read_post_draft,
    render_posts,
)
from flows.compose.rendered import RenderedMail, partner_recipient
from flows.compose.wording import Marking
from flows.models import Problem, Recipient, Severity
from flows.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContent:
    """What one step sends to each of its recipients: a mail, or a thread of posts."""

    posts: tuple[Post, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    """The files that go with the mail, in the order of the draft."""
    rendered: RenderedMail | None = None

    @property
    def mail(self) -> RenderedMail:
        """The mail of a mail step.

        Raises:
            LookupError: the step sends posts.
        """
        if self.rendered is None:
            raise LookupError("this step sends posts, not mail")
        return self.rendered


def compose_step(campaign: Campaign, step: Step, settings: Settings) -> StepContent:
    """Return what a step sends; in a rehearsal it is marked as one.

    The same step of the same `Campaign` is composed once.

    Raises:
        InputError: the draft, the item, the organisation or an attachment cannot be used.
    """
    return compose(campaign, step, settings, marking_of(settings))


def marking_of(settings: Settings) -> Marking:
    """Return how messages are marked under these settings."""
    return Marking.NONE if settings.rehearsal is None else Marking.REHEARSAL


def compose(campaign: Campaign, step: Step, settings: Settings, marking: Marking) -> StepContent:
    """Return what a step sends, marked as given.

    Raises:
        InputError: as `compose_step`.
    """
    key = (step.channel, step.account, step.draft, marking, settings.templates_dir)
    if key not in campaign.composed:
        campaign.composed[key] = (
            _mail(campaign, step, settings, marking)
            if step.kind.is_mail
            else _posts(campaign, step)
        )
    content: StepContent = campaign.composed[key]
    return content


def _mail(campaign: Campaign, step: Step, settings: Settings, marking: Marking) -> StepContent:
    draft = read_mail_draft(campaign.draft_text(step.draft), where=str(campaign.path / step.draft))
    mail = render_mail(
        draft,
        kind=step.kind.sends,
        organisation=campaign.organisation,
        item=campaign.item,
        templates=settings.templates_dir,
        marking=marking,
    )
    there = campaign.attachments if mail.attachments else {}
    return StepContent(
        rendered=mail, attachments=tuple(there[name] for name in mail.attachments if name in there)
    )


def _posts(campaign: Campaign, step: Step) -> StepContent:
    draft = read_post_draft(campaign.draft_text(step.draft), where=str(campaign.path / step.draft))
    network = NETWORKS[step.channel]
    posts = render_posts(
        draft,
        network=network,
        account=step.account,
        item=campaign.item,
        pictures=[
            read_picture(campaign.path, step.draft, each, network) for each in draft.pictures
        ],
        thumbnail=_thumbnail(campaign, step, draft, network),
        mentions=_mentions(campaign, draft, network),
    )
    return StepContent(posts=posts)


def _thumbnail(
    campaign: Campaign, step: Step, draft: PostDraft, network: Network
) -> Picture | None:
    """Read the picture of the link's card, where there is one.

    Raises:
        InputError: as `read_picture`.
    """
    if not draft.thumbnail or not makes_card(draft, network, pictures=len(draft.pictures)):
        return None
    thumbnail = DraftPicture(file=draft.thumbnail)
    return read_picture(campaign.path, step.draft, thumbnail, network)


def _mentions(campaign: Campaign, draft: PostDraft, network: Network) -> dict[str, str]:
    """Return what stands for each partner that a draft mentions: its handle, or its plain name.

    Raises:
        Faults: one of them is no partner; `partner-unknown`.
    """
    if not draft.mentions:
        return {}
    handles: dict[str, str] = {}
    for partner in campaign.partners:
        handle = partner.handles.get(network.key, "")
        known = handles.get(partner.organisation)
        handles[partner.organisation] = known or (f"@{handle}" if handle else "")
    unknown = [name for name in draft.mentions if name not in handles]
    if unknown:
        raise Faults(
            "The draft mentions partners that are none.",
            [
                _error(
                    "partner-unknown",
                    Path(draft.where),
                    f"{name[:80]!r} is no organisation in {PARTNERS_FILE}.",
                    f"{nearest(name, handles)} Write it as it stands there.".strip(),
                )
                for name in unknown
            ],
        )
    return {name: handles[name] or name for name in draft.mentions}


def _error(code: str, where: Path, what: str, mend: str) -> Problem:
    return Problem(severity=Severity.ERROR, code=code, where=str(where), what=what, mend=mend)


def recipients_of(campaign: Campaign, step: Step, readers: Iterable[Recipient]) -> list[Recipient]:
    """Return whom a step reaches, with what a draft may fill in for each.

    Args:
        campaign: The campaign.
        step: One of its steps.
        readers: The subscribers of the step's list, or a rehearsal's invented readers.

    Raises:
        InputError: the partners cannot be read.
    """
    if step.kind.whose is Whose.PARTNERS:
        return [partner_recipient(partner) for partner in campaign.partners]
    if step.kind.whose is Whose.SUBSCRIBERS:
        return list(readers)
    return [Recipient(address=f"{step.account}@{step.channel}", name=step.account)]
