"""Only what was approved is launched; a launch happens once; a change must be approved again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from flows import clock
from flows.campaign.fingerprint import changes, fingerprint, snapshot
from flows.campaign.launching import Launch, Launched, launch_campaign, standing_approvals
from flows.campaign.moving import move_event
from flows.campaign.plan import Step
from flows.clock import SimulatedClock
from flows.database import open_database
from flows.errors import InputError
from flows.ledger.approvals import Approvals
from flows.ledger.book import Ledger
from flows.models import DeliveryState, Recipient, StepState
from flows.settings import Settings
from tests.campaign.conftest import BEFORE, Example

READERS = [
    Recipient(address="een@lezers.example"),
    Recipient(address="Beleid@Kinderhulp.example", name="Beleid"),
    Recipient(address="weg@lezers.example"),
]


class People:
    """These readers; who is called `weg` must never be mailed."""

    def __init__(self, readers: Sequence[Recipient]) -> None:
        self._readers = readers

    def readers(self, step: Step) -> Sequence[Recipient]:
        return self._readers

    def kept_out(self, recipients: Sequence[Recipient]) -> list[str]:
        return [one.address for one in recipients if one.address.startswith("weg")]


class Desk:
    """The example campaign with a ledger, and the people around it."""

    def __init__(self, example: Example) -> None:
        self.example = example
        self.settings = Settings(
            content_dir=example.settings.content_dir,
            var_dir=example.settings.var_dir,
            secret_key=SecretStr("a-secret-that-is-long-enough-for-us"),
        )
        self.ledger = Ledger(open_database(self.settings.database))

    def approve(self, name: str = "Noor") -> str:
        campaign = self.example.load()
        mark = fingerprint(campaign, self.settings)
        parts = snapshot(campaign, self.settings)
        Approvals(self.ledger.engine, campaign.slug).add(mark, by=name, snapshot=parts)
        return mark

    def launch(self, readers: Sequence[Recipient] = READERS) -> Launched:
        return launch_campaign(
            self.example.load(),
            self.settings,
            self.ledger,
            People(readers),
        )

    def counts(self, step: int) -> dict[DeliveryState, int]:
        frozen = self.ledger.campaign("2026-02-11-oproep")
        return self.ledger.counts(frozen.id)[frozen.step(step).id]


@pytest.fixture
def desk(example: Example) -> Iterator[Desk]:
    with clock.use(SimulatedClock(BEFORE)):
        desk = Desk(example)
        yield desk
        desk.ledger.engine.dispose()


def test_what_nobody_approved_is_not_launched(desk: Desk) -> None:
    with pytest.raises(InputError, match="not approved"):
        desk.launch()
    assert desk.ledger.find("2026-02-11-oproep") is None


def test_what_was_changed_after_the_approval_is_not_launched(desk: Desk) -> None:
    desk.approve()
    desk.example.edit("newsletter.md", "Elf organisaties", "Twaalf organisaties")
    with pytest.raises(InputError, match="not approved"):
        desk.launch()


def test_what_has_errors_is_not_launched_even_if_approved(desk: Desk) -> None:
    (desk.example.folder / "attachments/brief.pdf").unlink()
    desk.approve()
    with pytest.raises(InputError, match="attachment"):
        desk.launch()


def test_whom_two_mails_would_reach_gets_the_one_that_the_campaign_prefers(desk: Desk) -> None:
    plan = desk.example.folder / "campaign.toml"
    plan.write_text(plan.read_text("utf-8") + '\n[recipients]\nprefer = "newsletter"\n', "utf-8")
    desk.approve()
    desk.launch()
    assert desk.counts(1) == {DeliveryState.QUEUED: 1, DeliveryState.SKIPPED: 1}
    assert desk.counts(2) == {DeliveryState.QUEUED: 2, DeliveryState.SKIPPED: 1}


def test_another_rule_for_whom_two_mails_would_reach_must_be_approved(desk: Desk) -> None:
    desk.approve()
    plan = desk.example.folder / "campaign.toml"
    plan.write_text(plan.read_text("utf-8") + '\n[recipients]\nprefer = "newsletter"\n', "utf-8")
    with pytest.raises(InputError, match="not approved"):
        desk.launch()


def test_everybody_is_frozen_once_and_who_must_not_be_mailed_is_skipped(desk: Desk) -> None:
    desk.approve()
    assert desk.launch().did is Launch.FROZEN
    assert desk.counts(1) == {DeliveryState.QUEUED: 2}
    # One reader is a partner too, in another spelling; one must never be mailed again.
    assert desk.counts(2) == {DeliveryState.QUEUED: 1, DeliveryState.SKIPPED: 2}
    assert desk.counts(3) == {DeliveryState.QUEUED: 1}


def test_what_cannot_be_through_by_its_deadline_is_not_launched(desk: Desk) -> None:
    desk.settings = desk.settings.model_copy(update={"smtp_rate": 0.00001})
    desk.approve()
    with pytest.raises(InputError, match="its deadline is sooner"):
        desk.launch()
    assert desk.ledger.find("2026-02-11-oproep") is None


def test_a_campaign_whose_event_is_over_is_not_launched(desk: Desk) -> None:
    desk.approve()
    with (
        clock.use(SimulatedClock(BEFORE + timedelta(days=9))),
        pytest.raises(InputError, match="nothing would go out"),
    ):
        desk.launch()


def test_launching_again_changes_nothing(desk: Desk) -> None:
    desk.approve()
    desk.launch()
    again = desk.launch([*READERS, Recipient(address="nieuw@lezers.example")])
    assert again.did is Launch.UNCHANGED
    assert again.campaign.steps[1].planned == 3
    assert again.campaign.revision == 1


def test_where_two_must_approve_one_is_not_enough(desk: Desk) -> None:
    desk.example.edit("organisation.toml", "[mail]", "approvals = 2\n[mail]")
    desk.approve("Noor")
    desk.approve("noor")
    with pytest.raises(InputError, match="not approved"):
        desk.launch()
    desk.approve("Sem")
    names, missing = standing_approvals(desk.example.load(), desk.settings, desk.ledger)
    assert (names, missing) == (("Noor", "Sem"), 0)
    assert desk.launch().did is Launch.FROZEN


def test_what_was_changed_and_approved_after_the_launch_is_adopted(desk: Desk) -> None:
    desk.approve()
    desk.launch()
    desk.example.edit("campaign.toml", '"event - 17h"', '"event - 15h"')
    mark = desk.approve()
    adopted = desk.launch()
    assert adopted.did is Launch.ADOPTED
    assert adopted.campaign.fingerprint == mark
    assert adopted.campaign.steps[1].at == datetime(2026, 2, 11, 18, tzinfo=UTC)
    assert adopted.campaign.revision == 2


def test_moving_the_event_moves_the_steps_and_asks_for_a_new_approval(desk: Desk) -> None:
    mark = desk.approve()
    desk.launch()
    written = (desk.example.folder / "campaign.toml").read_text("utf-8")
    moved = move_event(desk.example.load(), "2026-02-12T13:00", ledger=desk.ledger, who="Noor")
    frozen = desk.ledger.campaign(moved.slug)
    assert frozen.event_at == datetime(2026, 2, 12, 12, tzinfo=UTC)
    assert [step.at for step in frozen.steps] == [
        frozen.event_at - timedelta(hours=hours) for hours in (22, 17, 16)
    ]
    assert fingerprint(moved, desk.settings) != mark
    now = (desk.example.folder / "campaign.toml").read_text("utf-8")
    assert now == written.replace("2026-02-12T10:00:00", "2026-02-12T13:00:00")


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-02-12", "has no time"),
        ("morgen", "cannot be read"),
        ("2026-03-29T02:30", "happens never"),
        ("event - 2h", "cannot hang on the event"),
    ],
)
def test_an_event_is_moved_to_a_moment_or_not_at_all(desk: Desk, moment: str, words: str) -> None:
    before = (desk.example.folder / "campaign.toml").read_bytes()
    with pytest.raises(InputError, match=words):
        move_event(desk.example.load(), moment, ledger=desk.ledger)
    assert (desk.example.folder / "campaign.toml").read_bytes() == before
    assert [path.name for path in desk.example.folder.glob(".*")] == []


def test_a_moment_that_comes_twice_is_written_with_its_offset(desk: Desk) -> None:
    moved = move_event(desk.example.load(), "2026-10-25T02:30+01:00", ledger=desk.ledger)
    assert moved.plan.event.at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("file", "old", "new", "part"),
    [
        ("newsletter.md", "Elf organisaties", "Twaalf organisaties", "newsletter: text"),
        ("campaign.toml", '"event - 17h"', '"event - 15h"', "step 2, newsletter (as"),
        ("campaign.toml", "10:00:00", "11:00:00", "event (as"),
        ("partners.csv", "team Beleid", "team Onderzoek", "mail-out: recipients"),
        ("partners.csv", "beleid@kinderhulp", "anders@kinderhulp", "mail-out: recipients"),
        ("organisation.toml", "Straat 1", "Straat 2", "sender (as"),
        ("posts/oproep.md", "de Kamer", "de Tweede Kamer", "Mastodon: text"),
    ],
)
def test_every_change_since_the_approval_is_shown_where_it_is(
    desk: Desk, file: str, old: str, new: str, part: str
) -> None:
    before = snapshot(desk.example.load(), desk.settings)
    desk.example.edit(file, old, new)
    shown = list(changes(before, snapshot(desk.example.load(), desk.settings)))
    assert any(line.startswith("---") and part in line for line in shown)


def test_another_attachment_shows_although_no_text_changed(desk: Desk) -> None:
    before = snapshot(desk.example.load(), desk.settings)
    desk.example.edit("attachments/brief.pdf", "1.7", "1.6")
    shown = [*changes(before, snapshot(desk.example.load(), desk.settings))]
    assert [line for line in shown if line.startswith("---")] == [
        "--- step 1, partner mail-out: look and files (as approved)"
    ]


def test_the_snapshot_keeps_no_address(desk: Desk) -> None:
    parts = snapshot(desk.example.load(), desk.settings)
    del parts["sender"]
    assert "@kinderhulp.example" not in str(parts)


def test_a_launched_step_waits_for_its_time(desk: Desk) -> None:
    desk.approve()
    states = {step.state for step in desk.launch().campaign.steps}
    assert states == {StepState.SCHEDULED}
