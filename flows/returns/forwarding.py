"""A person's answer on its way to a colleague: once, and never round in a circle."""

from __future__ import annotations

from pydantic import SecretStr

from flows import clock
from flows.channels.smtp import Relay, SmtpChannel, server_of
from flows.compose.messages import Mail
from flows.compose.mime import Attachment, MailSpec, compile_mail
from flows.compose.mime_headers import wire_address
from flows.compose.slots import literal
from flows.models import Organisation
from flows.returns.classify import FORWARDED
from flows.returns.parts import MOST_TEXT, read_message, unencoded
from flows.returns.prose import cut
from flows.returns.reports import address_in

_WORDS = {
    "nl": (
        "Iemand antwoordde op een mail van {organisation}, en het antwoord kwam bij de "
        "geretourneerde post terecht.\n\nVan: {sender}\nOnderwerp: {subject}\n\n{text}\n\n"
        "Het hele bericht zit hierbij. Wie op deze mail antwoordt, schrijft aan de afzender."
    ),
    "en": (
        "Somebody answered a mail of {organisation}, and the answer came among the returned mail."
        "\n\nFrom: {sender}\nSubject: {subject}\n\n{text}\n\nThe whole message is attached. "
        "An answer to this mail goes to its sender."
    ),
}
_NO_TEXT = {"nl": "(zonder tekst)", "en": "(without text)"}


def forwarded_mail(raw: bytes, *, digest: str, organisation: Organisation) -> Mail:
    """Return the mail that brings somebody's answer to a colleague.

    Its Message-ID is the same each time it is made. Were it to come back, it would come to the
    colleague's own mailbox, not among the returned mail.

    Raises:
        InputError: the organisation's addresses cannot be used.
    """
    message = read_message(raw)
    language = "nl" if organisation.language.lower().startswith("nl") else "en"
    sender = address_in(message.fields.get("from")) or ""
    subject = unencoded(message.fields.get("subject")) or "-"
    text = cut(message.words()).report[:MOST_TEXT].strip() or _NO_TEXT[language]
    mail = organisation.mail
    host = mail.from_address.rpartition("@")[2]
    body = _WORDS[language].format(
        organisation=organisation.name, sender=sender, subject=subject, text=text
    )
    spec = MailSpec(
        subject=literal(f"Fwd: {subject}"[:300]),
        text=literal(body),
        language=language,
        sender_name=organisation.name,
        sender_address=mail.from_address,
        reply_to=sender if _is_usable(sender) else "",
        auto_submitted="auto-generated",
        headers={FORWARDED.title(): "yes"},
        attachments=[
            Attachment(file_name="bericht.eml", media_type="application/octet-stream", content=raw)
        ],
    )
    content = compile_mail(spec).cut(
        to_name="",
        to_address=mail.reply_to,
        message_id=f"<{digest[:30]}.antwoord@{host}>",
        date=clock.now().replace(microsecond=0),
        values={},
    )
    to = wire_address(mail.reply_to)
    return Mail(sender=to, recipient=to, content=content, ready=True)


def _is_usable(address: str) -> bool:
    from flows.audience.addresses import checked_address

    try:
        return checked_address(address).isascii()
    except ValueError:
        return False


def forward(mail: Mail, *, relay: SecretStr, digest: str) -> None:
    """Hand a mail to the relay at this URL.

    Raises:
        DeliveryError: it was not accepted, or nobody knows.
    """
    SmtpChannel(Relay(server=server_of(relay.get_secret_value()))).deliver(mail, delivery_id=digest)
