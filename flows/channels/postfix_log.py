"""A Postfix's log, read for one thing: which messages it took into its queue.

The log may be a `mail.log`, with the times of syslog or of RFC 3339, or what `journalctl` writes
with `-o short`, `short-iso`, `export` or `json`. Postfix answers 250 to a message's end when the
message is in its queue, and says so in the line of the queue manager, `from=<…>`. A Message-ID
alone proves nothing: it is written as soon as the header has been read.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from flows.errors import InputError

_SYSLOG = re.compile(
    r"(?P<at>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)"
    r" \S+ (?P<who>[^\s\[:]+)(?:\[\d+\])?: (?P<text>.*)"
)
_QUEUED = re.compile(r"(?P<id>[0-9A-Za-z]{5,40}): (?P<text>.*)")
_SENDER = re.compile(r"from=<(?P<sender>[^>]*)>, size=\d+, nrcpt=\d+")
_MESSAGE_ID = re.compile(r"message-id=(?P<id><[^>]*>)")
_KEPT = ("hold: ", "discard: ", "milter-hold: ", "milter-discard: ")
"""What `cleanup` says of a message that is taken and yet does not reach the queue manager."""
_HALF_A_YEAR = timedelta(days=183)


class Entry(NamedTuple):
    """One line of the log."""

    at: datetime
    """Aware if the log tells the zone, else as the relay's clock showed it."""
    service: str
    """The part of Postfix that speaks, such as `qmgr`; empty for other programs."""
    text: str


class Taken(NamedTuple):
    """One message that is in the relay's queue."""

    at: datetime
    queue_id: str
    sender: str
    """The envelope sender; empty if only the Message-ID is known."""
    message_id: str
    """With its angle brackets; empty if the log does not tell."""
    words: str
    """What the log says."""


def lines_of(file: Path) -> Iterator[str]:
    """Yield the lines of a log, which may be packed with gzip; `-` is standard input.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with _opened(file) as stream:
            for line in stream:
                yield line.decode("utf-8", "replace").rstrip("\r\n")
    except (OSError, EOFError) as error:
        raise InputError(
            f"The log cannot be read: {error}.",
            where=str(file),
            mend="Name a file that this user may read: mail.log, or what journalctl wrote.",
        ) from error


def _opened(file: Path) -> AbstractContextManager[Iterable[bytes]]:
    if str(file) == "-":
        return nullcontext(sys.stdin.buffer)
    with file.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    return gzip.open(file, "rb") if packed else file.open("rb")


def entries(lines: Iterable[str], *, near: datetime) -> Iterator[Entry]:
    """Yield what the lines say; those that no known program wrote are passed over.

    Args:
        lines: Of the log, in order.
        near: A moment that the log is about; it tells the year, which syslog leaves out.
    """
    exported: dict[str, str] = {}
    for line in lines:
        if match := _SYSLOG.match(line):
            if (at := _moment(match["at"], near)) is not None:
                yield Entry(at, _service(match["who"]), match["text"])
        elif line.startswith("{"):
            with suppress(ValueError):
                yield from _from_journal(json.loads(line))
        elif not line:
            yield from _from_journal(exported)
            exported = {}
        else:
            name, _, value = line.partition("=")
            exported[name] = value
    yield from _from_journal(exported)


def taken(log: Iterable[Entry]) -> Iterator[Taken]:
    """Yield the messages that the relay took into its queue, as the log comes to them."""
    message_ids: dict[str, str] = {}
    for entry in log:
        if entry.service not in ("qmgr", "cleanup") or not (match := _QUEUED.match(entry.text)):
            continue
        queue_id, text = match["id"], match["text"]
        if entry.service == "qmgr":
            if found := _SENDER.match(text):
                own = message_ids.get(queue_id, "")
                yield Taken(entry.at, queue_id, found["sender"], own, entry.text)
            elif text.startswith("removed"):
                message_ids.pop(queue_id, None)
        elif found := _MESSAGE_ID.match(text):
            message_ids[queue_id] = found["id"]
        elif text.startswith(_KEPT) and queue_id in message_ids:
            yield Taken(entry.at, queue_id, "", message_ids[queue_id], entry.text)


def _service(who: str) -> str:
    """Return the part of Postfix: instances may be called `postfix-out`, parts `smtps/smtpd`."""
    return who.rpartition("/")[2] if "/" in who else ""


def _moment(text: str, near: datetime) -> datetime | None:
    try:
        if text[0].isdigit():
            return datetime.fromisoformat(text.replace(",", "."))
        year = near.year
        found = datetime.strptime(f"{year} {text}", "%Y %b %d %H:%M:%S")  # noqa: DTZ007
    except ValueError:
        return None
    plain = near.astimezone(UTC).replace(tzinfo=None)
    # A log of December that is read in January, or the other way round.
    if found - plain > _HALF_A_YEAR:
        return found.replace(year=year - 1)
    if plain - found > _HALF_A_YEAR:
        return found.replace(year=year + 1)
    return found


def _from_journal(fields: object) -> Iterator[Entry]:
    if not isinstance(fields, dict):
        return
    stamp, text = fields.get("__REALTIME_TIMESTAMP"), fields.get("MESSAGE")
    if isinstance(stamp, str) and stamp.isdecimal() and isinstance(text, str):
        at = datetime.fromtimestamp(int(stamp) / 1e6, UTC)
        yield Entry(at, _service(str(fields.get("SYSLOG_IDENTIFIER", ""))), text)
