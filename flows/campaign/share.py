"""One share of a mail step: claimed from the ledger, cut, recorded and told of."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from datetime import timedelta

from flows import clock
from flows.audience.addresses import address_key
from flows.campaign.keeping_out import KeepOut
from flows.campaign.mailing import Mailing
from flows.channels.batch import HandOver, Outcome, Outgoing
from flows.compose.messages import Mail
from flows.errors import OproepError
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenStep
from flows.ledger.hand_over import Claim, Worker
from flows.models import DeliveryState
from flows.progress import Progress, tell

SECONDS = 15.0
"""How long a share claims more: long beside opening connections and running a task, and short
enough that a person sees it move in Prefect."""
CLAIM = 500
"""Deliveries per claim: enough to be cheap, few enough to leave some to other workers."""
LOOK_EVERY = 0.25
"""Seconds between two looks at whether the step may go on."""
ASK_EVERY = 1.0
"""Seconds between two looks at who of those waiting has left meanwhile: a slow relay may take
minutes for one claim."""
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60))
"""How long a deferred delivery waits after its first, second, … attempt."""

NEVER = float("-inf")
"""Before any reading of the monotonic clock, which begins near zero on a machine just started."""

_SENT, _QUEUED, _DEFERRED = DeliveryState.SENT, DeliveryState.QUEUED, DeliveryState.DEFERRED


class MailShare:
    """What a batch channel is given: where mails come from, where outcomes go, when to stop."""

    def __init__(
        self,
        ledger: Ledger,
        worker: Worker,
        step: FrozenStep,
        mailing: Mailing,
        *,
        keep_out: KeepOut,
    ) -> None:
        self._ledger = ledger
        self._worker = worker
        self._step = step
        self._mailing = mailing
        self._keep_out = keep_out
        self._asked_at = NEVER
        self._waiting: deque[Claim] = deque()
        self._tries: dict[int, int] = {}
        self._looked_at = NEVER
        self._stopped = False
        self._done = ledger.done(step.id)
        self._until = time.monotonic() + SECONDS
        self.taken = 0
        """Deliveries that were claimed so far."""
        self.sent = 0
        """Deliveries that the other side accepted so far."""
        worker.renew()

    def source(self, most: int) -> Sequence[Outgoing[Mail]]:
        """Return up to `most` mails more; none when the share is used up."""
        mails: list[Outgoing[Mail]] = []
        while len(mails) < most and (claim := self._next()):
            try:
                mails.append(Outgoing(claim.id, self._mailing.mail(claim)))
            except OproepError as error:
                failed = Outcome(claim.id, DeliveryState.FAILED, reply=str(error))
                self.record([], [failed])
        return mails

    def record(self, intents: Sequence[int], outcomes: Sequence[Outcome]) -> None:
        """Commit intents and outcomes; a deferred delivery is given its time to come back."""
        settled = outcomes
        if any(outcome.state is _DEFERRED for outcome in outcomes):
            settled = [self._with_due(outcome) for outcome in outcomes]
        self._worker.record(intents, settled)
        for outcome in settled:
            self._tries.pop(outcome.delivery_id, None)
            self.sent += outcome.state is _SENT
            self._done += outcome.state not in (_QUEUED, _DEFERRED)
        if settled:
            tell(
                Progress(
                    step=self._step.number,
                    channel=self._step.channel,
                    done=self._done,
                    planned=self._step.planned,
                    at=clock.now(),
                    deadline=self._step.deadline,
                )
            )

    def stop(self) -> bool:
        """Return whether nothing new may begin: at the deadline, or when a person stopped it."""
        if clock.now() >= self._step.deadline:
            return True
        if (now := time.monotonic()) - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            self._worker.renew()
            self._stopped = not self._ledger.is_running(self._step.id)
        return self._stopped

    def close(self, end: HandOver) -> None:
        """Give back what was taken and not begun."""
        unused = [*end.returned, *(claim.id for claim in self._waiting)]
        self._waiting.clear()
        if unused:
            self._worker.give_back(unused)

    def _next(self) -> Claim | None:
        while True:
            if not self._waiting and time.monotonic() < self._until:
                claims = self._worker.claim(self._step.id, CLAIM)
                self.taken += len(claims)
                self._waiting.extend(claims)
                self._tries.update((claim.id, claim.attempts) for claim in claims)
                self._asked_at = NEVER
            if not self._waiting:
                return None
            if time.monotonic() - self._asked_at >= ASK_EVERY:
                self._skip_who_left()
            if self._waiting:
                return self._waiting.popleft()

    def _skip_who_left(self) -> None:
        """Skip those of the waiting who must not be mailed, or not any more."""
        self._asked_at = time.monotonic()
        out = self._keep_out([claim.recipient for claim in self._waiting])
        if not out:
            return
        waiting, self._waiting = self._waiting, deque()
        skipped: list[Outcome] = []
        for claim in waiting:
            reason = out.get(address_key(claim.recipient))
            if reason is None:
                self._waiting.append(claim)
            else:
                skipped.append(Outcome(claim.id, DeliveryState.SKIPPED, reason=reason))
        self.record([], skipped)

    def _with_due(self, outcome: Outcome) -> Outcome:
        tries = self._tries.get(outcome.delivery_id, 0)
        if outcome.state is not _DEFERRED or outcome.due_at is not None:
            return outcome
        wait = BACK_OFF[min(tries, len(BACK_OFF) - 1)]
        return outcome._replace(due_at=clock.now() + wait)
