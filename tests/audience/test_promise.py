"""The promise: whatever happens in whatever order, nobody is mailed who should not be.

People sign up (or strangers sign them up), confirm, leave by three ways, ask to be forgotten; their
mails come back as bounces, complaints and answers, real and forged; colleagues import old and new
files, suppress and lift; details are purged; and all the while campaigns are frozen and handed over
bit by bit. A model that is as simple as the promise
says who may be mailed, and that nobody is left out who should be.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from flows import clock
from flows.audience.importing import Wanted, import_file
from flows.audience.people import SELF_LIFTED, Consent, Left, SuppressionReason
from flows.audience.subscribers import CONFIRM_WITHIN, Audience
from flows.audience.tokens import Purpose, Signer, verp_sender
from flows.campaign.keeping_out import keep_out_of
from flows.campaign.mailing import Mailing
from flows.campaign.retention import forget, purge
from flows.campaign.share import MailShare
from flows.channels.batch import Ended, HandOver, Outcome
from flows.clock import SimulatedClock
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenStep, Planned
from flows.ledger.hand_over import Worker
from flows.models import DeliveryState
from flows.returns.acting import Rules
from flows.returns.keeping import Keeper
from flows.returns.lookup import Lookup
from flows.settings import Settings
from tests.audience.conftest import SECRET, ask
from tests.audience.test_keeping_out import AnyMail
from tests.audience.test_retention import leave_by_link
from tests.ledger.conftest import campaign
from tests.returns.letters import answer, dsn, feedback

WHO = st.sampled_from("abc")
LIST = st.sampled_from(("nieuwsbrief", "kamerbrief"))
SPELLING = st.sampled_from((str, str.upper, str.title))
SETTINGS = Settings(secret_key=SECRET)
_run = itertools.count()


class Promise(RuleBasedStateMachine):
    """The audience, and beside it what each person last wanted."""

    def __init__(
        self, engine: Engine, audience: Audience, time: SimulatedClock, folder: Path
    ) -> None:
        super().__init__()
        secret = SECRET.get_secret_value()
        rules = Rules(give_up_after=1_000, language="nl")
        self.folder = folder / "returns"
        self.keeper = Keeper(
            engine, audience, Lookup(engine, secret), rules=rules, folder=self.folder
        )
        self.signer = Signer(secret, Purpose.BOUNCE)
        self.letters = itertools.count()
        self.engine, self.audience, self.time = engine, audience, time
        self.run = next(_run)
        self.wants: set[tuple[str, str]] = set()
        self.asked: dict[tuple[str, str], tuple[int, datetime]] = {}
        self.left: dict[tuple[str, str], datetime] = {}
        self.barred: dict[str, SuppressionReason] = {}
        self.step: FrozenStep | None = None
        self.to_come: set[str] = set()
        self.links: dict[tuple[str, str], int] = {}
        self.campaigns = itertools.count()

    def address(self, who: str) -> str:
        return f"{who}@run{self.run}.example"

    def list_of(self, name: str) -> str:
        return f"{name}{self.run}"

    def _leave(self, who: str, list_: str) -> None:
        self.wants.discard((who, list_))
        self.asked.pop((who, list_), None)
        self.left[who, list_] = clock.now()

    @initialize(here=st.sets(st.tuples(WHO, LIST), min_size=2))
    def some_are_there_already(self, here: set[tuple[str, str]]) -> None:
        for who, list_ in sorted(here):
            self.somebody_fills_in_the_form(who, list_, str)
            self.the_owner_confirms(who, list_)
        self.a_campaign_is_frozen("nieuwsbrief")

    # --- what people do --------------------------------------------------------------------

    @rule(who=WHO, list_=LIST, spelled=SPELLING)
    def somebody_fills_in_the_form(self, who: str, list_: str, spelled: type[str]) -> None:
        found = ask(self.audience, spelled(self.address(who)), self.list_of(list_))
        if (who, list_) not in self.wants:
            self.asked[who, list_] = (found.id, clock.now())

    @rule(who=WHO, list_=LIST)
    def the_owner_confirms(self, who: str, list_: str) -> None:
        number, at = self.asked.get((who, list_), (0, clock.now()))
        confirmed = self.audience.confirm(number) is not None
        assert confirmed == (number > 0 and clock.now() < at + CONFIRM_WITHIN)
        if confirmed:
            self.wants.add((who, list_))
            self.left.pop((who, list_), None)
            del self.asked[who, list_]
            if self.barred.get(who) in SELF_LIFTED:
                del self.barred[who]

    @rule(who=WHO, list_=LIST)
    def they_leave_a_list(self, who: str, list_: str) -> None:
        person = self.audience.find(self.address(who))
        subscription = person.on(self.list_of(list_)) if person else None
        if subscription is not None:
            # Who says it twice means it the second time as well.
            self.audience.unsubscribe(subscription.id, how=Left.PREFERENCES)
            self._leave(who, list_)

    @rule(who=WHO, list_=LIST)
    def they_click_in_an_old_mail(self, who: str, list_: str) -> None:
        if number := self.links.get((who, list_)):
            leave_by_link(self.audience, number)
            self._leave(who, list_)

    @rule(who=WHO)
    def they_complain(self, who: str) -> None:
        self.audience.unsubscribe_address(self.audience.hash(self.address(who)), how=Left.COMPLAINT)
        for each in [key for key in {*self.wants, *self.asked} if key[0] == who]:
            self._leave(*each)

    @rule(who=WHO, list_=LIST, full=st.booleans())
    def a_mail_to_them_bounces(self, who: str, list_: str, full: bool) -> None:
        if number := self.links.get((who, list_)):
            how = {"status": "5.2.2", "diagnostic": ""} if full else {}
            self._comes_back(dsn, number, who, **how)
            if not full:
                self.barred.setdefault(who, SuppressionReason.GONE)

    @rule(who=WHO, list_=LIST)
    def they_call_a_mail_spam(self, who: str, list_: str) -> None:
        if number := self.links.get((who, list_)):
            self._comes_back(feedback, number, who)
            for each in [key for key in {*self.wants, *self.asked} if key[0] == who]:
                self._leave(*each)
            self.barred.setdefault(who, SuppressionReason.COMPLAINT)

    @rule(who=WHO, other=WHO, letter=st.sampled_from((dsn, feedback, answer)))
    def somebody_forges_or_answers(
        self, who: str, other: str, letter: Callable[..., bytes]
    ) -> None:
        if letter is answer:
            for number in self.links.values():
                self._comes_back(answer, number, who)
        else:
            self._comes_back(letter, None, who)
            # A bounce of one's own that names somebody else.
            numbers = [at for (person, _), at in self.links.items() if person == other]
            if numbers and who != other and letter is dsn:
                self._comes_back(dsn, numbers[0], who)
                self.barred.setdefault(other, SuppressionReason.GONE)

    def _comes_back(
        self, letter: Callable[..., bytes], number: int | None, who: str, **how: str
    ) -> None:
        to = "bounce@organisatie.example"
        if number is not None:
            to = verp_sender(self.signer, number, domain="organisatie.example")
        named = {} if letter is answer else {"recipient": self.address(who)}
        unique = f"<{self.run}.{next(self.letters)}@x.example>"
        self.keeper.take(letter(to=to, message_id=unique, **named, **how))

    @rule(who=WHO, reason=st.sampled_from(SuppressionReason))
    def they_are_suppressed(self, who: str, reason: SuppressionReason) -> None:
        if reason is SuppressionReason.FORGOTTEN:
            forget(self.audience, self.address(who), letters=self.folder)
            for key in [key for key in self.asked if key[0] == who]:
                del self.asked[key]
            self.wants -= {key for key in self.wants if key[0] == who}
        else:
            self.audience.suppress(self.address(who), reason=reason, source="test")
        first = self.barred.get(who)
        weight = [None, SuppressionReason.FORGOTTEN, SuppressionReason.STAFF]
        rank = {each: weight.index(each) if each in weight else 0 for each in SuppressionReason}
        if first is None or rank[reason] > rank[first]:
            self.barred[who] = reason

    @rule(who=WHO)
    def a_colleague_lifts_it(self, who: str) -> None:
        assert self.audience.lift(self.address(who)) == (who in self.barred)
        self.barred.pop(who, None)

    @rule(who=st.sets(WHO, min_size=1), list_=LIST, ago=st.none() | st.integers(0, 40))
    def a_file_is_imported(self, who: set[str], list_: str, ago: int | None) -> None:
        since = None if ago is None else clock.now() - timedelta(days=ago, seconds=1)
        lines = ["email", *(self.address(each).upper() for each in sorted(who))]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "leden.csv"
            path.write_text("\n".join(lines), "utf-8")
            wanted = Wanted(
                path=path,
                list=self.list_of(list_),
                consent=Consent(wording="Ja", purpose="Nieuws", source="file"),
                zone=ZoneInfo("Europe/Amsterdam"),
                consented=since,
            )
            import_file(
                self.audience, wanted, refused_to=path.with_name("no.csv"), told=lambda *_: None
            )
        for each in who:
            left = self.left.get((each, list_))
            if each in self.barred or (each, list_) in self.wants:
                continue
            if left is None or (since is not None and since > left):
                self.wants.add((each, list_))
                self.asked.pop((each, list_), None)
                self.left.pop((each, list_), None)

    @rule(hours=st.sampled_from((1, 30, 24 * 8, 24 * 31, 24 * 91)))
    def time_passes(self, hours: int) -> None:
        self.time.advance(timedelta(hours=hours))

    @rule()
    def details_are_purged(self) -> None:
        purge(self.audience, retention_days=90, letters=self.folder)
        old = clock.now() - timedelta(days=30)
        self.asked = {key: value for key, value in self.asked.items() if value[1] >= old}

    # --- campaigns -------------------------------------------------------------------------

    @rule(list_=LIST)
    def a_campaign_is_frozen(self, list_: str) -> None:
        plan = campaign("newsletter")
        step = replace(
            plan.steps[0],
            list=self.list_of(list_),
            at=clock.now(),
            deadline=clock.now() + timedelta(days=3),
        )
        slug = f"run-{self.run}-{next(self.campaigns)}"
        ledger = Ledger(self.engine)
        people = [Planned(recipient=each) for each in self.audience.confirmed(step.list)]
        frozen = ledger.freeze(replace(plan, slug=slug, steps=(step,)), [people])
        self.step, self.list_, self.to_come = frozen.steps[0], list_, set("abc")
        ledger.begin_step(self.step.id)

    @precondition(lambda self: self.step is not None)
    @rule(most=st.integers(1, 3))
    def some_of_it_is_handed_over(self, most: int) -> None:
        assert self.step is not None
        worker = Worker(self.engine)
        keep_out = keep_out_of(SETTINGS, self.engine, self.step)
        share = MailShare(
            Ledger(self.engine),
            worker,
            self.step,
            cast("Mailing", AnyMail()),
            keep_out=keep_out,
        )
        mails = share.source(most)
        ids = [mail.delivery_id for mail in mails]
        share.record(ids, [])
        share.record([], [Outcome(number, DeliveryState.SENT) for number in ids])
        share.close(HandOver(why=Ended.STOPPED))
        worker.release()
        for mail in mails:
            who = mail.message.recipient[0].lower()
            assert (who, self.list_) in self.wants, "mailed without consent"
            assert who not in self.barred, "mailed though suppressed"
            assert who in self.to_come, "mailed twice"
            self.to_come.discard(who)
            self.links[who, self.list_] = mail.delivery_id

    @invariant()
    def exactly_those_would_be_mailed_who_want_it(self) -> None:
        for name in ("nieuwsbrief", "kamerbrief"):
            list_ = self.list_of(name)
            people = [each.address for each in self.audience.confirmed(list_)]
            out = self.audience.keep_out(people, list_=list_)
            would = {each[0].lower() for each in people if each.casefold() not in out}
            assert would == {who for who, on in self.wants if on == name} - self.barred.keys()


@pytest.mark.timeout(300)
def test_nobody_is_mailed_who_should_not_be(
    audience: Audience, engine: Engine, time: SimulatedClock, tmp_path: Path
) -> None:
    run_state_machine_as_test(
        cast("type[RuleBasedStateMachine]", lambda: Promise(engine, audience, time, tmp_path)),
        settings=settings(
            max_examples=15,
            stateful_step_count=40,
            deadline=None,
            # One database serves all runs, so what failed once cannot be made smaller by trying.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
