"""Reports built by hand: one that went well, one that did not, one that is still under way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flows.models import DeliveryState, MessageKind, SkipReason, StepState
from flows.reporting.model import EventReport, PostReport, ProblemDelivery, Report, StepReport
from tests.browser.chromium import axe, browser

__all__ = ["axe", "browser"]

D = DeliveryState
# Ten in the morning in Amsterdam, in winter.
EVENT = EventReport(name="Rondetafelgesprek", at=datetime(2026, 2, 12, 9, 0, tzinfo=UTC))
KINDS = {"mailout": MessageKind.MAILOUT, "newsletter": MessageKind.ISSUE}


def _step(number: int, channel: str, *, hours: float, planned: int, **more: object) -> StepReport:
    at = EVENT.at - timedelta(hours=hours)
    values: dict[str, object] = {
        "number": number,
        "channel": channel,
        "kind": KINDS.get(channel.partition(":")[0], MessageKind.POST),
        "draft": f"{channel}.md",
        "at": at,
        "deadline": EVENT.at,
        "state": StepState.DONE,
        "started_at": at,
        "finished_at": at + timedelta(seconds=4),
        "planned": planned,
        "counts": {D.SENT: planned},
    }
    return StepReport(**(values | more))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def step() -> Callable[..., StepReport]:
    """Build a step: number, channel, hours before the event, planned, and what differs."""
    return _step


@pytest.fixture(scope="session")
def all_went() -> Report:
    """Twenty-three messages on three channels, all of them sent."""
    return Report(
        campaign="2026-02-11-geen-kind-in-de-cel",
        title="Oproep: Geen Kind in de Cel",
        event=EVENT,
        generated_at=datetime(2026, 2, 12, 12, 30, tzinfo=UTC),
        steps=(
            _step(1, "mailout", hours=22, planned=11),
            _step(2, "newsletter", hours=17, planned=8),
            _step(3, "mastodon", hours=15, planned=4, counts={D.DELIVERED: 4}),
        ),
        posts=tuple(
            PostReport(
                step=3,
                channel="mastodon",
                account="@kinderrechten@mastodon.example",
                state=D.DELIVERED,
                number=number,
                of=4,
                url=f"https://mastodon.example/@kinderrechten/{number}",
            )
            for number in range(1, 5)
        ),
    )


@pytest.fixture(scope="session")
def rehearsed(all_went: Report) -> Report:
    """The same, as a rehearsal."""
    return replace(all_went, rehearsal=True)


@pytest.fixture(scope="session")
def trouble() -> Report:
    """Thousands of messages, every state in use, a step that came too late, hostile texts."""
    counts = {
        D.SENT: 3961,
        D.DELIVERED: 812,
        D.DEFERRED: 9,
        D.REJECTED: 21,
        D.BOUNCED: 38,
        D.COMPLAINED: 1,
        D.FAILED: 4,
        D.SKIPPED: 152,
        D.UNCONFIRMED: 2,
    }
    return Report(
        campaign="2026-02-11-geen-kind-in-de-cel",
        title='Kinderen <script>alert("cel")</script> & {{ 7 * 7 }} “vrij” 👨‍👩‍👧',
        event=EVENT,
        generated_at=datetime(2026, 2, 12, 12, 30, tzinfo=UTC),
        steps=(
            _step(1, "mailout", hours=22, planned=11, counts={D.SENT: 10, D.BOUNCED: 1}),
            _step(
                2,
                "newsletter",
                hours=17,
                planned=5000,
                counts=counts,
                state=StepState.RUNNING,
                finished_at=None,
                skipped_reasons={
                    SkipReason.SUPPRESSED: 17,
                    SkipReason.UNSUBSCRIBED: 23,
                    SkipReason.DUPLICATE: 11,
                    SkipReason.DEADLINE: 101,
                },
            ),
            _step(3, "mastodon", hours=16, planned=4, counts={D.DELIVERED: 4}),
            _step(
                4,
                "bluesky:jeugd",
                hours=0.5,
                planned=4,
                state=StepState.SKIPPED,
                started_at=None,
                finished_at=EVENT.at,
                counts={D.SKIPPED: 4},
                skipped_reasons={SkipReason.DEADLINE: 4},
            ),
        ),
        problems=(
            _problem(D.UNCONFIRMED, "lezer0193@post.example"),
            _problem(D.COMPLAINED, "lezer2201@post.example"),
            _problem(
                D.REJECTED,
                "zeer.lange.naam.van.een.lezer.met.veel.punten@afdeling.organisatie.example",
                code=550,
                enhanced="5.1.1",
                reply="5.1.1 <zeer.lange.naam>: Recipient address rejected: User unknown",
            ),
            _problem(
                D.BOUNCED,
                "=cmd|'/C calc'!A0@post.example",
                code=552,
                enhanced="5.2.2",
                reply='Mailbox full <img src=x onerror="alert(1)">\x1b[2J\u202eover quota',
            ),
            _problem(D.FAILED, "lezer0007@post.example", reply="slot 'naam' is empty"),
            _problem(
                D.DEFERRED,
                "lezer0031@post.example",
                code=451,
                enhanced="4.7.1",
                reply="Greylisted, come back in 300 seconds",
            ),
        ),
        posts=(
            PostReport(
                step=3,
                channel="mastodon",
                account="@kinderrechten@mastodon.example",
                state=D.DELIVERED,
                url="https://mastodon.example/@kinderrechten/1",
                numbers={"favourites": 31, "boosts": 19, "replies": 4},
                passed_on_by=("Defence for Children", "Stichting LOS"),
            ),
            PostReport(
                step=3,
                channel="mastodon",
                account="@kinderrechten@mastodon.example",
                state=D.DELIVERED,
                number=2,
                of=2,
                url="javascript:alert(1)",
            ),
        ),
    )


@pytest.fixture(scope="session")
def under_way(all_went: Report) -> Report:
    """The first step is through, the second busy, the third still to come."""
    first, second, third = all_went.steps
    return replace(
        all_went,
        steps=(
            first,
            replace(
                second,
                state=StepState.RUNNING,
                finished_at=None,
                counts={D.QUEUED: 4, D.SENDING: 1, D.SENT: 3},
            ),
            replace(
                third,
                state=StepState.SCHEDULED,
                started_at=None,
                finished_at=None,
                counts={D.QUEUED: 4},
            ),
        ),
        posts=(),
    )


def _problem(state: DeliveryState, recipient: str, **more: object) -> ProblemDelivery:
    return ProblemDelivery(
        step=2,
        channel="newsletter",
        kind=MessageKind.ISSUE,
        recipient=recipient,
        state=state,
        **more,  # type: ignore[arg-type]
    )
