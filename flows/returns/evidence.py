"""What stands in one returned message: its words, whom it names, and what it returns."""

from __future__ import annotations

import re
from functools import cached_property

from flows.returns.diagnosis import by_words, comparable
from flows.returns.parts import Fields, Message, read_message, returned_fields, unencoded
from flows.returns.phrases import any_fits, plain, table
from flows.returns.prose import Halves, addresses, cut, first_id, message_id_in
from flows.returns.reports import Status, address_in, statuses

MOST_WORDS = 400
"""Characters of the other side's words that a finding keeps."""

# The first is Microsoft's in reports of complaints.
_ORIGINAL_RECIPIENT = (
    "x-hmxmroriginalrecipient",
    "x-original-to",
    "delivered-to",
    "to",
    "cc",
)
_STATUS_FIELD = re.compile(r"(?im)^[ \t>]*(?:final-recipient|original-recipient)[ \t]*:")


class Evidence:
    """One message under examination."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.fields: Fields = message.fields
        self.subject = plain(unencoded(message.fields.get("subject")))
        self.sender = plain(message.fields.get("from"))
        self.returned = returned_fields(message.returned[0]) if message.returned else None

    @cached_property
    def words(self) -> Halves:
        """The text for people, and what was put under it."""
        return cut(self.message.words())

    @cached_property
    def report(self) -> str:
        """The beginning of the text for people, as tables are compared with it."""
        return plain(self.words.report[:6_000])

    def says(self, *sections: str) -> bool:
        """Return whether its text holds words of some sections of the table of kinds."""
        return any(any_fits(self.report, table("kinds")[section]) for section in sections)

    def is_titled(self, section: str) -> bool:
        """Return whether its subject holds words of a section of the table of kinds."""
        return any_fits(self.subject, table("kinds")[section])

    @cached_property
    def by_mailer_daemon(self) -> bool:
        """Whether it comes under a name that nobody but a mail system uses."""
        return any_fits(self.sender, table("kinds")["mailer-daemon"])

    @cached_property
    def by_daemon(self) -> bool:
        """Whether it comes from a mail system, or from whoever looks after one."""
        named = any_fits(self.sender, table("kinds")["daemon"])
        nameless = "from" in self.fields and "@" not in self.sender
        return self.by_mailer_daemon or named or nameless or "x-failed-recipients" in self.fields

    @cached_property
    def from_nobody(self) -> bool:
        """Whether its envelope says that nothing shall come back (RFC 5321, 4.5.5)."""
        return any(path.strip() in ("<>", "") for path in self.fields.all("return-path"))

    @cached_property
    def refuses(self) -> bool:
        """Whether it speaks of a refusal, in the words of mail servers."""
        return by_words(comparable(self.words.report)) is not None

    @cached_property
    def returns_mail(self) -> bool:
        """Whether it brings a mail back, as a part or under its text."""
        return self.returned is not None or bool(self.words.returned.strip())

    # --- what is machine-readable ----------------------------------------------------------------

    def reported(self) -> list[Status]:
        """Return what machine-readable status reports say, wherever they stand."""
        found = [
            status
            for part in self.message.reports
            if part.media_type.endswith("delivery-status")
            for status in statuses(part.text())
        ]
        if not found and _STATUS_FIELD.search(text := self.message.words()):
            found = [status for status in statuses(text) if status.recipient or status.action]
        return found

    def receipts(self) -> list[Status]:
        """Return what reports say about what became of a mail after it had arrived (RFC 8098)."""
        parts = [part for part in self.message.reports if "disposition" in part.media_type]
        return [status for part in parts for status in statuses(part.text())]

    def inner(self) -> Evidence | None:
        """Return the bounce that it carries: one may have been forwarded."""
        for part in self.message.returned[:3]:
            if part.media_type == "message/rfc822":
                inner = read_message(part.body)
                if any(each.media_type.endswith("delivery-status") for each in inner.reports):
                    return Evidence(inner)
        return None

    def carried(self) -> str:
        """Return the text of a bounce that it carries without a report, or an empty text."""
        for part in self.message.returned[:1]:
            if part.media_type == "message/rfc822":
                text = cut(read_message(part.body).words()).report
                if any_fits(plain(text[:3_000]), table("kinds")["bounce-words"]):
                    return text
        return ""

    # --- whom and what it is about ---------------------------------------------------------------

    @cached_property
    def named(self) -> dict[str, str]:
        """The recipients that the text names, with what it says of each."""
        failed = self.fields.get("x-failed-recipients")
        known = [address for part in failed.split(",") if (address := address_in(part))]
        found = addresses(self.words.report, but=self._senders() - {one.lower() for one in known})
        # A mail to oneself bounces to oneself.
        found = found or addresses(self.words.report)
        if not known:
            return found
        by_key = {address.lower(): said for address, said in found.items()}
        return {address: by_key.get(address.lower(), "") for address in known}

    def _senders(self) -> set[str]:
        """Return the addresses, in lower case, that are ours or the mail system's own."""
        fields = self.fields.all("to", "from", "reply-to", "delivered-to", "x-original-to")
        if self.returned:
            fields += self.returned.all("from", "return-path", "sender", "reply-to", "errors-to")
            recipient = self.returned_to()
        else:
            recipient = None
        found = {address.lower() for value in fields if (address := address_in(value))}
        return found - ({recipient.lower()} if recipient and len(found) > 1 else set())

    def returned_to(self) -> str | None:
        """Return to whom the returned mail was written."""
        if self.returned:
            values = self.returned.all(*_ORIGINAL_RECIPIENT)
            return next((found for value in values if (found := address_in(value))), None)
        match = re.search(r"(?im)^[ \t>]*to[ \t]*:(.*)$", self.words.returned[:60_000])
        return address_in(match[1]) if match else None

    def message_id(self) -> str | None:
        """Return the Message-ID of the mail that it is about."""
        if self.returned and (found := first_id(self.returned.get("message-id"))):
            return found
        if found := message_id_in(self.words.returned) or message_id_in(self.words.report):
            return found
        names = ("in-reply-to", "original-message-id", "x-original-message-id", "references")
        for value in self.fields.all(*names):
            if found := first_id(value):
                return found
        return None


def one_line(text: str) -> str:
    """Return a text in one line, cut off where it gets long."""
    return " ".join(text[:20_000].split())[:MOST_WORDS]
