"""Leaving: one click in a mail program or one button on a page, and never by a look alone."""

from __future__ import annotations

import email.policy
import statistics
import time
from email import message_from_bytes

import pytest
import requests

from flows.audience.people import Left, SubscriptionState, SuppressionReason
from flows.audience.tokens import Purpose, Signer
from flows.campaign import share
from flows.campaign.folder import load_campaign
from flows.campaign.keeping_out import keep_out_of
from flows.campaign.mailing import Mailing
from flows.campaign.rendering import compose_step
from flows.campaign.share import MailShare
from flows.ledger.book import Ledger
from flows.ledger.hand_over import Worker
from flows.models import SkipReason
from tests.console.conftest import SECRET, SLUG, Pages, Serve

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def on_list(pages: Pages, address: str) -> bool:
    person = pages.audience.find(address)
    return person is not None and "nieuwsbrief" in person.lists


def test_one_click_leaves_without_redirect_cookie_or_login(pages: Pages) -> None:
    pages.subscriber("een@lezers.example")
    (path,) = pages.issue_to("een@lezers.example")
    # As Gmail does it: no cookie, no Accept-Language, a form's body (RFC 8058, 3.1).
    answer = requests.post(
        pages.url + path,
        data="List-Unsubscribe=One-Click",
        headers={"content-type": "application/x-www-form-urlencoded"},
        allow_redirects=False,
        timeout=10,
    )
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert not on_list(pages, "een@lezers.example")
    person = pages.audience.find("een@lezers.example")
    assert person is not None
    assert person.subscriptions[0].ended_how is Left.ONE_CLICK


def test_one_click_may_come_as_multipart_and_may_come_twice(pages: Pages) -> None:
    pages.subscriber("een@lezers.example")
    (path,) = pages.issue_to("een@lezers.example")
    for _ in range(2):
        answer = pages.post(path, files={"List-Unsubscribe": (None, "One-Click")})
        assert answer.status_code == 200
        assert "U bent afgemeld" in answer.text
    assert not on_list(pages, "een@lezers.example")


def test_the_link_in_the_mail_itself_works_for_its_reader_alone(pages: Pages) -> None:
    for name in ("een", "twee"):
        pages.subscriber(f"{name}@lezers.example")
    pages.issue_to("een@lezers.example", "twee@lezers.example")
    mails = _share(pages).source(2)
    headers = message_from_bytes(mails[0].message.content, policy=email.policy.default)
    link = headers["List-Unsubscribe"].strip("<>").removeprefix(pages.settings.public_url)
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert pages.post(link, ONE_CLICK).status_code == 200
    assert not on_list(pages, mails[0].message.recipient)
    assert on_list(pages, mails[1].message.recipient)


def test_looking_changes_nothing(pages: Pages) -> None:
    pages.subscriber("een@lezers.example")
    (path,) = pages.issue_to("een@lezers.example")
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"):
        pages.ask(method, path)
    assert on_list(pages, "een@lezers.example")
    page = pages.get(path)
    assert "Afmelden voor ‘Nieuwsbrief’" in page.text
    assert "een@lezers.example" not in page.text + path
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "noindex" in page.headers["x-robots-tag"]


def test_the_button_on_the_page_leaves_as_well_and_is_told_apart(pages: Pages) -> None:
    pages.subscriber("een@lezers.example")
    (path,) = pages.issue_to("een@lezers.example")
    answer = pages.post(path, {**ONE_CLICK, "door": "pagina"})
    assert answer.status_code == 200
    person = pages.audience.find("een@lezers.example")
    assert person is not None
    assert person.subscriptions[0].ended_how is Left.LINK


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_or_foreign_token_gets_a_clear_page_and_changes_nothing(
    pages: Pages, method: str
) -> None:
    pages.subscriber("een@lezers.example")
    (path,) = pages.issue_to("een@lezers.example")
    token = path.rpartition("/")[2]
    foreign = [
        Signer(SECRET, Purpose.BOUNCE).token(1),
        Signer("y" * 40, Purpose.UNSUBSCRIBE).token(1),
        token[:-1] + ("0" if token[-1] != "0" else "1"),
        token[:-4],
        "x" * 5000,
        "..%2f..%2fetc",
        "%ff%fe",
    ]
    for bad in foreign:
        answer = pages.ask(method, f"/afmelden/{bad}", data=None if method == "GET" else ONE_CLICK)
        assert answer.status_code == 404, bad[:50]
        assert "text/html" in answer.headers["content-type"]
    assert on_list(pages, "een@lezers.example")
    nobody = Signer(SECRET, Purpose.UNSUBSCRIBE).token(2**64 - 1)
    gone = pages.ask(method, f"/afmelden/{nobody}", data=None if method == "GET" else ONE_CLICK)
    assert gone.status_code == 410


def test_a_link_still_works_after_the_retention_period(pages: Pages) -> None:
    pages.subscriber("een@lezers.example")
    (path,) = pages.issue_to("een@lezers.example")
    pages.pseudonymise("een@lezers.example")
    assert pages.post(path, ONE_CLICK).status_code == 200
    assert not on_list(pages, "een@lezers.example")


def test_who_is_not_known_any_more_is_kept_off_the_list_all_the_same(pages: Pages) -> None:
    (path,) = pages.issue_to("vergeten@lezers.example")
    assert pages.post(path, ONE_CLICK).status_code == 200
    out = pages.audience.keep_out(["vergeten@lezers.example"], list_="nieuwsbrief")
    assert out == {"vergeten@lezers.example": SkipReason.UNSUBSCRIBED}


def test_leaving_one_list_leaves_the_others(serve: Serve) -> None:
    pages = serve()
    pages.subscriber("een@lezers.example", "acties", "nieuwsbrief")
    (path,) = pages.issue_to("een@lezers.example")
    pages.post(path, ONE_CLICK)
    person = pages.audience.find("een@lezers.example")
    assert person is not None
    assert person.lists == ("acties",)


def test_who_leaves_while_a_step_is_running_gets_nothing_more_of_it(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share, "ASK_EVERY", 0.0)
    readers = [f"lezer{number}@lezers.example" for number in range(30)]
    for reader in readers:
        pages.subscriber(reader)
    paths = dict(zip(readers, pages.issue_to(*readers), strict=True))
    running = _share(pages)
    first = [mail.message.recipient for mail in running.source(10)]
    leaving = [reader for reader in readers if reader not in first][:7]
    for reader in leaving:
        pages.post(paths[reader], ONE_CLICK)
    pages.audience.suppress(readers[29], reason=SuppressionReason.COMPLAINT, source="test")
    rest = [mail.message.recipient for mail in running.source(50)]
    assert set(first) | set(rest) == set(readers) - set(leaving) - {readers[29]}
    frozen = Ledger(pages.engine).campaign(SLUG)
    counts = Ledger(pages.engine).counts(frozen.id)[frozen.steps[0].id]
    assert counts["skipped"] == 8  # type: ignore[index]


def test_leaving_takes_milliseconds(pages: Pages) -> None:
    readers = [f"lezer{number}@lezers.example" for number in range(40)]
    for reader in readers:
        pages.subscriber(reader)
    took = []
    with requests.Session() as session:
        for path in pages.issue_to(*readers):
            before = time.perf_counter()
            assert session.post(pages.url + path, ONE_CLICK, timeout=10).status_code == 200
            took.append(time.perf_counter() - before)
    # Some 7 ms where the machine has little else to do; the aim is 20.
    assert statistics.median(took) < 0.06, f"{statistics.median(took) * 1000:.1f} ms"


def test_a_subscription_that_was_never_confirmed_can_be_left_too(pages: Pages) -> None:
    pages.sign_up("noor@lezers.example")
    pages.mails(1)
    (path,) = pages.issue_to("noor@lezers.example")
    pages.post(path, ONE_CLICK)
    person = pages.audience.find("noor@lezers.example")
    assert person is not None
    assert person.subscriptions[0].state is SubscriptionState.ENDED


def _share(pages: Pages) -> MailShare:
    """The first share of the issue, as the flow that delivers makes it."""
    campaign = load_campaign(pages.settings.content_dir / SLUG, pages.settings)
    ledger = Ledger(pages.engine)
    step = ledger.campaign(SLUG).steps[0]
    planned = next(each for each in campaign.plan.steps if each.channel == "newsletter")
    mailing = Mailing(
        pages.settings,
        campaign,
        compose_step(campaign, planned, pages.settings),
        step=step.number,
        list_=step.list,
    )
    keep_out = keep_out_of(pages.settings, pages.engine, step)
    return MailShare(ledger, Worker(pages.engine), step, mailing, keep_out=keep_out)
