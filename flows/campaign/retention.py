"""Letting go of people: of one who asks for it, and of all when their time has come.

What stays is what the board may ask for later: how many of which state, and when. `purge` is
made to be run every day; killed halfway, the next run goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, func, literal, select, update

from flows import clock
from flows.audience.addresses import address_key
from flows.audience.keeping import Outdated, let_go, outdated
from flows.audience.subscribers import Audience
from flows.database import Moment, reading
from flows.ledger.forgetting import OldStep, forget_person, forget_step, old_steps
from flows.returns.keeping import letters_of, old_letters
from flows.returns.tables import returned

_EMPTY = {"recipient": None, "message_id": None, "words": "", "forward": ""}
"""What is left of who a returned message was about; the hash stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was known of a person who is forgotten now."""

    known: bool
    """Whether they were a subscriber."""
    deliveries: int
    returned: int
    """Messages that came back from them or about them."""
    letters: int
    """Those of them that lay there for a person to read, and are deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What was let go of, or would be."""

    steps: tuple[OldStep, ...]
    audience: Outdated
    returned: int
    letters: int
    """Kept messages that a person was to read."""

    @property
    def deliveries(self) -> int:
        """Deliveries that do not name a person any more."""
        return sum(step.deliveries for step in self.steps)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON knows it."""
        steps = [asdict(step) | {"deadline": step.deadline.isoformat()} for step in self.steps]
        return {
            "deliveries": self.deliveries,
            "steps": steps,
            **asdict(self.audience),
            "returned": self.returned,
            "letters": self.letters,
        }

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
        for step in self.steps:
            yield (
                f"{step.deliveries:>9,}  recipients of {step.campaign}, step {step.number} "
                f"({step.channel}): name, address and answers; states and totals stay"
            )
        yield f"{self.returned:>9,}  addresses in returned mail"
        yield f"{self.letters:>9,}  returned messages that a person was to read"
        yield f"{self.audience.unconfirmed:>9,}  requests that were never confirmed"
        yield f"{self.audience.left:>9,}  subscriptions that ended; that they did is kept hashed"
        yield f"{self.audience.people:>9,}  people of whom nothing else is left"


def forget(audience: Audience, address: str, *, letters: Path) -> Forgotten:
    """Delete everything that is known of a person but a keyed mark, all in one transaction.

    Deliveries become anonymous, also those that wait: they are `skipped: suppressed`.

    Args:
        audience: The audience, in the ledger's database.
        address: The person's, in any spelling.
        letters: The folder with the returned messages that a person was to read.
    """
    key, address_hash = address_key(address), audience.hash(address)
    with audience.engine.begin() as connection:
        known = audience.within(connection).forget(address)
        # Found by the hash, which stays: cut off before they are gone, it can be done again.
        theirs = letters_of(connection, letters, address_hash)
        forgotten = Forgotten(
            known=known,
            deliveries=forget_person(connection, key=key, address_hash=address_hash),
            returned=_forget_returned(connection, address_hash),
            letters=len(theirs),
        )
    _delete(theirs)
    return forgotten


def purge(
    audience: Audience, *, retention_days: int, letters: Path, dry_run: bool = False
) -> Purged:
    """Let go of everything about people that is older than the retention period.

    Args:
        audience: The audience, in the ledger's database.
        retention_days: Of the organisation.
        letters: The folder with the returned messages that a person was to read.
        dry_run: Only say what would go.
    """
    before = clock.now() - timedelta(days=retention_days)
    steps = old_steps(audience.engine, before)
    old = old_letters(letters, before)
    if dry_run:
        with reading(audience.engine) as connection:
            return Purged(
                steps=tuple(steps),
                audience=outdated(connection, before),
                returned=_old_returned(connection, before),
                letters=len(old),
            )
    for step in steps:
        forget_step(audience.engine, step.id, hashed=audience.hash)
    with audience.engine.begin() as connection:
        found = let_go(connection, before)
        number = _old_returned(connection, before)
        connection.execute(update(returned).where(*_names_somebody(before)).values(_EMPTY))
    _delete(old)
    return Purged(steps=tuple(steps), audience=found, returned=number, letters=len(old))


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _names_somebody(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return (returned.c.at < literal(before, Moment()), returned.c.recipient.is_not(None))


def _old_returned(connection: Connection, before: datetime) -> int:
    query = select(func.count()).select_from(returned).where(*_names_somebody(before))
    return connection.scalar(query) or 0


def _forget_returned(connection: Connection, address_hash: str) -> int:
    return connection.execute(
        update(returned).where(returned.c.address_hash == address_hash).values(_EMPTY)
    ).rowcount
