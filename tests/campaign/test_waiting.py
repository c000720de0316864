"""A step may wait for a page or another step, and it is said what happens if it never comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flows.audience.faults import Faults
from flows.campaign.conditions import Come, has_come, pages_of
from flows.campaign.plan import Step
from flows.campaign.waiting import Otherwise
from flows.ledger.frozen import FrozenCampaign, FrozenStep
from flows.models import DeliveryState, StepState
from tests.campaign.conftest import Example

D, S = DeliveryState, StepState
AT = datetime(2026, 2, 11, 16, tzinfo=UTC)


def newsletter(example: Example, *lines: str) -> Step:
    """Return the newsletter's step with these lines added."""
    example.edit("campaign.toml", '"event - 17h"', '"event - 17h"\n' + "\n".join(lines))
    return example.load().plan.steps[1]


def frozen(state: StepState) -> FrozenCampaign:
    """Return a campaign whose mail-out, of ten recipients, stands as given."""
    steps = (
        FrozenStep(number=1, channel="mailout", draft="", at=AT, deadline=AT, id=7, planned=10),
        FrozenStep(number=2, channel="newsletter", draft="", at=AT, deadline=AT, id=8),
    )
    return FrozenCampaign(
        slug="oproep",
        title="",
        language="nl",
        time_zone="Europe/Amsterdam",
        event_name="",
        event_at=AT,
        fingerprint="",
        rehearsal=False,
        steps=(replace(steps[0], state=state), steps[1]),
    )


def come(
    step: Step,
    campaign: FrozenCampaign,
    counts: dict[DeliveryState, int],
    *,
    there: Sequence[str] = ("https://voorbeeld.example/nieuws",),
) -> Come:
    assert step.wait is not None
    return has_come(
        step,
        step.wait,
        campaign,
        {7: counts},
        pages={
            "page": "https://voorbeeld.example/nieuws",
            "issue": "https://nieuws.example/nieuwsbrief/oproep",
        },
        answers=lambda url: url in there,
    )


def test_a_wait_is_read_with_its_end_and_what_happens_then(example: Example) -> None:
    step = newsletter(
        example, 'wait_for = "page"', 'wait_until = "event - 1h"', 'otherwise = "send"'
    )
    assert step.wait is not None
    assert step.wait.until == datetime(2026, 2, 12, 8, tzinfo=UTC)
    assert step.wait.otherwise is Otherwise.SEND


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (['wait_for = "de kat"'], "Nothing is called"),
        (['otherwise = "send"'], "means nothing without"),
        (['wait_for = "page"', 'otherwise = "send"'], "nothing says when"),
        (['wait_for = "page"', 'otherwise = "misschien"'], "not something that can happen"),
        (['wait_for = "step 7"'], "no step 7"),
        (['wait_for = "step 2"'], "waits for itself"),
        (['wait_for = "bluesky"'], "no bluesky step"),
        (['wait_for = "mastodon"'], "begins later"),
        (['wait_for = "newsletter"'], "waits for itself"),
        (['wait_for = "issue"'], "waits for itself"),
    ],
)
def test_a_wait_that_makes_no_sense_is_a_fault(
    example: Example, lines: list[str], words: str
) -> None:
    with pytest.raises(Faults, match=words):
        newsletter(example, *lines)


def test_a_page_has_come_when_it_answers(example: Example) -> None:
    step = newsletter(example, 'wait_for = "page"')
    assert come(step, frozen(S.SCHEDULED), {}) is Come.YES


def test_a_page_that_does_not_answer_has_not_come_yet(example: Example) -> None:
    step = newsletter(example, 'wait_for = "https://elders.example/"')
    assert come(step, frozen(S.SCHEDULED), {}) is Come.NOT_YET


def test_steps_that_wait_for_each_other_are_a_fault_of_each(example: Example) -> None:
    example.edit("campaign.toml", '"event - 17h"', '"event - 17h"\nwait_for = "step 1"')
    example.edit("campaign.toml", '"event - 22h"', '"event - 17h"\nwait_for = "newsletter"')
    with pytest.raises(Faults) as caught:
        example.load().plan  # noqa: B018 (read when it is asked for)
    assert [each.what for each in caught.value.problems] == [
        "Step 1 waits for a step that waits for step 1.",
        "Step 2 waits for a step that waits for step 2.",
    ]


def test_a_post_waits_for_the_page_of_the_issue(example: Example) -> None:
    example.edit("campaign.toml", '"event - 16h"', '"event - 16h"\nwait_for = "issue"')
    post = example.load().plan.steps[2]
    assert come(post, frozen(S.DONE), {}) is Come.NOT_YET
    page = pages_of(example.load(), example.settings)["issue"]
    assert page == "https://nieuws.invalid/nieuwsbrief/2026-02-11-oproep"
    there = ["https://nieuws.example/nieuwsbrief/oproep"]
    assert come(post, frozen(S.DONE), {}, there=there) is Come.YES


def test_there_must_be_a_newsletter_to_wait_for_its_page(example: Example) -> None:
    example.edit("campaign.toml", '"newsletter"', '"mailout"')
    example.edit("campaign.toml", '"event - 16h"', '"event - 16h"\nwait_for = "issue"')
    with pytest.raises(Faults, match="no newsletter step"):
        example.load().plan  # noqa: B018 (read when it is asked for)


@pytest.mark.parametrize("name", ["mailout", "step 1"])
@pytest.mark.parametrize(
    ("state", "counts", "expected"),
    [
        (S.SCHEDULED, {D.QUEUED: 10}, Come.NOT_YET),
        (S.RUNNING, {D.SENT: 9, D.DEFERRED: 1}, Come.NOT_YET),
        (S.DONE, {D.SENT: 10}, Come.YES),
        (S.DONE, {D.SENT: 9, D.REJECTED: 1}, Come.YES),
        (S.DONE, {D.SENT: 8, D.REJECTED: 2}, Come.FAILED),
        (S.DONE, {D.SENT: 8, D.UNCONFIRMED: 2}, Come.FAILED),
        (S.SKIPPED, {D.SKIPPED: 10}, Come.FAILED),
        (S.PAUSED, {D.SENT: 5, D.QUEUED: 5}, Come.NOT_YET),
    ],
)
def test_a_step_has_come_when_it_is_through_and_went_well(
    example: Example,
    name: str,
    state: StepState,
    counts: dict[DeliveryState, int],
    expected: Come,
) -> None:
    step = newsletter(example, f'wait_for = "{name}"')
    assert come(step, frozen(state), counts) is expected
