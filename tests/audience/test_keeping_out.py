"""Who leaves while a step runs gets nothing more of it, and stands in the ledger as left out."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select

from flows.audience.people import Left, SuppressionReason
from flows.audience.subscribers import Audience
from flows.campaign import share as shares
from flows.campaign.keeping_out import keep_out_of
from flows.campaign.mailing import Mailing
from flows.campaign.share import MailShare
from flows.compose.messages import Mail
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenStep, Planned
from flows.ledger.hand_over import Claim, Worker
from flows.models import DeliveryState
from flows.settings import Settings
from tests.audience.conftest import SECRET, join
from tests.ledger.conftest import campaign

READERS = [f"lezer{number}@lezers.example" for number in range(6)]


class AnyMail:
    """Stands for a compiled mail: what it says is of no concern here."""

    def mail(self, claim: Claim) -> Mail:
        return Mail(sender="us@a.example", recipient=claim.recipient, content=b"", ready=True)


def frozen(engine: Engine, audience: Audience, *, list_: str = "nieuwsbrief") -> FrozenStep:
    plan = campaign("newsletter")
    plan = replace(plan, steps=(replace(plan.steps[0], list=list_),))
    people = [Planned(recipient=each) for each in audience.confirmed("nieuwsbrief")]
    step = Ledger(engine).freeze(plan, [people]).steps[0]
    Ledger(engine).begin_step(step.id)
    return step


def share_of(engine: Engine, step: FrozenStep) -> MailShare:
    settings = Settings(secret_key=SecretStr(SECRET.get_secret_value()))
    keep_out = keep_out_of(settings, engine, step)
    mailing = cast("Mailing", AnyMail())
    return MailShare(Ledger(engine), Worker(engine), step, mailing, keep_out=keep_out)


def outcomes(engine: Engine) -> dict[str, tuple[str, str | None]]:
    with engine.connect() as connection:
        rows = connection.execute(select(t.delivery)).all()
    return {row.recipient: (row.state, row.reason) for row in rows}


@pytest.mark.parametrize("asked_every", [0.0, 3600.0])
def test_who_left_or_was_suppressed_since_the_freeze_is_skipped_with_the_reason(
    audience: Audience, engine: Engine, monkeypatch: pytest.MonkeyPatch, asked_every: float
) -> None:
    monkeypatch.setattr(shares, "ASK_EVERY", asked_every)
    for address in READERS:
        join(audience, address)
    step = frozen(engine, audience)
    audience.unsubscribe_address(audience.hash(READERS[1]), how=Left.ONE_CLICK)
    audience.suppress(READERS[2], reason=SuppressionReason.GONE, source="bounce")
    share = share_of(engine, step)
    first = share.source(1)
    assert [each.message.recipient for each in first] == [READERS[0]]
    # Leaves while the step is running, claimed already and not handed over yet.
    audience.unsubscribe_address(audience.hash(READERS[4]), how=Left.ONE_CLICK)
    rest = [each.message.recipient for each in share.source(10)]
    if asked_every:
        assert rest == [READERS[3], READERS[4], READERS[5]]
        return
    assert rest == [READERS[3], READERS[5]]
    found = outcomes(engine)
    assert found[READERS[1]] == (DeliveryState.SKIPPED, "unsubscribed")
    assert found[READERS[2]] == (DeliveryState.SKIPPED, "suppressed")
    assert found[READERS[4]] == (DeliveryState.SKIPPED, "unsubscribed")
    assert found[READERS[5]] == (DeliveryState.QUEUED, None)


def test_a_mail_to_no_list_asks_only_who_must_never_be_mailed(
    audience: Audience, engine: Engine
) -> None:
    for address in READERS:
        join(audience, address)
    step = frozen(engine, audience, list_="")
    audience.unsubscribe_address(audience.hash(READERS[0]), how=Left.LINK)
    audience.suppress(READERS[1], reason=SuppressionReason.STAFF, source="letter")
    handed = [each.message.recipient for each in share_of(engine, step).source(10)]
    assert handed == [READERS[0], *READERS[2:]]


def test_a_share_of_nobody_but_those_who_left_ends(audience: Audience, engine: Engine) -> None:
    for address in READERS:
        join(audience, address)
    step = frozen(engine, audience)
    for address in READERS:
        audience.forget(address)
    share = share_of(engine, step)
    assert share.source(10) == []
    assert {state for state, _ in outcomes(engine).values()} == {DeliveryState.SKIPPED}
    assert share.sent == 0
