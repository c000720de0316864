"""One round of returned mail: read what is new, act on it, forward what people wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.exc import DataError

from flows.audience.subscribers import open_audience
from flows.database import open_database, reading
from flows.errors import DeliveryError, InputError, OproepError, SettingsError, Unconfirmed
from flows.models import Organisation
from flows.returns.acting import Rules
from flows.returns.files import messages
from flows.returns.findings import Action, Kind
from flows.returns.forwarding import forward, forwarded_mail
from flows.returns.keeping import (
    Keeper,
    Taken,
    claim_forward,
    end_forward,
    letters_folder,
    unfinished_forwards,
)
from flows.returns.lookup import Lookup
from flows.returns.mailbox import open_mailbox
from flows.returns.refused import heed
from flows.returns.tables import returned
from flows.settings import Settings

MOST_SHOWN = 10
"""Kept messages that a summary names."""


@dataclass(slots=True, kw_only=True)
class Summary:
    """What a round brought."""

    messages: int = 0
    """New ones; what was processed before is not counted."""
    kinds: Counter[Kind] = field(default_factory=Counter)
    actions: Counter[Action] = field(default_factory=Counter)
    suppressed: int = 0
    unsubscribed: int = 0
    paused: list[str] = field(default_factory=list)
    """Why steps were held back."""
    doubted: list[str] = field(default_factory=list)
    """Of which steps the relay's refusals were not believed, and why."""
    forwarded: int = 0
    kept: list[Path] = field(default_factory=list)
    """What a person should read and was not forwarded."""
    faults: list[OproepError] = field(default_factory=list)

    def add(self, taken: Taken) -> None:
        """Count one message."""
        if not taken.findings:
            return
        self.messages += 1
        for finding, _, done in taken.findings:
            self.kinds[finding.kind] += 1
            self.actions[finding.action] += 1
            self.suppressed += done.suppressed
            self.unsubscribed += done.unsubscribed
            if done.paused:
                self.paused.append(done.paused)

    def lines(self) -> list[str]:
        """Return it in words."""
        if not (self.messages or self.suppressed or self.forwarded or self.faults or self.doubted):
            return ["Returned mail: nothing new."]
        kinds = ", ".join(f"{number} {kind}" for kind, number in self.kinds.most_common())
        lines = [f"Returned mail: {self.messages} new ({kinds or 'none'})."]
        if self.suppressed:
            lines.append(f"  {self.suppressed} addresses will not be mailed again")
        if self.unsubscribed:
            lines.append(f"  {self.unsubscribed} people taken off their lists")
        if self.forwarded:
            lines.append(f"  {self.forwarded} answers forwarded")
        lines.extend(f"  a step is held back: {reason}" for reason in self.paused)
        lines.extend(f"  {doubt}" for doubt in self.doubted)
        lines.extend(f"  to be read by a person: {path}" for path in self.kept[:MOST_SHOWN])
        if (more := len(self.kept) - MOST_SHOWN) > 0:
            lines.append(f"  and {more} more beside them")
        lines.extend(f"  {fault}" for fault in self.faults)
        return lines

    def to_json(self) -> dict[str, object]:
        """Return it as JSON knows it."""
        return {
            "messages": self.messages,
            "kinds": dict(self.kinds),
            "actions": dict(self.actions),
            "suppressed": self.suppressed,
            "unsubscribed": self.unsubscribed,
            "paused": self.paused,
            "doubted": self.doubted,
            "forwarded": self.forwarded,
            "kept": [str(path) for path in self.kept],
            "faults": [str(fault) for fault in self.faults],
        }


def process(
    settings: Settings, organisation: Organisation, *, source: str | None = None
) -> Summary:
    """Read returned mail, act on it, and forward what people wrote.

    May be called by several processes at once, and again after any crash: each message is
    processed once.

    Args:
        settings: Where the mailbox, the ledger and the relay are.
        organisation: Its rules and addresses.
        source: A file, folder, Maildir, mbox or `-` to read instead of the mailbox.

    Raises:
        SettingsError: no mailbox is set, or there is no secret key.
        InputError: the source cannot be read.
        DeliveryError: the mailbox cannot be reached.
        LedgerError: the database cannot be used.
    """
    if source is None:
        mailbox_url(settings)
    engine = open_database(settings.database)
    try:
        keeper = keeper_of(settings, organisation, engine)
        summary = Summary()
        if source is not None:
            for found in messages(source):
                _take(keeper, found.raw, summary)
        else:
            _read_mailbox(settings, keeper, summary)
        heeded = heed(engine, open_audience(settings, engine), _rules(organisation))
        summary.suppressed += heeded.suppressed
        summary.doubted.extend(heeded.doubted)
        for digest in unfinished_forwards(engine):
            summary.faults.append(_not_forwarded(_path(settings, digest), "it broke off"))
        _forward_answers(settings, organisation, engine, summary)
    finally:
        engine.dispose()
    return summary


def _read_mailbox(settings: Settings, keeper: Keeper, summary: Summary) -> None:
    """Process what is unread in the mailbox, and mark it."""
    with open_mailbox(mailbox_url(settings)) as mailbox:
        for letter in mailbox.unread():
            _take(keeper, letter.raw, summary)
            mailbox.mark(letter.key)


def wait_for_mail(settings: Settings, seconds: float) -> None:
    """Return when mail may have come, at the latest after `seconds`; by IDLE where offered.

    Raises:
        OproepError: the mailbox cannot be opened.
    """
    with open_mailbox(mailbox_url(settings)) as mailbox:
        mailbox.wait(seconds)


def mailbox_url(settings: Settings) -> str:
    """Return where returned mail arrives.

    Raises:
        SettingsError: it is not set.
    """
    if settings.returns_url is None:
        raise SettingsError(
            "No mailbox of returned mail is set.",
            where="OPROEP_RETURNS_URL",
            mend="Write imaps://user:password@host/INBOX or maildir:///path.",
        )
    return settings.returns_url.get_secret_value()


def _take(keeper: Keeper, raw: bytes, summary: Summary) -> None:
    """Process one message; one that the database does not take keeps no other from being read."""
    try:
        taken = keeper.take(raw)
    except DataError as error:
        fault = f"A message could not be written into the ledger: {error.orig}"
        mend = "Read it there; what it says has to be done by hand."
        summary.faults.append(InputError(fault, where=str(keeper.keep(raw)), mend=mend))
        return
    if taken.kept is not None:
        summary.kept.append(taken.kept)
    summary.add(taken)


def keeper_of(settings: Settings, organisation: Organisation, engine: Engine) -> Keeper:
    """Return what processes messages for this installation.

    Raises:
        SettingsError: there is no secret key.
        LedgerError: it is another key than the one used before.
    """
    audience = open_audience(settings, engine)
    secret = settings.secret_key.get_secret_value() if settings.secret_key else ""
    return Keeper(
        engine,
        audience,
        Lookup(engine, secret),
        rules=_rules(organisation),
        folder=letters_folder(settings.var_dir),
    )


def _rules(organisation: Organisation) -> Rules:
    own = {organisation.mail.from_address.lower(), organisation.mail.reply_to.lower()}
    return Rules(
        give_up_after=organisation.returns.give_up_after,
        language=organisation.language,
        own_addresses=frozenset(own),
    )


def _path(settings: Settings, digest: str) -> Path:
    return letters_folder(settings.var_dir) / f"{digest}.eml"


def _forward_answers(
    settings: Settings, organisation: Organisation, engine: Engine, summary: Summary
) -> None:
    """Forward what waits for it, also what an earlier round left."""
    if settings.smtp_url is None:
        return
    for digest in _waiting(engine):
        path = _path(settings, digest)
        try:
            mail = forwarded_mail(path.read_bytes(), digest=digest, organisation=organisation)
        except (OSError, InputError) as error:
            summary.faults.append(_not_forwarded(path, str(error)))
            continue
        if not claim_forward(engine, digest):
            continue
        try:
            forward(mail, relay=settings.smtp_url, digest=digest)
        except Unconfirmed as error:
            # It may have arrived; it stays where a person finds it.
            end_forward(engine, digest, as_="kept")
            summary.faults.append(_not_forwarded(path, error.what))
            continue
        except DeliveryError as error:
            end_forward(engine, digest, as_="wanted")
            summary.faults.append(_not_forwarded(path, error.what))
            continue
        end_forward(engine, digest, as_="done")
        summary.forwarded += 1
        summary.kept = [kept for kept in summary.kept if kept != path]


def _not_forwarded(path: Path, why: str) -> InputError:
    return InputError(f"An answer was not forwarded: {why}", where=str(path), mend="Read it there.")


def _waiting(engine: Engine) -> Iterable[str]:
    query = select(returned.c.digest).where(returned.c.forward == "wanted").distinct()
    with reading(engine) as connection:
        return list(connection.scalars(query))
