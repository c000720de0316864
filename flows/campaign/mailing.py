"""A mail step's mail, compiled once, and cut for each recipient that the ledger hands out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flows import clock
from flows.audience.tokens import Purpose, Signer, unsubscribe_url, verp_sender
from flows.campaign.folder import Campaign
from flows.campaign.rendering import StepContent
from flows.compose.messages import Mail
from flows.compose.mime import MailSpec, compile_mail, message_id
from flows.compose.mime_headers import wire_address
from flows.compose.rendered import slot_values
from flows.compose.slots import slot
from flows.errors import SettingsError
from flows.ledger.hand_over import Claim
from flows.models import MessageKind, Recipient
from flows.settings import Settings

if TYPE_CHECKING:
    from flows.compose.dkim import DkimKey


class Mailing:
    """Cuts one step's mail.

    Raises:
        InputError: the mail cannot be compiled.
        SettingsError: there is no secret key, or an issue's link to unsubscribe would lead nowhere.
    """

    def __init__(
        self,
        settings: Settings,
        campaign: Campaign,
        content: StepContent,
        *,
        step: int,
        list_: str,
        series: str = "",
    ) -> None:
        self._secret = signing_key(settings, content.mail.kind)
        self._unsubscribe = Signer(self._secret, Purpose.UNSUBSCRIBE)
        self._bounce = Signer(self._secret, Purpose.BOUNCE)
        self._public_url = settings.public_url
        # A test copy must not have the Message-ID of the mail that it is a test of: mail programs
        # show only one of two that have the same.
        self._campaign = campaign.slug + series
        self._step = step
        self._rendered = content.mail
        sender = campaign.organisation.mail
        self._host = sender.from_address.rpartition("@")[2]
        self._return_domain = sender.return_domain or self._host
        self._compiled = compile_mail(mail_spec(campaign, content, list_=list_))
        self._dkim = dkim_key(settings, self._host)

    def mail(self, claim: Claim) -> Mail:
        """Return the mail for one recipient: the same octets at every attempt, but for the date.

        Raises:
            InputError: something that the mail asks for is not known of this recipient.
        """
        recipient = Recipient(
            address=claim.recipient, name=claim.name, language=claim.language, values=claim.values
        )
        link = unsubscribe_url(self._unsubscribe, claim.id, public_url=self._public_url)
        # Whole seconds, as the field shows them; the encoded field is cached.
        now = clock.now().replace(microsecond=0)
        content = self._compiled.cut(
            to_name=claim.name,
            to_address=claim.recipient,
            message_id=message_id(
                secret=self._secret,
                campaign=self._campaign,
                step=self._step,
                recipient=claim.recipient.casefold(),
                host=self._host,
            ),
            date=now,
            values=slot_values(self._rendered, recipient, unsubscribe_url=link),
        )
        if self._dkim is not None:
            content = self._dkim.signed(content, at=now)
        return Mail(
            sender=verp_sender(self._bounce, claim.id, domain=self._return_domain),
            recipient=wire_address(claim.recipient),
            content=content,
            ready=True,
        )


def signing_key(settings: Settings, kind: MessageKind) -> str:
    """Return what the links and the return address of a mail are signed with.

    Raises:
        SettingsError: there is none, or an issue's link to unsubscribe would lead nowhere.
    """
    if settings.secret_key is None:
        raise SettingsError(
            "There is no secret key to sign links and return addresses with.",
            where="OPROEP_SECRET_KEY",
            mend="`oproep doctor` says how to make one.",
        )
    if kind is MessageKind.ISSUE and settings.rehearsal is None:
        settings.require_public_url()
    return settings.secret_key.get_secret_value()


def dkim_key(settings: Settings, domain: str) -> DkimKey | None:
    """Return what mails from `domain` are signed with; None where the relay signs.

    Raises:
        SettingsError: the key cannot be used, or half of the settings is missing.
    """
    if settings.dkim_key is None and settings.dkim_selector is None:
        return None
    if settings.dkim_key is None or settings.dkim_selector is None:
        missing = "KEY" if settings.dkim_key is None else "SELECTOR"
        raise SettingsError(
            "DKIM needs the key and its name.",
            where=f"OPROEP_DKIM_{missing}",
            mend="Set OPROEP_DKIM_SELECTOR and OPROEP_DKIM_KEY_FILE, or neither.",
        )
    # Imported here: most relays sign, and the library is large.
    from flows.compose.dkim import DkimKey

    pem = settings.dkim_key.get_secret_value()
    return DkimKey(pem, domain=domain, selector=settings.dkim_selector)


def mail_spec(campaign: Campaign, content: StepContent, *, list_: str) -> MailSpec:
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
    # Gmail's feedback loop: at most four parts, the last names the sender in 5 to 15 letters.
    sender_id = "".join(letter for letter in host if letter.isalnum())[:15].ljust(5, "0")
    return replace(
        common,
        list_id=f"{list_}.{host}",
        list_name=organisation.name,
        list_unsubscribe=slot("unsubscribe_url"),
        feedback_id=f"{campaign.slug[:40]}:{list_}:issue:{sender_id}",
    )
