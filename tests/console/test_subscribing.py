"""Subscribing: the same answer for everybody, and only the mailbox's owner decides."""

from __future__ import annotations

import re
import statistics
import time
from datetime import timedelta

import pytest
from pydantic import SecretStr

from flows.audience.people import Left, SubscriptionState, SuppressionReason
from flows.audience.tokens import Purpose, Signer
from flows.console.public.links import timed_token
from tests.console.conftest import LISTS, SECOND_LIST, SECRET, SLUG, Pages, Serve, field, link_in


def confirm(pages: Pages, path: str) -> str:
    """Press the button of a confirmation page; return what it answers."""
    shown = pages.get(path)
    assert shown.status_code == 200, shown.text
    lists = re.findall(r'name="lists" value="([^"]*)"', shown.text)
    answer = pages.post(path, {"lists": lists})
    assert answer.status_code == 200
    return answer.text


def test_subscribing_takes_a_form_a_mail_and_a_button(pages: Pages) -> None:
    answer = pages.sign_up("noor@lezers.example", name="Noor")
    assert answer.status_code == 200
    assert "noor@lezers.example" in answer.text
    (mail,) = pages.mails(1)
    assert mail["To"] == "noor@lezers.example"
    assert mail["Subject"] == "Bevestig uw aanmelding"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert pages.relay.taken[0].sender == "bounce@voorbeeld.example"
    person = pages.audience.find("noor@lezers.example")
    assert person is not None
    assert person.lists == ()
    confirm(pages, link_in(mail))
    person = pages.audience.find("noor@lezers.example")
    assert person is not None
    assert person.lists == ("nieuwsbrief",)
    assert person.name == "Noor"
    assert person.language == "nl"


def test_the_proof_holds_the_words_the_purpose_the_page_and_both_times(pages: Pages) -> None:
    page = pages.get("/aanmelden?bron=website-voet")
    pages.clock.advance(timedelta(seconds=30))
    fields = {"seal": field(page.text, "seal"), "bron": field(page.text, "bron")}
    pages.post("/aanmelden", {**fields, "email": "noor@lezers.example"})
    (mail,) = pages.mails(1)
    asked_at = pages.clock.now()
    pages.clock.advance(timedelta(hours=3))
    confirm(pages, link_in(mail))
    person = pages.audience.find("noor@lezers.example")
    assert person is not None
    (proof,) = person.subscriptions
    assert proof.wording in page.text
    assert "Voorbeeld" in proof.wording
    assert proof.purpose.startswith("Nieuwsbrief: Nieuws en oproepen")
    assert proof.source == "https://nieuws.voorbeeld.example/aanmelden (website-voet)"
    assert proof.asked_at == asked_at
    assert proof.confirmed_at == asked_at + timedelta(hours=3)


def test_opening_the_link_confirms_nothing_and_pressing_twice_is_pressing_once(
    pages: Pages,
) -> None:
    pages.sign_up("noor@lezers.example")
    path = link_in(pages.mails(1)[0])
    for _ in range(3):
        assert pages.get(path).status_code == 200
        assert pages.ask("HEAD", path).status_code == 200
        assert pages.ask("OPTIONS", path).status_code == 204
    person = pages.audience.find("noor@lezers.example")
    assert person is not None
    assert person.lists == ()
    assert "U bent aangemeld" in confirm(pages, path)
    answer = pages.post(path, {"lists": "nieuwsbrief"})
    assert "U bent aangemeld" in answer.text


def test_an_old_link_does_not_bring_back_who_left(pages: Pages) -> None:
    pages.sign_up("noor@lezers.example")
    path = link_in(pages.mails(1)[0])
    confirm(pages, path)
    person = pages.audience.find("noor@lezers.example")
    assert person is not None
    pages.audience.unsubscribe(person.subscriptions[0].id, how=Left.LINK)
    answer = pages.post(path, {"lists": "nieuwsbrief"})
    assert "niets meer te bevestigen" in answer.text
    assert pages.audience.find("noor@lezers.example").lists == ()  # type: ignore[union-attr]


def test_a_link_that_is_too_old_forged_or_for_something_else_says_so(pages: Pages) -> None:
    pages.sign_up("noor@lezers.example")
    path = link_in(pages.mails(1)[0])
    token = path.split("/")[2].partition("?")[0]
    other = timed_token(Signer(SECRET, Purpose.PREFERENCES), 1, good_for=timedelta(days=1))
    foreign = timed_token(Signer("x" * 40, Purpose.CONFIRM), 1, good_for=timedelta(days=1))
    for bad in (token[:-1] + "0", token[:-2], other, foreign, "x", "%00", "é", token + "ab"):
        for answer in (pages.get(f"/bevestigen/{bad}"), pages.post(f"/bevestigen/{bad}", {"a": 1})):
            assert answer.status_code == 404, bad
            assert "Deze link klopt niet" in answer.text
    pages.clock.advance(timedelta(days=7, hours=2))
    for answer in (pages.get(path), pages.post(path, {"lists": "nieuwsbrief"})):
        assert answer.status_code == 410
        assert "verlopen" in answer.text
    assert pages.audience.find("noor@lezers.example").lists == ()  # type: ignore[union-attr]


def test_the_answer_is_the_same_page_whoever_is_subscribed(pages: Pages) -> None:
    pages.subscriber("bekend@lezers.example")
    pages.subscriber("weg@lezers.example")
    pages.audience.suppress("weg@lezers.example", reason=SuppressionReason.STAFF, source="test")
    answers = set()
    for name in ("bekend", "nieuw", "weg"):
        answer = pages.sign_up(f"{name}@lezers.example")
        headers = {key: value for key, value in answer.headers.items() if key != "date"}
        same = answer.text.replace(f"{name}@lezers.example", "")
        answers.add((answer.status_code, same, str(sorted(headers.items())).replace(name, "")))
    assert len({answer[:2] for answer in answers}) == 1


def test_the_answer_takes_the_same_time_whoever_is_subscribed(pages: Pages) -> None:
    took: dict[str, list[float]] = {"bekend": [], "nieuw": []}
    for number in range(12):
        pages.subscriber(f"bekend{number}@lezers.example")
        # In turns, so that neither always comes after the other.
        for kind in sorted(took, reverse=bool(number % 2)):
            seal = field(pages.get("/aanmelden").text, "seal")
            pages.clock.advance(timedelta(minutes=5))
            before = time.perf_counter()
            pages.post("/aanmelden", {"seal": seal, "email": f"{kind}{number}@lezers.example"})
            took[kind].append(time.perf_counter() - before)
            pages.mails(sum(map(len, took.values())))
    known, new = (statistics.median(times) for times in took.values())
    assert abs(known - new) < 0.3 * max(known, new)


def test_who_is_subscribed_gets_a_mail_that_says_so(pages: Pages) -> None:
    pages.subscriber("sam@lezers.example", name="Sam")
    pages.sign_up("SAM@Lezers.example", name="Een ander")
    (mail,) = pages.mails(1)
    assert mail["Subject"] == "U bent al aangemeld"
    assert mail["To"] == "Sam <sam@lezers.example>"
    page = pages.get(link_in(mail))
    assert page.status_code == 200
    assert "Uw voorkeuren" in page.text
    assert pages.audience.find("sam@lezers.example").name == "Sam"  # type: ignore[union-attr]


def test_a_stranger_cannot_have_somebody_bombed_with_mail(pages: Pages) -> None:
    spellings = ("noor", "NOOR", "n.o.o.r", "noor+1", "noor+2", "noor", "noor", "noor")
    for number, spelling in enumerate(spellings, 1):
        assert pages.sign_up(f"{spelling}@lezers.example").status_code == 200
        pages.mails(min(number, 3))
        pages.clock.advance(timedelta(minutes=10))
    pages.sign_up("een.ander@lezers.example")
    assert len(pages.mails(4)) == 4
    pages.clock.advance(timedelta(days=1, minutes=1))
    pages.sign_up("noor@lezers.example")
    assert len(pages.mails(5)) == 5


def test_asking_twice_in_a_hurry_brings_one_mail(pages: Pages) -> None:
    for address in ("noor@lezers.example", "noor@lezers.example", "ander@lezers.example"):
        pages.sign_up(address)
    assert [mail["To"] for mail in pages.mails(2)] == [
        "noor@lezers.example",
        "ander@lezers.example",
    ]


def test_one_network_cannot_ask_without_end_and_others_still_can(serve: Serve) -> None:
    pages = serve(public_proxy="127.0.0.1")
    answers = [
        pages.fill_in(
            "/aanmelden",
            {"email": f"lezer{number}@lezers.example"},
            headers={"x-forwarded-for": f"10.0.0.1, 203.0.113.{number}"},
        )
        for number in range(62)
    ]
    assert [answer.status_code for answer in answers[:60]] == [200] * 60
    assert [answer.status_code for answer in answers[60:]] == [429] * 2
    assert answers[-1].headers["retry-after"] == "3600"
    elsewhere = pages.fill_in(
        "/aanmelden",
        {"email": "iemand@lezers.example"},
        headers={"x-forwarded-for": "198.51.100.7"},
    )
    assert elsewhere.status_code == 200


def test_a_suppressed_address_is_asked_only_if_its_owner_can_lift_that(pages: Pages) -> None:
    pages.subscriber("vol@lezers.example")
    pages.audience.suppress("vol@lezers.example", reason=SuppressionReason.FULL, source="bounce")
    pages.audience.suppress("nooit@lezers.example", reason=SuppressionReason.STAFF, source="test")
    pages.sign_up("nooit@lezers.example")
    pages.sign_up("vol@lezers.example")
    (mail,) = pages.mails(1)
    assert mail["To"] == "vol@lezers.example"
    assert "U bent aangemeld" in confirm(pages, link_in(mail))
    assert pages.audience.suppression("vol@lezers.example") is None
    assert pages.no_more_mails_than(1)


def test_what_is_wrong_is_said_beside_the_field_and_nothing_entered_is_lost(pages: Pages) -> None:
    for address, says in {
        "": "Vul uw e-mailadres in",
        "noor": "geen volledig e-mailadres",
        "noor@": "geen volledig e-mailadres",
        "a" * 300 + "@lezers.example": "te lang",
    }.items():
        answer = pages.sign_up(address, name="Noor")
        assert answer.status_code == 422
        assert says in answer.text
        assert 'value="Noor"' in answer.text
        assert '<a href="#email">' in answer.text
    assert pages.no_more_mails_than(0)


@pytest.mark.parametrize(
    "address",
    [
        "noor@lezers.example\r\nBcc: ander@lezers.example",
        "noor@lezers.example%0d%0aBcc:ander@lezers.example",
        "noor@lezers.example, ander@lezers.example",
        "<noor@lezers.example>",
        '"noor\nx"@lezers.example',
        "noor@lezers.example\x00",
    ],
)
def test_an_address_cannot_smuggle_in_a_header_or_a_second_recipient(
    pages: Pages, address: str
) -> None:
    pages.sign_up(address)
    pages.sign_up("klaar@lezers.example")
    # What is left of control characters may be a plain address; never more than one.
    for taken in pages.relay.taken:
        assert "ander" not in taken.recipient
    for mail in pages.mails(1):
        assert mail["Bcc"] is None


def test_a_stranger_can_put_no_words_of_theirs_into_our_mail(pages: Pages) -> None:
    name = "Win 1000 euro\r\nBcc: ander@lezers.example\r\n\r\n<script> https://spam.example"
    page = pages.get("/aanmelden?bron=https://spam.example")
    pages.clock.advance(timedelta(seconds=30))
    fields = {"seal": field(page.text, "seal"), "bron": field(page.text, "bron"), "name": name}
    pages.post("/aanmelden", {**fields, "email": "noor@lezers.example"})
    pages.own_page("noor@lezers.example")
    for mail in pages.mails(2):
        assert mail["Bcc"] is None
        assert mail["To"] == "noor@lezers.example"
        assert "spam" not in mail.as_string()
        assert "Win" not in mail.as_string()


def test_a_program_that_fills_in_the_hidden_field_is_told_what_everybody_is_told(
    pages: Pages,
) -> None:
    answer = pages.sign_up("noor@lezers.example", website="https://spam.example")
    assert answer.status_code == 200
    assert "Kijk in uw mailbox" in answer.text
    assert pages.no_more_mails_than(0)


def test_a_form_must_come_from_our_page_in_time_and_not_too_fast(pages: Pages) -> None:
    seal = field(pages.get("/aanmelden").text, "seal")
    fields = {"email": "noor@lezers.example"}
    hasty = pages.post("/aanmelden", {**fields, "seal": seal})
    assert (hasty.status_code, "erg snel" in hasty.text) == (422, True)
    assert field(hasty.text, "seal") == seal, "a second click must pass"
    pages.clock.advance(timedelta(hours=25))
    old = pages.post("/aanmelden", {**fields, "seal": seal})
    assert (old.status_code, "te lang open" in old.text) == (422, True)
    for forged in ("", "1770000000.0" + "0" * 31, seal[:-1] + "x", "9" * 40):
        answer = pages.post("/aanmelden", {**fields, "seal": forged})
        assert (answer.status_code, "kwam niet goed aan" in answer.text) == (422, True)
    pages.clock.advance(timedelta(seconds=20))
    again = pages.post("/aanmelden", {**fields, "seal": field(answer.text, "seal")})
    assert again.status_code == 200
    assert len(pages.mails(1)) == 1


def test_of_several_lists_one_is_chosen_and_what_is_not_public_cannot_be(serve: Serve) -> None:
    pages = serve(lists=LISTS + SECOND_LIST)
    page = pages.get("/aanmelden").text
    assert "Leden" not in page
    assert " checked" not in page
    assert pages.sign_up("noor@lezers.example").status_code == 422
    assert pages.sign_up("noor@lezers.example", lists="leden").status_code == 422
    pages.sign_up("noor@lezers.example", lists=["acties", "leden", "nieuwsbrief"])
    (mail,) = pages.mails(1)
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Nieuwsbrief en Acties" in body.get_content()
    confirm(pages, link_in(mail))
    assert pages.audience.find("noor@lezers.example").lists == (  # type: ignore[union-attr]
        "acties",
        "nieuwsbrief",
    )


def test_only_what_stood_on_the_page_is_confirmed(serve: Serve) -> None:
    pages = serve(lists=LISTS + SECOND_LIST)
    pages.sign_up("noor@lezers.example", lists="nieuwsbrief")
    path = link_in(pages.mails(1)[0])
    pages.clock.advance(timedelta(minutes=5))
    pages.sign_up("noor@lezers.example", lists="acties")
    pages.mails(2)
    pages.post(path, {"lists": "nieuwsbrief"})
    person = pages.audience.find("noor@lezers.example")
    assert person is not None
    assert person.lists == ("nieuwsbrief",)
    acties = person.on("acties")
    assert acties is not None
    assert acties.state is SubscriptionState.PENDING


def test_mails_come_in_the_language_of_the_page(pages: Pages) -> None:
    pages.fill_in("/aanmelden?taal=en", {"email": "kim@lezers.example"})
    pages.clock.advance(timedelta(minutes=5))
    pages.fill_in("/aanmelden", {"email": "lee@lezers.example"}, headers={"accept-language": "en"})
    for mail in pages.mails(2):
        assert mail["Subject"] == "Confirm your subscription"
        assert mail["Content-Language"] == "en"
    assert "Confirm your subscription" in pages.get(link_in(pages.mails(2)[0])).text


def test_the_token_says_nothing_of_the_address(pages: Pages) -> None:
    pages.sign_up("noor@lezers.example")
    path = link_in(pages.mails(1)[0])
    page = pages.get(path)
    assert "noor" not in path
    assert "noor" not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "noindex" in page.headers["x-robots-tag"]


def test_a_mail_that_the_relay_defers_is_tried_again(pages: Pages) -> None:
    from tests.mail.recording_server import Say, at

    pages.relay.plan = at("rcpt", 1, do=Say("450 4.2.0 later"))
    pages.sign_up("noor@lezers.example")
    for _ in range(200):
        if pages.relay.seen["rcpt"]:
            break
        time.sleep(0.01)
    time.sleep(0.05)
    pages.clock.advance(timedelta(minutes=2))
    assert len(pages.mails(1)) == 1


def test_without_a_relay_people_can_still_leave_and_are_told_why_they_cannot_subscribe(
    serve: Serve,
) -> None:
    pages = serve(smtp_url=None)
    assert pages.sign_up("noor@lezers.example").status_code == 503
    (path,) = pages.issue_to("een@lezers.example")
    assert pages.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200


def test_all_of_it_works_on_postgresql_too(serve: Serve, postgres_database: str) -> None:
    pages = serve(database_url=SecretStr(postgres_database))
    for _ in range(2):
        pages.sign_up("noor@lezers.example")
    path = link_in(pages.mails(1)[0])
    assert "U bent aangemeld" in confirm(pages, path)
    (leave,) = pages.issue_to("noor@lezers.example")
    assert pages.get(f"/nieuwsbrief/{SLUG}").status_code == 200
    assert pages.post(leave, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert pages.audience.find("noor@lezers.example").lists == ()  # type: ignore[union-attr]
    own = pages.own_page("noor@lezers.example").partition("?")[0]
    assert pages.get(f"{own}/gegevens").status_code == 200
    assert pages.post(f"{own}/wissen").status_code == 200
    assert pages.audience.find("noor@lezers.example") is None
