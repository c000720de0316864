"""Who is responsible hears of what goes wrong, once, and how all stands before the event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from flows import clock
from flows.alarm import watch_over
from flows.campaign.folder import load_campaign
from flows.campaign.freezing import frozen_campaign
from flows.channels.batch import Outcome
from flows.clock import SimulatedClock
from flows.database import open_database
from flows.errors import OproepError
from flows.ledger.book import Ledger
from flows.ledger.control import Control
from flows.ledger.frozen import Planned
from flows.ledger.hand_over import Worker
from flows.ledger.journal import entries
from flows.ledger.underway import BROKE_OFF, CHANGED, ENDED_BADLY, NO_CAMPAIGN, note_once
from flows.models import DeliveryState, Recipient
from flows.settings import Settings, load
from tests.campaign.conftest import BEFORE, FILES
from tests.mail.recording_server import RecordingServer, Say, at
from tests.prefect.house import relay

SLUG = "2026-02-11-oproep"


@dataclass
class Watch:
    """A launched campaign that is watched over."""

    settings: Settings
    time: SimulatedClock
    relay: RecordingServer
    ledger: Ledger
    said: list[str] = field(default_factory=list)

    def look(self) -> int:
        return watch_over(self.settings, say=self.said.append)

    def to(self, moment: datetime) -> None:
        self.time.advance(moment - self.time.now())

    @property
    def steps(self) -> list[datetime]:
        return [step.at for step in self.ledger.campaign(SLUG).steps]

    @property
    def event(self) -> datetime:
        return self.ledger.campaign(SLUG).event_at

    @property
    def mails(self) -> list[EmailMessage]:
        return [
            message_from_bytes(each.content, policy=policy.default) for each in self.relay.taken
        ]

    def body(self, number: int = -1) -> str:
        part = self.mails[number].get_body(("plain",))
        assert part is not None
        return " ".join(str(part.get_content()).split())

    def send_all(self) -> None:
        """Carry out every step, as `deliver` does."""
        worker = Worker(self.ledger.engine)
        for step in self.ledger.campaign(SLUG).steps:
            self.ledger.begin_step(step.id)
            while claims := worker.claim(step.id, 10):
                ids = [claim.id for claim in claims]
                worker.record(ids, [Outcome(each, DeliveryState.SENT) for each in ids])
            self.ledger.end_step(step.id)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    for name, text in FILES.items():
        path = tmp_path / "content" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    with relay() as server, clock.use(SimulatedClock(BEFORE)) as time:
        server.keep_content = True
        assert isinstance(time, SimulatedClock)
        settings = load(
            {
                "OPROEP_CONTENT_DIR": str(tmp_path / "content"),
                "OPROEP_VAR_DIR": str(tmp_path / "var"),
                "OPROEP_SECRET_KEY": "een sleutel van tweeendertig tekens of meer",
                "OPROEP_PUBLIC_URL": "https://nieuws.voorbeeld.example",
                "OPROEP_SMTP_URL": f"smtp://127.0.0.1:{server.port}",
            },
            folder=tmp_path,
        )
        engine = open_database(settings.database)
        frozen = frozen_campaign(load_campaign(tmp_path / "content" / SLUG, settings), settings)
        people = [Planned(recipient=Recipient(address=f"lezer{n}@x.example")) for n in range(3)]
        ledger = Ledger(engine)
        ledger.freeze(frozen, [people] * 3)
        yield Watch(settings, time, server, ledger)
        engine.dispose()


def test_while_all_goes_as_planned_nobody_is_mailed(watch: Watch) -> None:
    assert watch.look() == 0
    watch.to(watch.steps[0] + timedelta(minutes=1))
    assert watch.look() == 0
    assert watch.mails == []


def test_a_step_that_does_not_begin_is_told_once_with_what_can_be_done(watch: Watch) -> None:
    watch.to(watch.steps[0] + timedelta(minutes=3))
    assert watch.look() == 1
    assert watch.look() == 0
    (mail,) = watch.mails
    assert mail["To"] == "redactie@voorbeeld.example"
    assert mail["Subject"].startswith("Let op: ")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "is nog niet begonnen" in watch.body()
    assert "`oproep up`" in watch.body()
    assert "@x.example" not in watch.body()


def test_a_step_that_was_moved_and_is_late_again_is_told_again(watch: Watch) -> None:
    watch.to(watch.steps[0] + timedelta(minutes=3))
    watch.look()
    later = watch.time.now() + timedelta(hours=1)
    Control(watch.ledger).move(SLUG, event_at=watch.event, times={1: (later, watch.event)})
    assert watch.look() == 0
    watch.to(later + timedelta(minutes=3))
    assert watch.look() == 1


def test_several_troubles_found_at_once_go_into_one_mail(watch: Watch) -> None:
    watch.to(max(watch.steps) + timedelta(minutes=3))
    assert watch.look() == 1
    assert all(f"Stap {number}" in watch.body() for number in (1, 2, 3))


def test_a_step_that_is_held_back_is_told_with_its_reason_each_time_that_it_happens(
    watch: Watch,
) -> None:
    step = watch.ledger.campaign(SLUG).step(1)
    watch.ledger.pause_step(step.id, "De mailserver houdt ons tegen.")
    assert watch.look() == 1
    assert "De mailserver houdt ons tegen." in watch.body()
    assert f"oproep resume {SLUG} 1" in watch.body()
    Control(watch.ledger).resume(SLUG)
    watch.time.advance(timedelta(minutes=1))
    watch.ledger.pause_step(step.id, "De mailserver houdt ons tegen.")
    assert watch.look() == 1


def test_a_change_that_nobody_approved_is_told_once_while_there_is_time_to_approve_it(
    watch: Watch,
) -> None:
    draft = watch.settings.content_dir / SLUG / "newsletter.md"
    text = draft.read_text("utf-8")
    draft.write_text(text + "\nNog een zin.\n", "utf-8")
    assert watch.look() == 0
    watch.time.advance(timedelta(minutes=9))
    assert watch.look() == 0
    watch.time.advance(timedelta(minutes=1))
    assert watch.look() == 1
    assert watch.look() == 0
    assert "veranderd sinds de goedkeuring" in watch.body()
    assert "- Stap 2, Nieuwsbrief, woensdag 11 februari 2026, 17:00" in watch.body()
    assert f"oproep diff {SLUG}" in watch.body()


def test_a_change_that_is_undone_or_approved_in_time_is_not_told(watch: Watch) -> None:
    draft = watch.settings.content_dir / SLUG / "newsletter.md"
    text = draft.read_text("utf-8")
    draft.write_text(text + "\nNog een zin.\n", "utf-8")
    assert watch.look() == 0
    draft.write_text(text, "utf-8")
    watch.time.advance(timedelta(minutes=15))
    assert watch.look() == 0
    acts = [entry.act for entry in entries(watch.ledger.engine, SLUG)]
    assert acts.count(CHANGED) == 1


def test_a_change_just_before_a_step_is_told_at_once(watch: Watch) -> None:
    watch.to(watch.steps[0] - timedelta(minutes=5))
    (watch.settings.content_dir / "partners.csv").write_text("niets\n", "utf-8")
    assert watch.look() == 1
    assert "veranderd sinds de goedkeuring" in watch.body()


def test_a_step_that_waited_in_vain_is_told_with_what_can_still_be_done(watch: Watch) -> None:
    step = watch.ledger.campaign(SLUG).step(2)
    watch.ledger.skip_step(step.id, "Deze stap wachtte op page, en dat kwam niet op tijd.")
    assert watch.look() == 1
    assert "Deze stap wachtte op page, en dat kwam niet op tijd." in watch.body()
    assert f"oproep retry {SLUG} 2" in watch.body()


def test_a_run_that_broke_off_is_told_once_per_schedule(watch: Watch) -> None:
    for run in ("Crashed (1)", "Crashed (2)"):
        note_once(watch.ledger.engine, SLUG, BROKE_OFF, step=2, words=run)
        watch.look()
    assert len(watch.mails) == 1
    assert "afgebroken" in watch.body()


def test_what_the_deadline_cut_off_while_the_machine_was_off_is_told_when_it_is_on_again(
    watch: Watch,
) -> None:
    watch.to(watch.event + timedelta(hours=3))
    watch.look()
    assert "Voor 3 berichten was het te laat" in watch.body(0)
    watch.to(watch.event + timedelta(days=3))
    assert watch.look() == 0


def test_a_stop_by_a_person_is_no_trouble_but_stands_in_the_summary(watch: Watch) -> None:
    Control(watch.ledger).stop(SLUG, reason="Een fout.", step=2)
    assert watch.look() == 0
    watch.to(watch.event - timedelta(hours=2))
    watch.look()
    assert f"oproep resume {SLUG} 2" in watch.body()


def test_two_hours_before_the_event_an_all_clear_comes_once_if_everything_went_out(
    watch: Watch,
) -> None:
    watch.to(max(watch.steps))
    watch.send_all()
    assert watch.look() == 0
    watch.to(watch.event - timedelta(hours=2))
    assert watch.look() == 1
    assert watch.look() == 0
    assert watch.mails[0]["Subject"].startswith("Alles is verzonden")
    assert "U hoeft niets te doen." in watch.body()


def test_if_not_everything_went_out_the_summary_says_what_and_what_can_still_be_done(
    watch: Watch,
) -> None:
    watch.to(watch.event - timedelta(hours=2))
    watch.look()
    summary = watch.mails[-1]
    assert summary["Subject"].startswith("Nog niet alles is verzonden")
    assert "2 uur voor het rondetafelgesprek" in watch.body()
    assert "3 in de wachtrij" in watch.body()
    assert "Wat u nog kunt doen" in watch.body()


def test_the_campaign_says_when_and_whom(watch: Watch) -> None:
    plan = watch.settings.content_dir / SLUG / "campaign.toml"
    alarm = '\n[alarm]\nat = "event - 30m"\nto = "wacht@voorbeeld.example"\n'
    plan.write_text(plan.read_text("utf-8") + alarm, "utf-8")
    watch.to(max(watch.steps))
    watch.send_all()
    watch.to(watch.event - timedelta(minutes=31))
    assert watch.look() == 0
    watch.to(watch.event - timedelta(minutes=30))
    assert watch.look() == 1
    assert watch.mails[0]["To"] == "wacht@voorbeeld.example"


def test_a_run_that_is_no_step_and_ended_badly_is_told_once(watch: Watch) -> None:
    words = "track-everything 2026-02-10"
    note_once(watch.ledger.engine, NO_CAMPAIGN, ENDED_BADLY, step=None, words=words)
    assert watch.look() == 1
    assert watch.look() == 0
    (mail,) = watch.mails
    assert mail["To"] == "redactie@voorbeeld.example"
    assert "track-everything, gezien op dinsdag 10 februari 2026" in watch.body()
    watch.time.advance(timedelta(days=1))
    assert "Er ging iets mis dat niemand ziet" in watch.body()
    assert watch.look() == 0


def test_a_campaign_folder_that_cannot_be_read_does_not_silence_the_alarm(watch: Watch) -> None:
    (watch.settings.content_dir / SLUG / "campaign.toml").write_text("[[", "utf-8")
    watch.to(watch.steps[0] + timedelta(minutes=3))
    assert watch.look() == 1


def test_an_alarm_that_cannot_be_mailed_is_tried_again_some_minutes_later(watch: Watch) -> None:
    watch.to(watch.steps[0] + timedelta(minutes=3))
    watch.relay.plan = at("rcpt", do=Say("450 4.2.1 later"))
    with pytest.raises(OproepError, match="later"):
        watch.look()
    watch.relay.plan = lambda moment, nth: None
    assert watch.look() == 0
    watch.time.advance(timedelta(minutes=5))
    assert watch.look() == 1
    assert watch.look() == 0
    assert len(watch.mails) == 1


def test_without_a_mail_server_the_terminal_has_to_do(watch: Watch) -> None:
    watch.settings = watch.settings.model_copy(update={"smtp_url": None})
    watch.to(watch.steps[0] + timedelta(minutes=3))
    assert watch.look() == 1
    assert "is nog niet begonnen" in watch.said[0]


def test_an_english_campaign_is_told_of_in_english(watch: Watch) -> None:
    frozen = replace(watch.ledger.campaign(SLUG), slug="english", language="en", steps=())
    step = watch.ledger.campaign(SLUG).step(1)
    person = [Planned(recipient=Recipient(address="reader@x.example"))]
    watch.ledger.freeze(replace(frozen, steps=(step,)), [person])
    watch.ledger.pause_step(watch.ledger.campaign("english").step(1).id, "The server is busy.")
    watch.look()
    assert "This step is held back. The server is busy." in watch.body()
