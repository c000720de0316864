"""Whom a campaign reaches: in earnest those who consented, in a rehearsal invented readers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from flows.audience.addresses import address_key
from flows.audience.subscribers import open_audience
from flows.campaign.channel_kinds import Whose
from flows.campaign.folder import Campaign
from flows.campaign.plan import Step
from flows.campaign.timeline import before_event
from flows.compose.markup import FIELDS
from flows.models import Recipient
from flows.settings import Settings


class Reach:
    """The people behind the steps of a campaign.

    The audience is opened here and not when it is first asked: opening may write, and the ledger
    may be in the middle of a transaction by then.

    Raises:
        SettingsError: there is no secret key.
        LedgerError: it is another key than the one used before.
    """

    def __init__(self, campaign: Campaign, settings: Settings, engine: Engine) -> None:
        self._campaign = campaign
        self._audience = open_audience(settings, engine)

    def readers(self, step: Step) -> Iterator[Recipient]:
        """Yield the confirmed subscribers of a step's list."""
        return self._audience.confirmed(
            step.list,
            language=step.segment.language,
            where=step.segment.where,
            # Nothing else is frozen: what no draft can use has no business in the ledger.
            fields=FIELDS,
        )

    def kept_out(self, recipients: Sequence[Recipient]) -> set[str]:
        """Return the addresses, of those asked about, that must never be mailed again."""
        addresses = [each.address for each in recipients]
        out = self._audience.keep_out(addresses, list_=None)
        return {address for address in addresses if address_key(address) in out}

    def count(self, step: Step) -> int:
        """Return how many recipients a step of mail has now."""
        if step.kind.whose is Whose.PARTNERS:
            return len(self._campaign.partners)
        return self._audience.count(
            step.list, language=step.segment.language, where=step.segment.where
        )

    def sentence(self) -> str:
        """Return in one sentence what a launch will do."""
        event, zone = self._campaign.plan.event, self._campaign.zone
        steps = sorted(self._campaign.plan.steps, key=lambda step: (step.starts, step.number))
        return (
            f"“{self._campaign.item.title}” goes out before {event.name} "
            f"({event.at.astimezone(zone):%d-%m-%Y %H:%M}): {'; '.join(map(self._part, steps))}."
        )

    def _part(self, step: Step) -> str:
        event, zone = self._campaign.plan.event, self._campaign.zone
        to = f" to {self.count(step):,}" if step.kind.is_mail else ""
        far = before_event(step.starts, event.at)
        far = f"{far[1:]} after" if far.startswith("+") else f"{far} before"
        return (
            f"{step.kind.label}{to} on {step.starts.astimezone(zone):%d-%m at %H:%M} "
            f"({step.starts:%H:%M} UTC, {far})"
        )


@dataclass(frozen=True, slots=True)
class Invented:
    """The people of a rehearsal: every newsletter goes to the same invented readers."""

    everybody: Sequence[Recipient]

    def readers(self, step: Step) -> Sequence[Recipient]:  # noqa: ARG002 (as in earnest)
        """Return the invented readers."""
        return self.everybody

    def kept_out(self, recipients: Sequence[Recipient]) -> Collection[str]:  # noqa: ARG002
        """Keep nobody out: nothing reaches anybody."""
        return ()
