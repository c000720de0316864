"""Each returned message once: its findings in the table, and what people must read in a folder."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from flows import clock
from flows.audience.subscribers import Audience
from flows.database import reading
from flows.ledger import tables as t
from flows.returns.acting import NOTHING, Done, Rules, act
from flows.returns.classify import Return, read_return
from flows.returns.findings import Action, Finding, Kind, Reason
from flows.returns.lookup import Lookup, Match
from flows.returns.tables import returned

BROKEN_OFF = timedelta(minutes=30)
"""Forwarding takes seconds; what was begun so long ago has broken off."""

_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"']{1,64}@[\w.-]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one message."""

    digest: str
    findings: tuple[tuple[Finding, Match | None, Done], ...]
    """Empty if it had been processed before."""
    subject: str = ""
    kept: Path | None = None
    """Where it lies for a person to read."""


class Keeper:
    """Processes messages, one at a time, each in one transaction."""

    def __init__(
        self, engine: Engine, audience: Audience, lookup: Lookup, *, rules: Rules, folder: Path
    ) -> None:
        self._engine = engine
        self._audience = audience
        self._lookup = lookup
        self._rules = rules
        self._folder = folder

    def take(self, raw: bytes) -> Taken:
        """Process a message, unless that was done before; may be called again after any crash."""
        digest = _digest(raw)
        if self._is_known(digest):
            return Taken(digest=digest, findings=())
        came_back = read_return(raw)
        matches = [(each, self._lookup.find(came_back, each)) for each in came_back.findings]
        # Written first: a file without a row is read again, a row without a file is a loss.
        kept = self.keep(raw) if any(_is_read(one, by) for one, by in matches) else None
        try:
            with self._engine.begin() as connection:
                done = [
                    (finding, match, self._one(connection, digest, place, came_back, match))
                    for place, (finding, match) in enumerate(matches)
                ]
        except IntegrityError:
            if not self._is_known(digest):
                raise
            # Another process has processed it at the same moment.
            return Taken(digest=digest, findings=())
        return Taken(digest=digest, findings=tuple(done), subject=came_back.subject, kept=kept)

    def _is_known(self, digest: str) -> bool:
        with reading(self._engine) as connection:
            query = select(returned.c.id).where(returned.c.digest == digest).limit(1)
            return connection.scalar(query) is not None

    def keep(self, raw: bytes) -> Path:
        """Lay a message where a person can read it; return where."""
        from flows.files import write_bytes

        # Letters of people: nobody else on this machine has to read them.
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{_digest(raw)}.eml"
        write_bytes(path, raw)
        return path

    def _one(
        self,
        connection: Connection,
        digest: str,
        place: int,
        came_back: Return,
        match: Match | None,
    ) -> Done:
        finding = came_back.findings[place]
        plain = replace(finding, words=without_addresses(finding.words))
        address = self._address(connection, finding, match)
        connection.execute(
            insert(returned).values(
                digest=digest,
                place=place,
                at=clock.now(),
                kind=finding.kind,
                action=finding.action,
                status=finding.status,
                reason=finding.reason,
                words=plain.words,
                final=finding.final,
                recipient=finding.recipient,
                address_hash=self._audience.hash(address) if address else None,
                message_id=finding.message_id,
                # A launch can be taken back as long as nothing proven refers to its deliveries.
                delivery_id=match.delivery_id if match and match.proven else None,
                proof=match.proof if match else "",
                forward=self._forward(came_back, finding, match),
            )
        )
        if match is None or not match.proven:
            return NOTHING
        return act(connection, self._audience, plain, match.delivery_id, self._rules)

    def _forward(self, came_back: Return, finding: Finding, match: Match | None) -> str:
        """Return whether a message is forwarded: what a person answers to a mail of ours is."""
        if not _is_read(finding, match):
            return ""
        answer = finding.kind is Kind.REPLY and match is not None and match.proven
        # What comes from ourselves would go round for ever.
        circle = came_back.forwarded or came_back.sender.lower() in self._rules.own_addresses
        return "wanted" if answer and not circle else "kept"

    def _address(self, connection: Connection, finding: Finding, match: Match | None) -> str | None:
        """Return whose address it is about: the delivery's if proven, else the one it names."""
        if match is not None and match.proven:
            query = select(t.delivery.c.recipient).where(t.delivery.c.id == match.delivery_id)
            return connection.scalar(query)
        return finding.recipient


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def without_addresses(text: str) -> str:
    """Return a text with a mark in place of each address: it is kept longer than they may be."""
    return _ADDRESS.sub("…@…", text)


def _is_read(finding: Finding, match: Match | None) -> bool:
    """Return whether a person has to look at a message."""
    return (
        finding.action is Action.TO_A_PERSON
        or finding.reason is Reason.UNCLEAR
        or (finding.kind is Kind.BOUNCE and match is None)
    )


def letters_folder(var_dir: Path) -> Path:
    """Return where lies what a person must read."""
    return var_dir / "returns"


def old_letters(folder: Path, before: datetime) -> list[Path]:
    """Return what has lain there since before a moment."""
    earliest = before.timestamp()
    return [path for path in folder.glob("*.eml") if path.stat().st_mtime < earliest]


def letters_of(connection: Connection, folder: Path, address_hash: str) -> list[Path]:
    """Return what lies there that came from the owner of an address, or is about them."""
    query = select(returned.c.digest).where(returned.c.address_hash == address_hash).distinct()
    paths = [folder / f"{digest}.eml" for digest in connection.scalars(query)]
    return [path for path in paths if path.exists()]


def claim_forward(engine: Engine, digest: str) -> bool:
    """Note that a message begins to be forwarded; False if that was begun or done before."""
    with engine.begin() as connection:
        claimed = connection.execute(
            update(returned)
            .where(returned.c.digest == digest, returned.c.forward == "wanted")
            .values(forward="begun")
        )
    return claimed.rowcount > 0


def unfinished_forwards(engine: Engine) -> list[str]:
    """Return what was begun to be forwarded in a run that broke off; it is only kept from now on.

    Nobody knows whether it arrived, and it is not sent twice.
    """
    before = clock.now() - BROKEN_OFF
    with engine.begin() as connection:
        found = connection.scalars(
            update(returned)
            .where(returned.c.forward == "begun", returned.c.at < before)
            .values(forward="kept")
            .returning(returned.c.digest)
        )
        return sorted(set(found))


def end_forward(engine: Engine, digest: str, *, as_: str) -> None:
    """Note how forwarding a message that was begun has ended."""
    with engine.begin() as connection:
        connection.execute(
            update(returned)
            .where(returned.c.digest == digest, returned.c.forward == "begun")
            .values(forward=as_)
        )
