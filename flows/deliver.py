"""The flow that carries out one step: wait for its time, hand over, stop at its deadline.

Prefect may run this twice, or late; the ledger decides what may be sent, so neither does harm.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed

from flows import clock
from flows.campaign.conditions import Come, has_come, page_answers, pages_of
from flows.campaign.fingerprint import fingerprint
from flows.campaign.folder import Campaign, find_campaign, load_campaign
from flows.campaign.held import HeldWords, changed_since_approval, held_words
from flows.campaign.keeping_out import keep_out_of
from flows.campaign.look import relative
from flows.campaign.mailing import Mailing
from flows.campaign.plan import Step
from flows.campaign.reminding import remind
from flows.campaign.rendering import compose_step
from flows.campaign.waiting import Otherwise, Wait
from flows.channels.opening import open_mail, open_posts
from flows.database import open_database
from flows.deliver_mail import deliver_mails
from flows.deliver_posts import deliver_thread
from flows.errors import InputError, NotLaunched, SettingsError
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenStep
from flows.ledger.hand_over import Worker, recover
from flows.ledger.journal import entries
from flows.ledger.underway import let_go
from flows.models import StepState
from flows.settings import Settings, load
from flows.shown import step_shown
from flows.termination import GRACE, Terminated, unless_terminated

LOOK_AGAIN = timedelta(seconds=15)
"""How often a step looks whether what it waits for has come."""
WAITING = (StepState.SCHEDULED, StepState.RUNNING)


@flow(name="deliver", flow_run_name="{campaign}-step-{step}", persist_result=False)
async def deliver(campaign: str, step: int, rehearsal: bool = False) -> State[int]:
    """Carry out one step of a launched campaign.

    Args:
        campaign: Slug or folder of the campaign.
        step: Number of the step in `campaign.toml`, from 1.
        rehearsal: Whether this is a rehearsal, which leads nowhere but the outbox.

    Returns:
        Completed with the number of deliveries handed over; Cancelled, with the reason, when it
        may not be carried out: its deadline has passed, it is held back, or it has ended.
    """
    settings = load()
    content = _content(settings, campaign)
    if rehearsal:
        settings = settings.for_rehearsal(content.slug)
    engine = open_database(settings.database)
    try:
        run = _Run(settings, Ledger(engine), content, step)
        if (refusal := await unless_terminated(run.refusal())) is not None:
            return Cancelled(message=refusal)
        async with run.shown():
            handed_over = await unless_terminated(run.carry_out(), let_go=run.let_go, grace=GRACE)
        return Completed(data=handed_over, message=f"{handed_over} handed over.")
    except NotLaunched as gone:
        return Cancelled(message=gone.what)
    except Terminated:
        return Completed(data=0, message="Asked to end; another run goes on with what is left.")
    finally:
        engine.dispose()


def _content(settings: Settings, campaign: str) -> Campaign:
    """Return a campaign, even one whose folder is gone: then that is found when it is read."""
    try:
        return load_campaign(find_campaign(settings, campaign), settings)
    except InputError:
        return load_campaign(settings.content_dir / campaign, settings)


class _Run:
    """One run of one step."""

    def __init__(self, settings: Settings, ledger: Ledger, campaign: Campaign, step: int) -> None:
        self._settings = settings
        self._ledger = ledger
        self._campaign = campaign
        self._number = step

    def _step(self) -> FrozenStep:
        """Return the step as the ledger has it now: it may have been moved, stopped or closed."""
        return self._ledger.campaign(self._campaign.slug).step(self._number)

    @property
    def _words(self) -> HeldWords:
        return held_words(self._ledger.campaign(self._campaign.slug).language)

    async def refusal(self) -> str | None:
        """Wait for the step's time, and begin it; or return why it may not begin.

        Raises:
            NotLaunched: the campaign or the step is not there, or not any more.
        """
        while (step := self._step()).at > clock.now() and step.state in WAITING:
            await clock.sleep_until(step.at)
        recover(self._ledger.engine)
        if self._settings.rehearsal is None and (reason := self._change_since_approval()):
            self._ledger.pause_step(step.id, reason)
            return reason
        if (reason := await self._nothing_came(step)) is not None:
            return reason
        if clock.now() >= self._step().deadline:
            skipped = self._ledger.close_at_deadline(step.id)
            return f"The deadline had passed: {skipped} not sent."
        if not self._ledger.begin_step(step.id):
            return self._step().reason or "This step has ended or is held back."
        return None

    async def carry_out(self) -> int:
        """Hand over until nothing is left or the deadline has come; return how many were taken."""
        handed_over = 0
        while True:
            before = self._step()
            handed_over += await self._hand_over(before)
            step = self._step()
            if clock.now() >= step.deadline:
                self._ledger.close_at_deadline(step.id)
                return handed_over
            if step.deadline == before.deadline:
                self._ledger.end_step(step.id)
                return handed_over
            # The event was moved meanwhile, so there is time for what is left.

    def shown(self) -> AbstractAsyncContextManager[None]:
        """Return what shows on Prefect's page how far the step is."""
        return step_shown(self._ledger, self._campaign.slug, self._step())

    def let_go(self) -> None:
        """Begin nothing new; another run goes on with what is left."""
        let_go(self._ledger.engine, self._step().id)

    def _change_since_approval(self) -> str | None:
        """Return what to say if this is not what was approved, and None if it is."""
        frozen = self._ledger.campaign(self._campaign.slug)
        changed = changed_since_approval(frozen.slug, frozen.language)
        try:
            same = fingerprint(self._campaign, self._settings) == frozen.fingerprint
        except InputError as fault:
            # Only where: what a line says may be an address, and Prefect keeps this.
            where = relative(fault.where, self._settings.content_dir)
            return f"{changed} {self._words.unreadable.format(where=where)}"
        return None if same else changed

    async def _nothing_came(self, step: FrozenStep) -> str | None:
        """Wait for what the step waits for; return why it is held or skipped if it never comes."""
        planned = self._planned()
        if planned.wait is None or self._settings.rehearsal is not None or self._was_resumed():
            return None
        until = min(planned.wait.until or step.deadline, step.deadline)
        while self._step().state in WAITING:
            come = await self._has_come(planned, planned.wait)
            if come is Come.YES:
                return None
            if clock.now() >= until:
                return self._otherwise(planned.wait)
            if come is Come.FAILED and planned.wait.otherwise is Otherwise.SKIP:
                # A person decides: `oproep resume` sends it all the same after looking into it.
                reason = self._words.failed.format(what=planned.wait.for_)
                self._ledger.pause_step(step.id, reason)
                return reason
            await clock.sleep_until(min(clock.now() + LOOK_AGAIN, until))
        return self._step().reason or "This step has ended or is held back."

    def _was_resumed(self) -> bool:
        """Return whether a person has decided that this step goes on, whatever it waits for.

        Only who resumes it while it waits decides that: before its time it waited for nothing.
        """
        at = self._step().at
        return any(
            entry.act == "resumed" and entry.step == self._number and entry.at >= at
            for entry in entries(self._ledger.engine, self._campaign.slug)
        )

    def _otherwise(self, wait: Wait) -> str | None:
        """Return why a step is skipped whose wait has ended in vain; None if it is sent anyway."""
        if wait.otherwise is Otherwise.SEND:
            return None
        reason = self._words.never_came.format(what=wait.for_)
        self._ledger.skip_step(self._step().id, reason)
        return reason

    async def _has_come(self, planned: Step, wait: Wait) -> Come:
        frozen = self._ledger.campaign(self._campaign.slug)
        return await asyncio.to_thread(
            has_come,
            planned,
            wait,
            frozen,
            self._ledger.counts(frozen.id),
            pages=pages_of(self._campaign, self._settings),
            answers=page_answers,
        )

    def _planned(self) -> Step:
        return next(one for one in self._campaign.plan.steps if one.number == self._number)

    async def _hand_over(self, step: FrozenStep) -> int:
        """Compose the step and hand it over; return how many the other side accepted."""
        planned = self._planned()
        content = compose_step(self._campaign, planned, self._settings)
        words = held_words(self._campaign.organisation.language)
        worker = Worker(self._ledger.engine)
        try:
            if planned.kind.is_mail:
                list_ = planned.list or step.channel
                mailing = Mailing(
                    self._settings, self._campaign, content, step=step.number, list_=list_
                )
                mails = open_mail(self._settings, step=step.channel)
                keep_out = keep_out_of(self._settings, self._ledger.engine, step)
                return await deliver_mails(
                    self._ledger, worker, step, mailing, mails, keep_out=keep_out, words=self._words
                )
            posts = open_posts(self._settings, step=step.channel, account=planned.account)
            slug = self._campaign.slug
            sent = await deliver_thread(self._ledger, worker, step, content, posts, slug)
            if not posts.in_order:
                await remind(self._ledger, step, self._campaign, self._settings)
            return sent
        except SettingsError as error:
            # Else it would stand there as running, and nobody would know why nothing happens.
            self._ledger.pause_step(step.id, words.setting.format(words=error))
            raise
        finally:
            worker.release()
