"""From a claim in the ledger to a message on its way: made for one, given to a channel."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from flows import clock
from flows.audience.tokens import Purpose, Signer, unsubscribe_url, verp_sender
from flows.campaign.folder import Campaign
from flows.campaign.rendering import StepContent, compose_step
from flows.channels.outbox import MailOutbox, PostOutbox
from flows.compose.messages import Mail, Post
from flows.compose.mime import MailSpec, compile_mail, message_id
from flows.compose.mime_headers import wire_address
from flows.compose.rendered import slot_values
from flows.compose.slots import slot
from flows.errors import SettingsError
from flows.ledger.book import FrozenStep, Ledger
from flows.ledger.hand_over import Claim
from flows.models import MessageKind, Receipt, Recipient
from flows.settings import Settings


class Carrier(Protocol):
    """What hands over the deliveries of one step, one at a time."""

    in_order: bool
    """Whether a delivery must wait for the one before it, as in a thread of posts."""

    def deliver(self, claim: Claim) -> Receipt:
        """Make one attempt.

        Raises:
            DeliveryError: as `channels.base` says.
        """
        ...

    def prepare(self, claim: Claim) -> None:
        """Make the message ready, before an attempt is written down.

        Raises:
            OproepError: it cannot be made for this recipient.
        """
        ...


def open_carrier(
    settings: Settings, ledger: Ledger, campaign: Campaign, step: FrozenStep
) -> Carrier:
    """Return what carries one step.

    Raises:
        InputError: the campaign's texts cannot be used.
        SettingsError: there is no way to the other side.
    """
    planned = next(one for one in campaign.plan.steps if one.number == step.number)
    content = compose_step(campaign, planned, settings)
    if settings.rehearsal is None:
        raise SettingsError(
            "This version rehearses; it has no way to send yet.",
            where=campaign.slug,
            mend=f"`oproep rehearse {campaign.slug}` shows what would go out.",
        )
    folder = settings.outbox_in_progress
    if planned.kind.is_mail:
        return _MailCarrier(settings, campaign, step, content, MailOutbox(folder))
    return _ThreadCarrier(ledger, step, content, PostOutbox(folder))


class _MailCarrier:
    """One mail compiled once, and cut for each recipient."""

    in_order = False

    def __init__(
        self,
        settings: Settings,
        campaign: Campaign,
        step: FrozenStep,
        content: StepContent,
        channel: MailOutbox,
    ) -> None:
        if settings.secret_key is None:
            raise SettingsError(
                "There is no secret key to sign links and return addresses with.",
                where="OPROEP_SECRET_KEY",
                mend="`oproep doctor` says how to make one.",
            )
        self._secret = settings.secret_key.get_secret_value()
        self._unsubscribe = Signer(self._secret, Purpose.UNSUBSCRIBE)
        self._bounce = Signer(self._secret, Purpose.BOUNCE)
        self._public_url = settings.public_url
        self._slug = campaign.slug
        self._step = step
        self._rendered = content.mail
        self._channel = channel
        sender = campaign.organisation.mail
        self._sender_host = sender.from_address.rpartition("@")[2]
        self._return_domain = sender.return_domain or self._sender_host
        self._compiled = compile_mail(mail_spec(campaign, content, step))
        self._ready: Mail | None = None

    def prepare(self, claim: Claim) -> None:
        """Cut the mail for one recipient."""
        values = slot_values(
            self._rendered,
            Recipient(
                address=claim.recipient,
                name=claim.name,
                language=claim.language,
                values=claim.values,
            ),
            unsubscribe_url=unsubscribe_url(
                self._unsubscribe, claim.id, public_url=self._public_url
            ),
        )
        content = self._compiled.cut(
            to_name=claim.name,
            to_address=claim.recipient,
            message_id=message_id(
                secret=self._secret,
                campaign=self._slug,
                step=self._step.number,
                recipient=claim.recipient.casefold(),
                host=self._sender_host,
            ),
            date=clock.now(),
            values=values,
        )
        self._ready = Mail(
            sender=verp_sender(self._bounce, claim.id, domain=self._return_domain),
            recipient=wire_address(claim.recipient),
            content=content,
        )

    def deliver(self, claim: Claim) -> Receipt:
        """Hand the prepared mail to the channel."""
        if self._ready is None:
            raise LookupError("deliver before prepare")
        delivery_id = f"{self._step.channel}-{claim.id:04}"
        return self._channel.deliver(self._ready, delivery_id=delivery_id)


class _ThreadCarrier:
    """A thread of posts, in order, each answering the one before."""

    in_order = True

    def __init__(
        self, ledger: Ledger, step: FrozenStep, content: StepContent, channel: PostOutbox
    ) -> None:
        self._ledger = ledger
        self._step = step
        self._posts = content.posts
        self._channel = channel
        self._ready: Post | None = None

    def prepare(self, claim: Claim) -> None:
        """Take the post, and let it answer what is already out of its thread."""
        out = self._ledger.accepted(self._step.id)
        self._ready = replace(
            self._posts[claim.part], reply_to=out.get(claim.part - 1), root=out.get(0)
        )

    def deliver(self, claim: Claim) -> Receipt:
        """Hand the prepared post to the channel."""
        if self._ready is None:
            raise LookupError("deliver before prepare")
        delivery_id = f"{self._step.channel}-{claim.part + 1:02}"
        return self._channel.deliver(self._ready, delivery_id=delivery_id)


def mail_spec(campaign: Campaign, content: StepContent, step: FrozenStep) -> MailSpec:
    """Return a step's mail with the headers that its kind needs."""
    organisation, mail = campaign.organisation, content.mail
    host = organisation.mail.from_address.rpartition("@")[2]
    common = MailSpec(
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        language=mail.language,
        sender_name=organisation.mail.from_name,
        sender_address=organisation.mail.from_address,
        reply_to=organisation.mail.reply_to,
        attachments=content.attachments,
    )
    if mail.kind is not MessageKind.ISSUE:
        # Replies to a partner mail are wanted, and nobody unsubscribes from it by a click.
        return common
    sender_id = "".join(letter for letter in host if letter.isalnum())[:15].ljust(5, "0")
    return replace(
        common,
        list_id=f"{step.channel}.{host}",
        list_name=organisation.name,
        list_unsubscribe=slot("unsubscribe_url"),
        # Gmail's feedback loop: at most four parts, the last names the sender in 5 to 15 letters.
        feedback_id=f"{campaign.slug[:40]}:{step.channel}:issue:{sender_id}",
    )
