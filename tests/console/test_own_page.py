"""A person's own page: reached only through one's own mailbox."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from flows.audience.people import Left, SuppressionReason
from flows.audience.tokens import Purpose, Signer
from flows.console.public.links import timed_token
from flows.models import SkipReason
from tests.console.conftest import LISTS, SECOND_LIST, SECRET, Pages, Serve


def test_the_link_is_mailed_to_who_is_known_and_the_page_says_the_same_to_all(
    pages: Pages,
) -> None:
    pages.subscriber("een@lezers.example")
    answers = []
    for name in ("onbekend", "een"):
        answer = pages.fill_in("/voorkeuren", {"email": f"{name}@lezers.example"})
        answers.append((answer.status_code, answer.text.replace(f"{name}@lezers.example", "")))
    assert answers[0] == answers[1]
    (mail,) = pages.mails(1)
    assert mail["To"] == "een@lezers.example"
    assert mail["Subject"] == "De link naar uw voorkeuren"
    assert pages.no_more_mails_than(1)


def test_lists_language_and_name_are_changed_at_once_with_their_proof(serve: Serve) -> None:
    pages = serve(lists=LISTS + SECOND_LIST)
    pages.subscriber("een@lezers.example", name="Sam")
    own = pages.own_page("een@lezers.example")
    answer = pages.post(
        own, {"act": "save", "lists": "acties", "language": "en", "name": " Kim \r\n X"}
    )
    assert "Uw voorkeuren zijn bewaard" in answer.text
    person = pages.audience.find("een@lezers.example")
    assert person is not None
    assert (person.lists, person.language, person.name) == (("acties",), "en", "Kim X")
    joined, left = person.on("acties"), person.on("nieuwsbrief")
    assert joined is not None
    assert left is not None
    assert joined.wording in pages.get(own).text
    assert joined.source == "https://nieuws.voorbeeld.example/voorkeuren"
    assert left.ended_how is Left.PREFERENCES


def test_a_list_that_is_not_public_can_be_left_but_not_joined(serve: Serve) -> None:
    pages = serve(lists=LISTS + SECOND_LIST)
    pages.subscriber("lid@lezers.example", "leden")
    pages.subscriber("een@lezers.example")
    own = pages.own_page("een@lezers.example")
    assert "Leden" not in pages.get(own).text
    pages.post(own, {"act": "save", "lists": ["nieuwsbrief", "leden"], "language": "nl"})
    assert pages.audience.find("een@lezers.example").lists == ("nieuwsbrief",)  # type: ignore[union-attr]
    member = pages.own_page("lid@lezers.example")
    assert "Leden" in pages.get(member).text
    pages.post(member, {"act": "save", "language": "nl"})
    assert pages.audience.find("lid@lezers.example").lists == ()  # type: ignore[union-attr]


def test_one_button_leaves_everything(serve: Serve) -> None:
    pages = serve(lists=LISTS + SECOND_LIST)
    pages.subscriber("een@lezers.example", "acties", "nieuwsbrief")
    answer = pages.post(pages.own_page("een@lezers.example"), {"act": "leave"})
    assert "afgemeld voor alles" in answer.text
    assert " checked" not in answer.text.partition("language-1")[0]
    assert pages.audience.find("een@lezers.example").lists == ()  # type: ignore[union-attr]


def test_looking_at_any_of_it_changes_nothing(pages: Pages) -> None:
    pages.subscriber("een@lezers.example", name="Sam")
    own = pages.own_page("een@lezers.example").partition("?")[0]
    for path in (own, f"{own}/gegevens", f"{own}/gegevens.json", f"{own}/wissen"):
        for method in ("GET", "HEAD", "OPTIONS"):
            assert pages.ask(method, path).status_code in {200, 204}
        page = pages.get(path)
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in page.headers["x-robots-tag"]
    person = pages.audience.find("een@lezers.example")
    assert person is not None
    assert (person.lists, person.name) == (("nieuwsbrief",), "Sam")


def test_everything_that_is_kept_is_shown_and_can_be_taken_along(pages: Pages) -> None:
    pages.subscriber("een@lezers.example", name="Sam")
    pages.issue_to("een@lezers.example", "twee@lezers.example")
    pages.audience.suppress("een@lezers.example", reason=SuppressionReason.FULL, source="bounce")
    own = pages.own_page("een@lezers.example").partition("?")[0]
    page = pages.get(f"{own}/gegevens").text
    for part in (
        "een@lezers.example",
        "Sam",
        "Nederlands",
        "U stemde in met",
        "‘Ja’",
        "in de wachtrij",
    ):
        assert part in page
    assert "uw mailbox was een paar keer vol" in page
    assert "twee@lezers" not in page
    file = pages.get(f"{own}/gegevens.json")
    assert file.headers["content-disposition"] == 'attachment; filename="gegevens.json"'
    data = json.loads(file.text)
    assert data["address"] == "een@lezers.example"
    assert data["subscriber"]["subscriptions"][0]["wording"] == "Ja"


def test_erasing_leaves_nothing_but_a_mark_and_the_link_leads_nowhere(pages: Pages) -> None:
    pages.subscriber("een@lezers.example", name="Sam")
    (leave,) = pages.issue_to("een@lezers.example")
    own = pages.own_page("een@lezers.example").partition("?")[0]
    answer = pages.post(f"{own}/wissen")
    assert "Uw gegevens zijn gewist" in answer.text
    assert pages.audience.find("een@lezers.example") is None
    for path in (own, f"{own}/gegevens", f"{own}/gegevens.json", f"{own}/wissen"):
        assert pages.get(path).status_code == 410
    assert pages.post(f"{own}/wissen").status_code == 410
    out = pages.audience.keep_out(["een@lezers.example"], list_="nieuwsbrief")
    assert out == {"een@lezers.example": SkipReason.SUPPRESSED}
    assert pages.post(leave, {"List-Unsubscribe": "One-Click"}).status_code == 200


def test_the_link_works_for_a_day_and_only_for_this(pages: Pages) -> None:
    number = pages.subscriber("een@lezers.example")
    own = pages.own_page("een@lezers.example").partition("?")[0]
    for purpose in (Purpose.CONFIRM, Purpose.UNSUBSCRIBE):
        token = timed_token(Signer(SECRET, purpose), number, good_for=timedelta(days=1))
        assert pages.get(f"/voorkeuren/{token}").status_code == 404
    pages.clock.advance(timedelta(hours=23))
    assert pages.get(own).status_code == 200
    pages.clock.advance(timedelta(hours=3))
    for path in (own, f"{own}/gegevens", f"{own}/wissen"):
        assert pages.get(path).status_code == 410
    assert pages.post(own, {"act": "leave"}).status_code == 410
    assert pages.post(f"{own}/wissen").status_code == 410
    assert pages.audience.find("een@lezers.example").lists == ("nieuwsbrief",)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": "Kim"}, 400),
        ({"act": "rm -rf"}, 400),
        ({"act": "save", "name": "n" * 121}, 422),
        ({"act": "save", "language": "xx", "lists": "geen lijst"}, 200),
    ],
)
def test_what_the_form_does_not_offer_is_not_done(
    pages: Pages, fields: dict[str, str], status: int
) -> None:
    pages.subscriber("een@lezers.example", name="Sam")
    own = pages.own_page("een@lezers.example")
    assert pages.post(own, fields).status_code == status
    person = pages.audience.find("een@lezers.example")
    assert person is not None
    assert person.language == "nl"
    assert "geen lijst" not in [each.list for each in person.subscriptions]
