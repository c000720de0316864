"""A mail compiled once and cut for each recipient by joining octets.

Everything that is the same for all recipients (headers, both bodies, attachments) is encoded when
the mail is compiled. For a recipient only what differs is encoded, and joined with the rest: some
microseconds instead of the milliseconds that building a message anew costs.

Which headers a bulk mail needs is written in RFC 2369, 2919, 3834, 5322 and 8058 and in the rules
of the large providers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from operator import itemgetter

from flows.compose.mime_bodies import SOFT_BREAK, plain_lines, quoted
from flows.compose.mime_headers import (
    angle_field,
    mailbox_field,
    text_field,
    verbatim_field,
    wire_address,
)
from flows.compose.slots import SLOT, SlotValue, one_line, slots_in
from flows.errors import InputError

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,80}")
_ONE_CLICK = re.compile(r"https://[!-+\--;=?-~]{1,960}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_NOT_IN_FILE_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029/\\\"\ud800-\udfff]+")

Values = Mapping[str, SlotValue]
Encode = Callable[[Values], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with every copy of a mail."""

    file_name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSpec:
    """A mail as written, with slots (see `flows.compose.slots`) for what differs per recipient."""

    subject: str
    text: str
    html: str = ""
    """The same in HTML; empty for a mail in plain text only."""
    language: str
    """BCP 47 tag."""
    sender_name: str
    sender_address: str
    reply_to: str = ""
    list_id: str = ""
    """Identifier of the list, as `nieuwsbrief.organisation.example`; empty for partner mail."""
    list_name: str = ""
    list_unsubscribe: str = ""
    """The HTTPS URL, or its slot, that unsubscribes by one POST (RFC 8058)."""
    feedback_id: str = ""
    auto_submitted: str = ""
    """`auto-generated` for confirmations; empty where replies are wanted (RFC 3834)."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further fields, of visible ASCII, that are put in as they are."""
    attachments: Sequence[Attachment] = ()


class CompiledMail:
    """A mail of which only the slots are still open. Made by `compile_mail`."""

    def __init__(self, spec: MailSpec, layout: Sequence[bytes | Encode]) -> None:
        self.spec = spec
        self._writers: list[Encode] = []
        pieces: list[bytes] = []
        order: list[tuple[bool, int]] = []
        seen: dict[Encode, int] = {}
        for part in layout:
            if isinstance(part, bytes):
                order.append((True, len(pieces)))
                pieces.append(part)
                continue
            if part not in seen:
                seen[part] = len(self._writers)
                self._writers.append(part)
            order.append((False, seen[part]))
        # Per recipient: date, to and id, the values of the slots, then what is the same for all.
        fixed = _OWN_FIELDS + len(self._writers)
        self._pieces = tuple(pieces)
        self._pick = itemgetter(
            *range(_OWN_FIELDS), *(at + (fixed if same else _OWN_FIELDS) for same, at in order)
        )

    @property
    def octets(self) -> int:
        """Return the length of what is the same for all; a copy has some hundreds more."""
        return sum(map(len, self._pieces))

    @property
    def slots(self) -> frozenset[str]:
        """Return the names of the slots that need a value."""
        spec = self.spec
        return slots_in(spec.subject, spec.text, spec.html, spec.list_unsubscribe)

    def cut(
        self, *, to_name: str, to_address: str, message_id: str, date: datetime, values: Values
    ) -> bytes:
        """Return the whole message for one recipient, CRLF line ends, no line begins with a dot.

        Args:
            to_name: Display name, or empty.
            to_address: Where it goes; see `wire_address` for what the envelope takes.
            message_id: With its angle brackets, as `message_id` returns it.
            date: Aware; when it is handed over.
            values: One for every slot; more do no harm.

        Raises:
            InputError: a slot has no value, or the address cannot be used.
        """
        try:
            differing = [write(values) for write in self._writers]
        except KeyError as error:
            raise InputError(
                f"Nothing is known to fill in for {error.args[0]!r}.",
                where=to_address,
                mend="Fill it in for this recipient, or take it out of the draft.",
            ) from None
        own = (
            _date_field(date),
            mailbox_field("To", to_name, to_address),
            _id_field(message_id),
        )
        return b"".join(self._pick((*own, *differing, *self._pieces)))


_OWN_FIELDS = 3
"""Fields that every copy has of its own: Date, To, Message-ID."""


def message_id(*, secret: str | bytes, campaign: str, step: int, recipient: str, host: str) -> str:
    """Return the Message-ID of one recipient's copy of one step: the same at every attempt.

    It says nothing of the recipient to anyone without the secret.
    """
    state = _id_state(secret, campaign, step).copy()
    state.update(recipient.encode("utf-8", "replace"))
    return f"<{state.hexdigest()}@{host}>"


@lru_cache(maxsize=64)
def _id_state(secret: str | bytes, campaign: str, step: int) -> hashlib.blake2b:
    raw = secret.encode("utf-8") if isinstance(secret, str) else secret
    key = hashlib.blake2b(raw, person=b"message id").digest()
    return hashlib.blake2b(f"{campaign}\n{step}\n".encode(), key=key, digest_size=15)


def compile_mail(spec: MailSpec) -> CompiledMail:
    """Encode everything of a mail that is the same for all its recipients.

    Raises:
        InputError: a header, an address or an attachment cannot be used.
    """
    boundaries = _Boundaries(spec)
    layout = [*_fixed_fields(spec), *_subject(spec), *_unsubscribe(spec)]
    bodies = [_body(spec.text, "plain", lambda value: value.text)]
    if spec.html.strip():
        bodies.append(_body(spec.html, "html", lambda value: value.html))
    content = _multipart("alternative", bodies, boundaries) if len(bodies) > 1 else bodies[0]
    if spec.attachments:
        files = [[_attachment(file)] for file in spec.attachments]
        content = _multipart("mixed", [content, *files], boundaries)
    return CompiledMail(spec, _merged([*layout, *content]))


class _Boundaries:
    """Boundaries derived from the mail, so that the same mail has the same twice.

    They hold `=_`, which neither quoted-printable nor base64 ever does (RFC 2045, 6.7).
    """

    def __init__(self, spec: MailSpec) -> None:
        self._seed = hashlib.sha256(repr((spec.subject, spec.text, spec.html)).encode()).digest()
        self._count = 0

    def next(self) -> str:
        self._count += 1
        return f"=_{hashlib.sha256(self._seed + bytes([self._count])).hexdigest()[:24]}"


def _fixed_fields(spec: MailSpec) -> list[bytes | Encode]:
    if not _LANGUAGE.fullmatch(spec.language):
        raise InputError(
            f"{spec.language!r} is not a language tag.", where="language", mend="Write nl or en."
        )
    for address in filter(None, (spec.sender_address, spec.reply_to)):
        if not wire_address(address).isascii():
            raise InputError(
                f"{address!r} cannot send: many mail servers refuse such addresses.",
                where="organisation.toml",
                mend="Use an address in plain letters before the @.",
            )
    fields = [mailbox_field("From", spec.sender_name, spec.sender_address)]
    if spec.reply_to:
        fields.append(mailbox_field("Reply-To", "", spec.reply_to))
    if spec.list_id:
        fields.append(angle_field("List-Id", spec.list_name, spec.list_id))
    if spec.feedback_id:
        fields.append(verbatim_field("Feedback-ID", spec.feedback_id))
    if spec.auto_submitted:
        fields.append(verbatim_field("Auto-Submitted", spec.auto_submitted))
    fields += [verbatim_field(name, value) for name, value in spec.headers.items()]
    fields.append(f"MIME-Version: 1.0\r\nContent-Language: {spec.language}\r\n".encode())
    return list(fields)


def _subject(spec: MailSpec) -> list[bytes | Encode]:
    return [_filled(spec.subject, lambda text: text_field("Subject", text))]


def _unsubscribe(spec: MailSpec) -> list[bytes | Encode]:
    if not spec.list_unsubscribe:
        return []
    return [
        _filled(spec.list_unsubscribe, _unsubscribe_field),
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
    ]


def _unsubscribe_field(url: str) -> bytes:
    if not _ONE_CLICK.fullmatch(url):
        raise InputError(
            f"{url[:80]!r} cannot be the link that unsubscribes.",
            where="List-Unsubscribe",
            mend="It must be one https address (OPROEP_PUBLIC_URL).",
        )
    return f"List-Unsubscribe: <{url}>\r\n".encode("ascii")


def _filled(text: str, encode: Callable[[str], bytes]) -> bytes | Encode:
    """Return a header field encoded now if it holds no slots, else what encodes it later."""
    pieces = SLOT.split(text)
    if len(pieces) == 1:
        return encode(text)
    if len(pieces) == 3 and not pieces[0] and not pieces[2]:
        return lambda values: encode(values[pieces[1]].text)

    def write(values: Values) -> bytes:
        filled = pieces.copy()
        filled[1::2] = [values[name].text for name in pieces[1::2]]
        return encode("".join(filled))

    return write


def _body(text: str, kind: str, side: Callable[[SlotValue], str]) -> list[bytes | Encode]:
    """Return one body with its fields: quoted-printable, and its slots where they are."""
    fields = (
        f"Content-Type: text/{kind}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    text = plain_lines(text).rstrip("\n") + "\n"
    layout: list[bytes | Encode] = [fields.encode()]
    writers: dict[str, Encode] = {}
    for at, piece in enumerate(SLOT.split(text)):
        if at % 2 == 0:
            layout.append(quoted(piece))
            continue
        writer = writers.setdefault(piece, _slot_writer(piece, side))
        layout += [SOFT_BREAK, writer, SOFT_BREAK]
    return layout


def _slot_writer(name: str, side: Callable[[SlotValue], str]) -> Encode:
    return lambda values: quoted(side(values[name]))


def _multipart(
    kind: str, parts: Sequence[Sequence[bytes | Encode]], boundaries: _Boundaries
) -> list[bytes | Encode]:
    boundary = boundaries.next()
    layout: list[bytes | Encode] = [
        f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    ]
    for part in parts:
        # The line break before a boundary belongs to the boundary; every part ends with its own.
        layout += [f"--{boundary}\r\n".encode(), *part, b"\r\n"]
    return [*layout, f"--{boundary}--\r\n".encode()]


def _attachment(file: Attachment) -> bytes:
    if not _MEDIA_TYPE.fullmatch(file.media_type):
        raise InputError(
            f"{file.media_type!r} is not a media type.",
            where=file.file_name,
            mend="A PDF is application/pdf.",
        )
    main, _, sub = file.media_type.partition("/")
    part = EmailMessage(policy=SMTP)
    part.set_content(
        file.content,
        main,
        sub,
        disposition="attachment",
        filename=_NOT_IN_FILE_NAMES.sub("_", one_line(file.file_name)) or "bijlage",
    )
    del part["MIME-Version"]
    return part.as_bytes().removesuffix(b"\r\n")


def _merged(layout: Sequence[bytes | Encode]) -> list[bytes | Encode]:
    """Join neighbours that are the same for all recipients."""
    merged: list[bytes | Encode] = []
    for part in layout:
        if isinstance(part, bytes) and merged and isinstance(merged[-1], bytes):
            merged[-1] += part
        else:
            merged.append(part)
    return merged


@lru_cache(maxsize=64)
def _date_field(date: datetime) -> bytes:
    if date.tzinfo is None:
        raise ValueError("a date without a time zone")
    return f"Date: {format_datetime(date)}\r\n".encode("ascii")


_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")


def _id_field(identifier: str) -> bytes:
    if not _MESSAGE_ID.fullmatch(identifier):
        raise ValueError(f"not a Message-ID: {identifier[:80]!r}")
    return b"Message-ID: %b\r\n" % identifier.encode("ascii")
