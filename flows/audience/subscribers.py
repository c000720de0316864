"""The subscribers: who asked for what, who confirmed it, who left, who must never be mailed.

An `Audience` stands for the audience of one installation. Each call is a transaction of its own;
`audience.within(connection)` gives one whose calls belong to the caller's transaction instead, for
those who write something else at the same moment.

What keeps people from being mailed against their will:

- only a `confirmed` subscription is mailed, and a form or a stranger can only make a `pending` one;
- who left a list stands in `departure` under a keyed hash, also after being purged or forgotten,
  and only their own confirmation, or newer explicit proof of consent, takes that away;
- a suppressed address is mailed by no list and no channel; imports never lift a suppression, a new
  confirmation by the address's owner lifts those of `SELF_LIFTED`, the rest a colleague lifts;
- hashes are made with the secret key, and another key than the one they were made with is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import ColumnElement, Connection, Engine, delete, func, select, update

from flows import clock
from flows.audience import consent_rows, suppression
from flows.audience import tables as t
from flows.audience.addresses import AddressHasher, address_key, checked_address
from flows.audience.people import (
    SELF_LIFTED,
    Consent,
    Details,
    Left,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from flows.audience.rows import insert_or, subscriber_from, subscription_from
from flows.audience.secret_mark import require_same_secret
from flows.audience.selecting import confirmed_recipients, kept_out, selected
from flows.database import reading
from flows.errors import InputError, SettingsError
from flows.models import Recipient, SkipReason
from flows.settings import Settings

CONFIRM_WITHIN = timedelta(days=7)
"""How long somebody who signed up may take to confirm it."""


class Audience:
    """The audience kept in one database.

    Args:
        engine: The database.
        secret: The installation's secret key, under which addresses are hashed.

    Raises:
        InputError: the secret is empty.
        LedgerError: the hashes there were made with another key.
    """

    def __init__(self, engine: Engine, secret: SecretStr) -> None:
        self.engine = engine
        self.hash = AddressHasher(secret)
        self._joined: Connection | None = None
        require_same_secret(engine, self.hash.mark)

    def within(self, connection: Connection) -> Audience:
        """Return this audience with all calls in the transaction of `connection`."""
        joined = object.__new__(Audience)
        joined.engine, joined.hash, joined._joined = self.engine, self.hash, connection
        return joined

    # --- consent -------------------------------------------------------------------------------

    def subscribe(
        self, address: str, list_: str, *, details: Details, consent: Consent
    ) -> Subscription:
        """Note that somebody, perhaps a stranger, asks for mail to an address.

        What is confirmed already stays as it is, details included: strangers change nothing. The
        mail that asks to confirm may go to who is not suppressed, or for a reason in `SELF_LIFTED`.

        Returns:
            The subscription: pending, or confirmed if it was before.

        Raises:
            InputError: it is not an address.
        """
        try:
            checked = checked_address(address)
        except ValueError as error:
            raise InputError(str(error), where="address", mend="Correct the address.") from None
        with self._writing() as connection:
            subscriber_id = consent_rows.note_person(
                connection, checked, self.hash(checked), details
            )
            there = connection.execute(
                select(t.subscription)
                .where(t.subscription.c.subscriber_id == subscriber_id)
                .where(t.subscription.c.list == list_)
            ).first()
            if there is not None and there.state == SubscriptionState.CONFIRMED:
                return subscription_from(there)
            asked = {
                "state": SubscriptionState.PENDING,
                "wording": consent.wording,
                "purpose": consent.purpose,
                "source": consent.source,
                "asked_at": clock.now(),
                "confirmed_at": None,
                "ended_at": None,
                "ended_how": None,
            }
            row = connection.execute(
                insert_or(connection, t.subscription)
                .values(subscriber_id=subscriber_id, list=list_, **asked)
                .on_conflict_do_update(index_elements=["subscriber_id", "list"], set_=asked)
                .returning(t.subscription)
            ).one()
        return subscription_from(row)

    def confirm(self, subscription_id: int) -> Subscription | None:
        """Confirm a pending subscription, as the address's owner.

        It takes away that the person once left this list, and the suppressions in `SELF_LIFTED`.
        Confirming twice is confirming once.

        Returns:
            The confirmed subscription; None when there is nothing to confirm: it is unknown, was
            ended, or was asked for longer than `CONFIRM_WITHIN` ago.
        """
        now = clock.now()
        with self._writing() as connection:
            row = consent_rows.locked(connection, subscription_id)
            if row is None or row.state == SubscriptionState.ENDED:
                return None
            if row.state == SubscriptionState.CONFIRMED:
                return row
            if row.asked_at + CONFIRM_WITHIN <= now:
                return None
            connection.execute(
                update(t.subscription)
                .where(t.subscription.c.id == subscription_id)
                .values(state=SubscriptionState.CONFIRMED, confirmed_at=now)
            )
            address_hash = consent_rows.hash_of(connection, row.subscriber_id)
            connection.execute(
                delete(t.departure)
                .where(t.departure.c.address_hash == address_hash)
                .where(t.departure.c.list == row.list)
            )
            suppression.lift(connection, address_hash, only=SELF_LIFTED)
            return consent_rows.locked(connection, subscription_id)

    def unsubscribe(self, subscription_id: int, *, how: Left) -> Subscription | None:
        """End a subscription, pending or confirmed. Ending twice is ending once.

        Returns:
            The ended subscription; None if there is none of this number.
        """
        with self._writing() as connection:
            row = consent_rows.locked(connection, subscription_id)
            if row is None:
                return None
            address_hash = consent_rows.hash_of(connection, row.subscriber_id)
            consent_rows.end(connection, address_hash, how=how, list_=row.list)
            return consent_rows.locked(connection, subscription_id)

    def unsubscribe_address(
        self, address_hash: str, *, how: Left, list_: str | None = None
    ) -> list[str]:
        """End what the owner of an address is subscribed to: one list, or all.

        Args:
            address_hash: The address, as `audience.hash(address)`.
            how: In which way they left.
            list_: Only this list. That they left it is kept even if they are not on it now.

        Returns:
            The lists that they were on, or had asked to be on.
        """
        with self._writing() as connection:
            return consent_rows.end(connection, address_hash, how=how, list_=list_)

    # --- people --------------------------------------------------------------------------------

    def subscriber(self, subscriber_id: int) -> Subscriber | None:
        """Return a person by number, as a link names them."""
        return self._person(t.subscriber.c.id == subscriber_id)

    def find(self, address: str) -> Subscriber | None:
        """Return the person with an address, in whatever spelling."""
        return self._person(t.subscriber.c.address_key == address_key(address))

    def find_hash(self, address_hash: str) -> Subscriber | None:
        """Return the person with a hashed address."""
        return self._person(t.subscriber.c.address_hash == address_hash)

    def change_details(self, subscriber_id: int, details: Details) -> None:
        """Write down what a person says of themselves."""
        with self._writing() as connection:
            consent_rows.write_details(connection, subscriber_id, details)

    def forget(self, address: str) -> bool:
        """Delete everything that the audience knows of a person but a keyed mark.

        The mark keeps imports from bringing them back; they themselves can subscribe again. What
        stands of them in deliveries is `flows.campaign.retention.forget`'s part.

        Returns:
            Whether anything was known.
        """
        with self._writing() as connection:
            address_hash = self.hash(address)
            person = connection.scalar(
                select(t.subscriber.c.id).where(t.subscriber.c.address_hash == address_hash)
            )
            if person is not None:
                connection.execute(
                    delete(t.subscription).where(t.subscription.c.subscriber_id == person)
                )
                connection.execute(delete(t.subscriber).where(t.subscriber.c.id == person))
            connection.execute(delete(t.signup).where(t.signup.c.key == address_hash))
            suppression.suppress(
                connection, address_hash, reason=SuppressionReason.FORGOTTEN, source="forget"
            )
        return person is not None

    # --- who is mailed -------------------------------------------------------------------------

    def confirmed(
        self,
        list_: str,
        *,
        language: str = "",
        where: Mapping[str, str] | None = None,
        fields: Collection[str] = (),
    ) -> Iterator[Recipient]:
        """Yield the confirmed subscribers of a list, in the order in which they came.

        They are read as they are used: a list of any length takes little memory.

        Args:
            list_: The list.
            language: Only those who read this language.
            where: Only those with these values in their fields.
            fields: The fields that the recipients carry along.
        """
        with self._reading() as connection:
            yield from confirmed_recipients(
                connection, list_, language=language, where=where or {}, fields=fields
            )

    def count(
        self, list_: str, *, language: str = "", where: Mapping[str, str] | None = None
    ) -> int:
        """Return how many confirmed subscribers a list, or a part of it, has now."""
        with self._reading() as connection:
            query = selected(list_, language=language, where=where or {})
            return connection.scalar(select(func.count()).select_from(query.subquery())) or 0

    def keep_out(self, addresses: Iterable[str], *, list_: str | None) -> dict[str, SkipReason]:
        """Return who must not be mailed now, of those asked about, with the reason.

        Made to be asked of some hundred addresses at a time, right before they are handed over.

        Args:
            addresses: Of recipients, in any spelling.
            list_: The list on whose behalf they would be mailed: who is not confirmed on it (any
                more) is `unsubscribed`. None for mail that goes to no list.

        Returns:
            By `address_key`, only those to be kept out.
        """
        asked = {self.hash(address): address_key(address) for address in addresses}
        with self._reading() as connection:
            return kept_out(connection, asked, list_=list_)

    def suppress(self, address: str, *, reason: SuppressionReason, source: str) -> bool:
        """Keep an address from being mailed by any list or channel.

        Returns:
            Whether it was not suppressed before.
        """
        return self.suppress_hash(self.hash(address), reason=reason, source=source)

    def suppress_hash(self, address_hash: str, *, reason: SuppressionReason, source: str) -> bool:
        """As `suppress`, of an address of which only the hash is left."""
        with self._writing() as connection:
            return suppression.suppress(connection, address_hash, reason=reason, source=source)

    def lift(self, address: str) -> bool:
        """Take a suppression back, whatever its reason; return whether there was one."""
        with self._writing() as connection:
            return suppression.lift(connection, self.hash(address))

    def suppression(self, address: str) -> Suppression | None:
        """Return why an address is suppressed, or None if it is not."""
        with self._reading() as connection:
            return suppression.find(connection, self.hash(address))

    # --- within --------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        if self._joined is not None:
            yield self._joined
            return
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self._joined is not None:
            yield self._joined
            return
        with reading(self.engine) as connection:
            yield connection

    def _person(self, condition: ColumnElement[bool]) -> Subscriber | None:
        with self._reading() as connection:
            return subscriber_from(connection, condition)


def open_audience(settings: Settings, engine: Engine) -> Audience:
    """Return the audience of this installation.

    Raises:
        SettingsError: there is no secret key.
        LedgerError: it is another key than the one used before.
    """
    if settings.secret_key is None:
        raise SettingsError(
            "There is no secret key to keep addresses under.",
            where="OPROEP_SECRET_KEY",
            mend="`oproep doctor` says how to make one.",
        )
    return Audience(engine, settings.secret_key)
