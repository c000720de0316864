"""The first sentence, and what asks for attention."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from flows.models import DeliveryState, SkipReason, StepState
from flows.reporting.idiom import Idiom
from flows.reporting.model import EventReport, Report, StepReport
from flows.reporting.verdict import attention, known, sentence, sum_line

D = DeliveryState
NL, EN = Idiom("nl"), Idiom("en")
Step = Callable[..., StepReport]


def with_steps(report: Report, *steps: StepReport) -> Report:
    return replace(report, steps=steps)


def test_all_sent_is_one_sentence_with_the_time_that_was_left(all_went: Report) -> None:
    assert sentence(all_went, NL) == (
        "Alle 23 berichten zijn verzonden, 15 uur voor het rondetafelgesprek."
    )
    assert sentence(all_went, EN) == (
        "All 23 messages have been sent, 15 h before “Rondetafelgesprek”."
    )
    assert attention(all_went, NL) == []


def test_what_was_learnt_after_sending_stands_apart_from_sent(trouble: Report) -> None:
    assert known(trouble, NL) == (
        "Daarvan bekend: 816 afgeleverd, 39 teruggekomen, 1 als ongewenst gemeld."
    )


def test_a_rehearsal_never_says_that_anything_was_sent(rehearsed: Report, step: Step) -> None:
    said = sentence(rehearsed, NL)
    assert said.startswith("De repetitie is geslaagd: alle 23 berichten kwamen in de outbox")
    assert known(rehearsed, NL) == ""
    partly = with_steps(
        rehearsed, step(1, "mailout", hours=2, planned=3, counts={D.SENT: 2, D.SKIPPED: 1})
    )
    for report in (rehearsed, partly):
        assert "verzonden" not in sentence(report, NL)
        assert "sent" not in sentence(report, EN)


def test_one_message_is_not_spoken_of_as_many(all_went: Report, step: Step) -> None:
    one = with_steps(all_went, step(1, "mailout", hours=1, planned=1))
    assert sentence(one, NL) == "Het bericht is verzonden, 1 uur voor het rondetafelgesprek."
    some = with_steps(
        all_went, step(1, "mailout", hours=1, planned=3, counts={D.SENT: 1, D.FAILED: 2})
    )
    assert sentence(some, NL).startswith("1 van de 3 berichten is verzonden")


def test_when_some_did_not_go_the_time_is_the_steps_and_not_the_last_messages(
    all_went: Report, step: Step
) -> None:
    partly = with_steps(
        all_went, step(1, "mailout", hours=5, planned=4, counts={D.SENT: 3, D.REJECTED: 1})
    )
    assert sentence(partly, NL) == (
        "3 van de 4 berichten zijn verzonden, 1 niet; de laatste stap was klaar 5 uur voor het "
        "rondetafelgesprek."
    )


def test_before_the_first_step_it_says_when_that_comes(all_went: Report, step: Step) -> None:
    waiting = step(
        1,
        "mailout",
        hours=22,
        planned=11,
        counts={D.QUEUED: 11},
        state=StepState.SCHEDULED,
        started_at=None,
        finished_at=None,
    )
    assert sentence(with_steps(all_went, waiting), NL) == (
        "Er is nog niets verzonden. De eerste stap staat gepland op woensdag 11 februari 2026, "
        "12:00, 22 uur voor het rondetafelgesprek."
    )


def test_a_campaign_without_recipients_says_so(all_went: Report) -> None:
    assert sentence(replace(all_went, steps=()), NL).startswith("Er zijn geen ontvangers")


def test_under_way_it_says_what_is_left(under_way: Report) -> None:
    assert sentence(under_way, NL) == (
        "De verzending loopt nog: verzonden 14 van de 23, nog te gaan 9."
    )


def test_numbers_that_do_not_add_up_come_first(all_went: Report, step: Step) -> None:
    wrong = with_steps(
        all_went, step(1, "mailout", hours=2, planned=11, counts={D.SENT: 9, D.BOUNCED: 1})
    )
    assert attention(wrong, NL)[0].startswith(
        "De aantallen van stap 1 (Mail aan partners) kloppen niet: 11 gepland, 10 geteld."
    )
    assert sum_line(11, wrong.counts, NL) == "gepland 11 ≠ verzonden 9 + teruggekomen 1"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (StepState.SKIPPED, "niet uitgevoerd"),
        (StepState.STOPPED, "door iemand gestopt"),
        (StepState.PAUSED, "staat stil"),
    ],
)
def test_a_step_that_did_not_run_through_is_named(
    all_went: Report, step: Step, state: StepState, words: str
) -> None:
    late = step(
        4,
        "bluesky:jeugd",
        hours=1,
        planned=2,
        state=state,
        counts={D.SKIPPED: 2},
        skipped_reasons={SkipReason.DEADLINE: 2},
    )
    said = attention(with_steps(all_went, late), NL)
    assert any("Stap 4 (Bluesky, jeugd)" in line and words in line for line in said)


def test_a_step_that_began_late_is_named_with_how_late(all_went: Report, step: Step) -> None:
    sent = step(3, "newsletter", hours=1, planned=2, counts={D.SENT: 2})
    assert attention(with_steps(all_went, replace(sent, late=timedelta(seconds=119))), NL) == []
    said = attention(with_steps(all_went, replace(sent, late=timedelta(minutes=12))), NL)
    assert len(said) == 1
    assert said[0].startswith("Stap 3 (Nieuwsbrief) begon 12 minuten na zijn tijd; gepland was ")


def test_a_step_that_reached_nobody_is_named(all_went: Report, step: Step) -> None:
    empty = step(3, "newsletter", hours=1, planned=0, state=StepState.DONE)
    said = attention(with_steps(all_went, empty), NL)
    assert said == ["Stap 3 (Nieuwsbrief) heeft geen ontvangers, dus er gaat niets uit."]


def test_a_step_that_is_held_says_why(all_went: Report, step: Step) -> None:
    held = replace(
        step(3, "newsletter", hours=1, planned=2, state=StepState.PAUSED, counts={D.QUEUED: 2}),
        reason="De mailserver houdt ons tegen.",
    )
    said = attention(with_steps(all_went, held), NL)
    assert said[0].endswith("De mailserver houdt ons tegen.")


def test_each_state_that_needs_a_person_is_named_once_worst_first(trouble: Report) -> None:
    said = attention(trouble, EN)
    assert said[2].startswith("It is not certain whether 2 messages went out.")
    assert said[3] == "1 recipient reported the message as unwanted."
    assert len(said) == 8


@pytest.mark.parametrize(
    ("span", "nl", "en"),
    [
        (timedelta(hours=17), "17 uur", "17 h"),
        (timedelta(hours=16, minutes=59, seconds=57), "17 uur", "17 h"),
        (timedelta(hours=17, minutes=30), "17 uur en 30 minuten", "17 h and 30 min"),
        (timedelta(days=2), "2 dagen", "2 days"),
        (timedelta(days=3, hours=1, minutes=5), "3 dagen en 1 uur", "3 days and 1 h"),
        (timedelta(minutes=1), "1 minuut", "1 min"),
        (timedelta(seconds=20), "minder dan een minuut", "less than a minute"),
    ],
)
def test_spans_are_told_as_people_tell_them(span: timedelta, nl: str, en: str) -> None:
    assert NL.duration(span) == nl
    assert EN.duration(span) == en


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Rondetafelgesprek", "het rondetafelgesprek"),
        ("Hoorzitting", "de hoorzitting"),
        ("Dag van de vluchteling", "‘Dag van de vluchteling’"),
        ("Kamerdebat over asiel", "‘Kamerdebat over asiel’"),
    ],
)
def test_an_event_gets_its_article_where_its_name_tells_which(
    all_went: Report, name: str, said: str
) -> None:
    event = EventReport(name=name, at=all_went.event.at)
    assert NL.before(event.at - timedelta(hours=1), event) == f"1 uur voor {said}"
    assert NL.before(event.at + timedelta(hours=1), event) == f"1 uur na het begin van {said}"
    assert NL.before(event.at, event) == f"bij het begin van {said}"


def test_an_event_without_a_time_is_a_day(all_went: Report) -> None:
    day = replace(all_went.event, all_day=True)
    assert NL.before(day.at - timedelta(hours=3), day) == (
        "3 uur voor de dag van het rondetafelgesprek"
    )
    assert "10:00" not in NL.event_moment(day)


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 0, "–"),
        (0, 5, "0%"),
        (5, 5, "100%"),
        (1, 2, "50%"),
        (4, 5000, "0,1%"),
        (1, 1_000_000, "0,1%"),
        (999_999, 1_000_000, "99,9%"),
    ],
)
def test_a_share_is_none_or_all_only_if_it_is(part: int, whole: int, said: str) -> None:
    assert NL.share(part, whole) == said
