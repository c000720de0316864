"""The call to the person who has to post by hand: a mail with all that is needed, at the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from flows import clock
from flows.campaign.folder import Campaign
from flows.campaign.rendering import compose_step
from flows.campaign.settling import delivery_name
from flows.channels.batch import Outcome, Outgoing
from flows.channels.byhand import OPENS, WITHOUT_ADDRESS, ByHand, calendar_entry
from flows.channels.opening import open_account, open_mail
from flows.compose.messages import Mail, Post
from flows.compose.mime import Attachment, MailSpec, compile_mail, message_id
from flows.compose.mime_headers import wire_address
from flows.compose.networks import NETWORKS
from flows.compose.slots import literal
from flows.compose.wording import is_dutch
from flows.database import reading
from flows.errors import OproepError
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenStep
from flows.ledger.journal import note
from flows.ledger.threads import BY_HAND
from flows.models import DeliveryState
from flows.settings import Settings

REMINDED = "reminded"
"""What the journal calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    subject: str
    body: str
    """`{network} {moment} {page} {slug} {step} {said} {opens} {texts}`"""
    picture: str
    """`{name} {alt}`"""
    address: str


_DUTCH = _Words(
    subject="Nu plaatsen op {network}: {title}",
    body="""\
Het is tijd om dit op {network} te plaatsen. Dat moet gebeuren vóór {moment}.

1. Kopieer de tekst hieronder.
2. Open {opens}, plak de tekst en voeg de afbeelding toe.
3. Neem de alternatieve tekst van de afbeelding over.
4. Plaats het bericht en meld dat:

   oproep done {slug} {step} {said}

Plaatst u het niet? Meld dan waarom, zodat het in het verslag staat:

   oproep done {slug} {step} --not-done --why "…"

Op de computer waar Oproep draait, ligt alles klaar in:
{page}

{texts}
""",
    picture="Afbeelding {name}. Alternatieve tekst: {alt}",
    address="ADRES",
)
_ENGLISH = _Words(
    subject="To be posted on {network} now: {title}",
    body="""\
It is time to post this on {network}. It has to be done before {moment}.

1. Copy the text below.
2. Open {opens}, paste the text and add the picture.
3. Give the picture its alternative text.
4. Post it, and say so:

   oproep done {slug} {step} {said}

Will you not post it? Then say why, so that it stands in the report:

   oproep done {slug} {step} --not-done --why "…"

On the computer that runs Oproep everything lies ready in:
{page}

{texts}
""",
    picture="Picture {name}. Alternative text: {alt}",
    address="ADDRESS",
)


async def remind(ledger: Ledger, step: FrozenStep, campaign: Campaign, settings: Settings) -> None:
    """Call the person who posts by hand, once for what was laid ready; failing is only noted.

    The mail goes to where the organisation reads its answers. Without a mail server the folder
    and the journal have to do.
    """
    if settings.rehearsal is not None or not _is_new(ledger, campaign.slug, step):
        return
    planned = next(one for one in campaign.plan.steps if one.number == step.number)
    posts = compose_step(campaign, planned, settings).posts
    page = _page(settings, campaign.slug, step)
    to = campaign.organisation.mail.reply_to
    if settings.smtp_url is None:
        words = f"Lies ready in {page}. No mail server is set, so nobody was mailed."
    else:
        try:
            await _send(settings, step, reminder(settings, campaign, step, posts, page))
            words = f"Lies ready in {page}. Mailed to {to}."
        except OproepError as error:
            words = f"Lies ready in {page}. {to} could not be mailed: {error}"
    with ledger.engine.begin() as connection:
        note(connection, campaign.slug, REMINDED, step=step.number, words=words)


def reminder(
    settings: Settings, campaign: Campaign, step: FrozenStep, posts: tuple[Post, ...], page: str
) -> Mail:
    """Return the mail that calls a person to post: the texts, the pictures, a calendar entry.

    Raises:
        InputError: it cannot be made, say for an address that is none.
    """
    organisation = campaign.organisation
    words = _DUTCH if is_dutch(organisation.language) else _ENGLISH
    network = NETWORKS[step.channel].label
    title = campaign.item.title
    local = step.deadline.astimezone(campaign.zone)
    texts = "\n\n".join(_shown(post, words) for post in posts)
    to = organisation.mail.reply_to
    subject = words.subject.format(network=network, title=title)
    body = words.body.format(
        network=network,
        moment=f"{local:%d-%m-%Y %H:%M}",
        page=page,
        slug=campaign.slug,
        step=step.number,
        said="--no-url" if step.channel in WITHOUT_ADDRESS else f"--url {words.address}",
        opens=OPENS[step.channel],
        texts=texts,
    )
    spec = MailSpec(
        subject=literal(subject),
        text=literal(body),
        language=organisation.language,
        sender_name=organisation.mail.from_name,
        sender_address=organisation.mail.from_address,
        auto_submitted="auto-generated",
        attachments=[*_pictures(posts), _entry(campaign.slug, step, subject, page)],
    )
    secret = settings.secret_key.get_secret_value() if settings.secret_key else ""
    host = organisation.mail.from_address.rpartition("@")[2]
    content = compile_mail(spec).cut(
        to_name="",
        to_address=to,
        message_id=message_id(
            secret=secret,
            campaign=f"{campaign.slug} {clock.now().isoformat()}",
            step=step.number,
            recipient=to,
            host=host,
        ),
        date=clock.now().replace(microsecond=0),
        values={},
    )
    return Mail(
        sender=organisation.mail.from_address,
        recipient=wire_address(to),
        content=content,
        ready=True,
    )


def _shown(post: Post, words: _Words) -> str:
    rule = f"--- {post.number}/{post.of} " if post.of > 1 else "---"
    pictures = [words.picture.format(name=each.file_name, alt=each.alt) for each in post.pictures]
    return "\n".join([f"{rule:-<60}", post.text, "-" * 60, *pictures])


def _pictures(posts: tuple[Post, ...]) -> list[Attachment]:
    return [
        Attachment(
            file_name=picture.file_name, media_type=picture.media_type, content=picture.content
        )
        for post in posts
        for picture in post.pictures
    ]


def _entry(slug: str, step: FrozenStep, summary: str, page: str) -> Attachment:
    entry = calendar_entry(
        summary=summary, at=step.at, uid=f"{slug}/{step.number}@oproep", description=page
    )
    return Attachment(file_name="herinnering.ics", media_type="text/calendar", content=entry)


def _page(settings: Settings, slug: str, step: FrozenStep) -> str:
    """Return the page from which the first of the posts is copied."""
    channel = open_account(settings, network=step.channel, account=step.account)
    if not isinstance(channel, ByHand):
        raise TypeError(f"{step.channel} is not done by hand")
    folder = channel.folder_of(delivery_name(slug, step.number, 0))
    return str((folder / "post.html").resolve())


async def _send(settings: Settings, step: FrozenStep, mail: Mail) -> None:
    """Hand the mail over.

    Raises:
        OproepError: the server did not take it.
    """
    waiting = [Outgoing(0, mail)]
    outcomes: list[Outcome] = []
    end = await open_mail(settings, step=step.channel).deliver_many(
        lambda _most: [waiting.pop()] if waiting else [],
        record=lambda _begun, done: outcomes.extend(done),
        stop=lambda: False,
    )
    state = outcomes[-1].state if outcomes else None
    if state is not DeliveryState.SENT:
        reply = outcomes[-1].reply if outcomes else ""
        raise OproepError(reply or end.words or "The mail server did not take it.")


def _is_new(ledger: Ledger, slug: str, step: FrozenStep) -> bool:
    """Return whether something lies ready that nobody was called for yet."""
    d, j = t.delivery.c, t.journal.c
    with reading(ledger.engine) as connection:
        laid: datetime | None = connection.scalar(
            select(func.max(d.updated_at)).where(
                d.step_id == step.id, d.state == DeliveryState.DEFERRED, d.reason == BY_HAND
            )
        )
        called: datetime | None = connection.scalar(
            select(func.max(j.at)).where(j.slug == slug, j.step == step.number, j.act == REMINDED)
        )
    return laid is not None and (called is None or called < laid)
