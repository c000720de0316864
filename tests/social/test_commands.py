"""Afterwards: settle, done, correct, withdraw and track, as a person uses them."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest

from flows import clock
from flows.campaign.tracking import due
from flows.errors import AuthLost, SettingsError
from flows.models import StepState
from tests.social.mastodon_server import FakeMastodon
from tests.social.place import SLUG, Place

POST = "POST /api/v1/statuses"


def report(place: Place) -> str:
    said = place.oproep("report", SLUG)
    assert said.code == 0, said.err
    return " ".join(said.out.split())


def leave_in_doubt(place: Place, server: FakeMastodon, fault: str) -> None:
    """Let a process die between a post's request and its outcome, the second of the thread."""
    from sqlalchemy import text

    from flows.database import open_database

    server.misbehave(POST, "ok", fault, "ok")
    place.deliver(1)
    engine = open_database(place.settings.database)
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE delivery SET state = 'unconfirmed', remote_id = NULL, url = NULL "
                "WHERE part = 1 AND step_id = 1"
            )
        )
    engine.dispose()


def test_settle_finds_a_post_that_is_out_even_if_its_draft_changed_since(
    place: Place, server: FakeMastodon
) -> None:
    leave_in_doubt(place, server, "ok")
    place.draft.write_text(place.draft.read_text().replace("trauma", "schade"))
    said = place.oproep("settle", SLUG, "--json")
    told = json.loads(said.out)
    assert said.code == 0
    assert [each["state"] for each in told["settled"]] == ["sent"]
    assert told["unconfirmed"] == []
    assert len(server.texts()) == 3


def test_settle_puts_back_what_is_proved_not_to_be_out_and_it_goes_out_in_its_place(
    place: Place, server: FakeMastodon
) -> None:
    leave_in_doubt(place, server, "ok")
    second = list(server.statuses)[1]
    del server.statuses[second]
    server.keys.clear()
    said = place.oproep("settle", SLUG)
    assert said.code == 0
    assert "it is not out" in said.out
    assert "launch" in said.err
    place.deliver(1)
    first = next(iter(server.statuses))
    assert server.statuses[list(server.statuses)[-1]].in_reply_to_id == first
    assert "in doubt" in place.oproep("settle", SLUG).out


def test_settle_names_what_cannot_be_told_and_leaves_it_to_a_person(
    place: Place, server: FakeMastodon
) -> None:
    leave_in_doubt(place, server, "ok")
    server.misbehave("GET /api/v1/accounts/verify_credentials", "html")
    said = place.oproep("settle", SLUG)
    assert said.code == 3
    assert "--not-sent ID" in said.err
    number = said.out.split()[0]
    answer = place.oproep("settle", SLUG, "--sent", number)
    assert answer.code == 1
    assert "have to answer it" in answer.err
    server.misbehave("GET /api/v1/accounts/verify_credentials", "html")
    assert place.oproep("settle", SLUG, "--not-sent", number, "--by", "Anna").code == 0


def test_settle_with_a_revoked_token_ends_with_the_code_for_credentials(
    place: Place, server: FakeMastodon
) -> None:
    leave_in_doubt(place, server, "ok")
    server.revoked = True
    assert place.oproep("settle", SLUG).code == AuthLost.exit_code


def test_a_step_without_an_account_says_which_setting_is_missing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPROEP_MASTODON_TOKEN")
    with pytest.raises(SettingsError, match="OPROEP_MASTODON_TOKEN missing"):
        place.deliver(1)


def test_a_token_never_goes_over_the_line_in_the_clear(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPROEP_MASTODON_URL", "http://sociaal.example")
    with pytest.raises(SettingsError, match="not an address to send a password to"):
        place.deliver(1)


def test_what_is_done_by_hand_waits_for_its_person_and_is_reported_as_that(place: Place) -> None:
    place.deliver(3)
    lying = place.folder / "var/byhand" / f"{SLUG}-3-0"
    assert (lying / "post.html").is_file()
    assert "ligt klaar om met de hand te plaatsen" in report(place)
    assert "lies ready" in place.oproep("status", SLUG).out
    done = place.oproep("done", SLUG, "3", "--url", "https://linkedin.example/p/1", "--by", "Jan")
    assert done.code == 0
    assert "afgeleverd" in report(place)
    assert "https://linkedin.example/p/1" in report(place)
    assert "Er is niets dat aandacht vraagt" in report(place)


def test_a_step_that_waits_for_its_person_is_not_run_again_and_again(place: Place) -> None:
    from flows.database import open_database
    from flows.ledger.book import Ledger
    from flows.ledger.control import Control
    from flows.ledger.threads import FOR_A_PERSON

    place.deliver(3)
    engine = open_database(place.settings.database)
    ledger = Ledger(engine)
    step = ledger.campaign(SLUG).step(3)
    assert (step.state, step.reason) == (StepState.RUNNING, FOR_A_PERSON)
    assert Control(ledger).retry(SLUG, step=3) == 0
    place.oproep("done", SLUG, "3", "--not-done", "--why", "Nog niet.")
    assert ledger.campaign(SLUG).step(3).state is StepState.DONE
    assert Control(ledger).retry(SLUG, step=3) == 1
    place.deliver(3)
    assert ledger.campaign(SLUG).step(3).reason == FOR_A_PERSON
    engine.dispose()


def test_what_is_not_done_by_hand_is_a_miss_that_shows_and_can_still_be_reported(
    place: Place, simulated: clock.SimulatedClock
) -> None:
    place.deliver(3)
    simulated.advance(timedelta(days=2))
    assert "niet gemeld als geplaatst" in report(place)
    assert "not reported as posted" in place.oproep("status", SLUG).out
    place.oproep("done", SLUG, "3", "--url", "https://linkedin.example/p/1")
    assert "niet gemeld als geplaatst" not in report(place)


def test_a_person_may_say_that_it_was_not_done_and_why(place: Place) -> None:
    place.deliver(3)
    assert place.oproep("done", SLUG, "3", "--not-done").code == 1
    said = place.oproep("done", SLUG, "3", "--not-done", "--why", "Het account is dicht.")
    assert said.code == 0
    assert "niet met de hand geplaatst" in report(place)
    assert "Het account is dicht." in report(place)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("1", "--url", "https://a.example/1"), 1),
        (("3", "--url", "nergens"), 1),
        (("3", "--url", "https://a.example/1", "--part", "7"), 1),
        (("9", "--url", "https://a.example/1"), 1),
        (("3",), 2),
        (("3", "--no-url", "--not-done"), 2),
    ],
)
def test_what_cannot_be_done_is_said(place: Place, arguments: tuple[str, ...], code: int) -> None:
    place.deliver(3)
    assert place.oproep("done", SLUG, *arguments).code == code


def test_the_person_is_mailed_once_with_text_and_calendar_entry(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.campaign.reminding import reminder
    from flows.campaign.rendering import compose_step
    from flows.database import open_database
    from flows.ledger.book import Ledger

    place.deliver(3)
    engine = open_database(place.settings.database)
    step = Ledger(engine).campaign(SLUG).step(3)
    engine.dispose()
    campaign = place.campaign()
    posts = compose_step(campaign, campaign.plan.steps[2], place.settings).posts
    mail = reminder(place.settings, campaign, step, posts, "var/byhand/post.html")
    import email
    from email import policy

    message = email.message_from_bytes(mail.content, policy=policy.default)
    assert str(message["To"]) == "redactie@kompaskinderrechten.example"
    assert "LinkedIn" in str(message["Subject"])
    body = message.get_body(("plain",))
    assert body is not None
    assert f"oproep done {SLUG} 3 --url" in body.get_content()
    assert posts[0].text.splitlines()[0] in body.get_content()
    assert [part.get_content_type() for part in message.iter_attachments()] == ["text/calendar"]


def test_correct_changes_what_is_out_after_an_approval_and_a_yes_and_only_what_changed(
    place: Place, server: FakeMastodon, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.deliver(1)
    place.draft.write_text(place.draft.read_text().replace("trauma", "schade"))
    assert "not approved" in place.oproep("correct", SLUG).err
    place.approve()
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    asked = place.oproep("correct", SLUG)
    second = list(server.statuses.values())[1]
    assert asked.code == 130
    assert f"Changes the text of post 2 of step 1, Mastodon: {server.url}/@ons/" in asked.err
    assert "post 1" not in asked.err
    assert second.edits == 0
    said = place.oproep("correct", SLUG, "--json", "--yes")
    assert said.code == 0
    assert [each["did"] for each in json.loads(said.out)["posts"]] == [
        *("unchanged", "corrected", "unchanged")
    ]
    assert [status.edits for status in server.statuses.values()] == [0, 1, 0]
    assert "gecorrigeerd op" in report(place)
    # Nothing differs any more, so there is nothing to ask.
    assert "stood there like that already" in place.oproep("correct", SLUG).out


def test_what_was_posted_by_hand_is_corrected_and_withdrawn_by_hand_and_that_is_noted(
    place: Place,
) -> None:
    place.deliver(3)
    url = "https://linkedin.example/p/1"
    assert place.oproep("done", SLUG, "3", "--withdrawn").code == 1
    place.oproep("done", SLUG, "3", "--url", url)
    place.draft.write_text(place.draft.read_text().replace("Deelt u de oproep?", "Deel de oproep!"))
    place.approve()
    said = place.oproep("correct", SLUG, "3")
    assert said.code == 3
    assert f"Change it yourself: {url}." in said.err
    assert f"oproep done {SLUG} 3 --corrected" in said.err
    assert place.oproep("done", SLUG, "3", "--corrected", "--by", "Jan").code == 0
    assert "gecorrigeerd op" in report(place)
    again = place.oproep("correct", SLUG, "3")
    assert (again.code, "yourself" in again.err) == (0, False)
    said = place.oproep("withdraw", SLUG, "3", "--yes")
    assert said.code == 3
    assert f"Delete it yourself: {url}." in said.err
    assert place.oproep("done", SLUG, "3", "--withdrawn").code == 0
    assert "ingetrokken op" in report(place)
    assert place.oproep("withdraw", SLUG, "3", "--yes").code == 0


def test_correct_refuses_a_draft_that_makes_another_number_of_posts(
    place: Place, server: FakeMastodon
) -> None:
    place.deliver(1)
    place.draft.write_text(
        place.draft.read_text().replace("## LinkedIn", "---\n\nNog een.\n\n## LinkedIn")
    )
    place.approve()
    said = place.oproep("correct", SLUG)
    assert said.code == 3
    assert "makes 4 posts now" in said.err
    assert all(status.edits == 0 for status in server.statuses.values())


def test_withdraw_says_what_it_will_do_asks_once_and_deletes_the_last_first(
    place: Place, server: FakeMastodon, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.deliver(1)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    asked = place.oproep("withdraw", SLUG)
    assert asked.code == 130
    assert "Deletes 3 posts of step 1" in asked.err
    assert len(server.texts()) == 3
    ids = list(server.statuses)
    said = place.oproep("withdraw", SLUG, "--yes")
    assert said.code == 0
    deleted = [request for request in server.requests if request.startswith("DELETE")]
    assert deleted == [f"DELETE /api/v1/statuses/{number}" for number in reversed(ids)]
    assert "Cancelled: 4." in said.out
    assert "ingetrokken op" in report(place)
    assert place.deliver(2) is None
    assert "nothing that Oproep can withdraw" in place.oproep("withdraw", SLUG, "--yes").out


def test_what_was_cancelled_does_not_go_out_as_an_answer_to_a_post_that_was_deleted(
    place: Place, server: FakeMastodon
) -> None:
    server.misbehave(POST, "ok", "403")
    place.deliver(1)
    assert len(server.texts()) == 1
    place.oproep("withdraw", SLUG, "1", "--yes")
    assert "2" in place.oproep("retry", SLUG, "1").out
    place.oproep("resume", SLUG, "1")
    posted = server.posts()
    place.deliver(1)
    assert (server.texts(), server.posts()) == ([], posted)
    assert "Bericht 1 is verwijderd" in place.oproep("status", SLUG).out


def test_withdraw_deletes_what_was_in_doubt_and_turns_out_to_be_out(
    place: Place, server: FakeMastodon
) -> None:
    leave_in_doubt(place, server, "ok")
    assert place.oproep("withdraw", SLUG, "1", "--yes").code == 0
    assert server.texts() == []


def test_a_lost_answer_to_a_withdrawal_is_asked_for_again(
    place: Place, server: FakeMastodon
) -> None:
    place.deliver(1)
    last = list(server.statuses)[-1]
    server.misbehave(f"DELETE /api/v1/statuses/{last}", "lost", "429")
    assert place.oproep("withdraw", SLUG, "1", "--yes").code == 3
    assert place.oproep("withdraw", SLUG, "1", "--yes").code == 0
    assert server.texts() == []


def test_track_keeps_numbers_over_time_and_partners_only(
    place: Place, server: FakeMastodon, simulated: clock.SimulatedClock
) -> None:
    place.deliver(1)
    first = next(iter(server.statuses.values()))
    first.favourites = 5
    first.boosted_by = ["Amnesty@sociaal.example", "iemand@elders.example"]
    assert "3 posts looked at" in place.oproep("track", SLUG).out
    assert "No post is due" in place.oproep("track").out
    simulated.advance(timedelta(minutes=6))
    first.favourites = 8
    assert "3 posts looked at" in place.oproep("track").out
    told = report(place)
    assert "favorieten 8" in told
    assert "Doorgegeven door: Amnesty International" in told
    ledger = (place.folder / "var/ledger.sqlite").read_bytes()
    assert b"iemand@elders" not in ledger


def test_a_post_deleted_elsewhere_is_noticed_and_asks_for_attention(
    place: Place, server: FakeMastodon
) -> None:
    place.deliver(1)
    server.statuses.popitem()
    assert "not there any more" in place.oproep("track", SLUG).out
    assert "elders verwijderd" in report(place)


def test_a_rate_limit_while_tracking_keeps_what_was_told_before_it(
    place: Place, server: FakeMastodon
) -> None:
    place.deliver(1)
    second = list(server.statuses)[1]
    server.misbehave(f"GET /api/v1/statuses/{second}", "429")
    said = place.oproep("track", SLUG)
    assert said.code == 1
    assert "1 posts looked at; then" in said.err


@pytest.mark.parametrize(
    ("age", "since", "asked"),
    [
        (timedelta(minutes=1), None, True),
        (timedelta(minutes=30), timedelta(minutes=4), False),
        (timedelta(minutes=30), timedelta(minutes=5), True),
        (timedelta(hours=5), timedelta(minutes=20), False),
        (timedelta(days=3), timedelta(hours=6), True),
        (timedelta(days=20), timedelta(hours=23), False),
        (timedelta(days=31), timedelta(days=30), False),
        (timedelta(days=31), None, False),
    ],
)
def test_posts_are_asked_for_ever_more_seldom(
    age: timedelta, since: timedelta | None, asked: bool
) -> None:
    assert due(age, since) is asked


def test_a_launch_says_at_once_which_step_lacks_a_setting(place: Place) -> None:
    from flows.campaign.readiness import unready
    from flows.database import open_database
    from flows.ledger.book import Ledger

    engine = open_database(place.settings.database)
    frozen = Ledger(engine).campaign(SLUG)
    engine.dispose()
    [(step, fault)] = unready(place.settings, frozen)
    assert (step.channel, fault.where) == ("bluesky", "OPROEP_BLUESKY_URL")
