"""Reading: what was sent, and nothing else, as pages and as feeds."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from datetime import timedelta

import feedparser

from flows.campaign.folder import load_campaign
from flows.campaign.issues import keep_issue, sent_issues
from flows.campaign.rendering import compose_step
from tests.console.conftest import SLUG, Pages, Serve


def test_an_issue_is_shown_once_it_went_out_and_not_before(pages: Pages) -> None:
    pages.issue_to("een@lezers.example", begun=False)
    assert pages.get(f"/nieuwsbrief/{SLUG}").status_code == 404
    assert "nog geen nieuwsbrief" in pages.get("/nieuwsbrief").text
    pages.issue_to("een@lezers.example")
    page = pages.get(f"/nieuwsbrief/{SLUG}")
    assert page.status_code == 200
    assert "Elf organisaties" in page.text
    assert f'href="/nieuwsbrief/{SLUG}"' in pages.get("/nieuwsbrief").text
    assert "Oproep aan de Tweede Kamer" in pages.get("/aanmelden").text


def test_an_issue_holds_nothing_of_a_reader_and_leads_to_the_own_page(pages: Pages) -> None:
    pages.issue_to("een@lezers.example")
    page = pages.get(f"/nieuwsbrief/{SLUG}").text
    assert "een@lezers.example" not in page
    assert "/afmelden/" not in page
    assert 'href="https://nieuws.voorbeeld.example/voorkeuren"' in page
    assert "Beste lezer," in page
    for shown in (page, pages.get(f"/nieuwsbrief/{SLUG}.txt").text):
        assert "U ontvangt deze mail" not in shown
        assert "zoals wij hem per mail hebben verstuurd" in shown


def test_an_issue_loads_only_the_pictures_in_it_and_runs_nothing(pages: Pages) -> None:
    draft = pages.settings.content_dir / SLUG / "newsletter.md"
    text = draft.read_text("utf-8")
    draft.write_text(text + "\n![Foto](https://voorbeeld.example/foto.jpg)\n", "utf-8")
    pages.issue_to("een@lezers.example")
    page = pages.get(f"/nieuwsbrief/{SLUG}")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    if "foto.jpg" in page.text:
        assert "img-src 'self' https://voorbeeld.example" in policy


def test_an_issue_can_be_read_as_plain_text(pages: Pages) -> None:
    pages.issue_to("een@lezers.example")
    page = pages.get(f"/nieuwsbrief/{SLUG}.txt")
    assert page.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Elf organisaties" in page.text
    assert "{{" not in page.text
    assert "oproepslot" not in page.text


def test_what_was_sent_stays_as_it_was_whatever_happens_to_the_drafts(pages: Pages) -> None:
    pages.issue_to("een@lezers.example")
    before = pages.get(f"/nieuwsbrief/{SLUG}").text
    draft = pages.settings.content_dir / SLUG / "newsletter.md"
    draft.write_text("---\nsubject: Heel anders\n---\n\nIets heel anders.\n", "utf-8")
    assert pages.get(f"/nieuwsbrief/{SLUG}").text == before


def test_a_rehearsal_keeps_no_page(pages: Pages) -> None:
    rehearsal = pages.settings.for_rehearsal(SLUG)
    campaign = load_campaign(rehearsal.content_dir / SLUG, rehearsal)
    step = next(each for each in campaign.plan.steps if each.channel == "newsletter")
    mail = compose_step(campaign, step, rehearsal).mail
    assert keep_issue(rehearsal, SLUG, step=2, mail=mail) is None
    assert not (rehearsal.var_dir / "issues").exists()


def test_the_archive_lists_the_latest_first_by_year(pages: Pages) -> None:
    pages.issue_to("een@lezers.example", slug="eerste")
    pages.clock.advance(timedelta(days=400))
    pages.issue_to("een@lezers.example", slug="tweede")
    page = pages.get("/nieuwsbrief").text
    assert page.index("2027") < page.index("tweede") < page.index("2026") < page.index("eerste")
    assert [issue.name for issue in sent_issues(pages.settings, pages.engine)] == [
        "tweede",
        "eerste",
    ]


def test_both_feeds_are_well_formed_and_lead_to_the_issues(pages: Pages) -> None:
    for path in ("/rss.xml", "/atom.xml"):
        empty = feedparser.parse(pages.get(path).content)
        assert not empty.bozo
        assert empty.entries == []
    pages.issue_to("een@lezers.example")
    for path, version in (("/rss.xml", "rss20"), ("/atom.xml", "atom10")):
        answer = pages.get(path)
        assert f"application/{path[1:].partition('.')[0]}+xml" in answer.headers["content-type"]
        feed = feedparser.parse(answer.content)
        assert not feed.bozo
        assert feed.version == version
        (entry,) = feed.entries
        assert entry.title == "Oproep aan de Tweede Kamer"
        assert entry.link == f"https://nieuws.voorbeeld.example/nieuwsbrief/{SLUG}"
        assert entry.summary == "Morgen is het gesprek in de commissie."
        assert (entry.get("published_parsed") or entry.updated_parsed)[:5] == (2026, 2, 11, 16, 0)


def test_a_hostile_headline_breaks_neither_page_nor_feed(pages: Pages) -> None:
    draft = pages.settings.content_dir / SLUG / "newsletter.md"
    title = r"\"</title><script>alert(1)</script>]]> & 'x' \u0001\uffff"
    old = "subject: Oproep aan de Tweede Kamer"
    text = draft.read_text("utf-8").replace(old, f'subject: "{title}"')
    draft.write_text(text, "utf-8")
    pages.issue_to("een@lezers.example")
    for path in ("/nieuwsbrief", "/aanmelden", f"/nieuwsbrief/{SLUG}"):
        assert "<script" not in pages.get(path).text
    for path in ("/rss.xml", "/atom.xml"):
        ElementTree.fromstring(pages.get(path).content)


def test_pages_that_are_not_about_anybody_may_be_kept_and_found(pages: Pages) -> None:
    for path in ("/nieuwsbrief", "/privacy", "/rss.xml"):
        headers = pages.get(path).headers
        assert headers["cache-control"] == "public, max-age=300"
        assert "x-robots-tag" not in headers
    robots = pages.get("/robots.txt").text
    assert "Disallow: /afmelden/" in robots
    assert "Disallow: /voorkeuren/" in robots


def test_no_page_sets_a_cookie_runs_a_script_or_loads_from_elsewhere(pages: Pages) -> None:
    pages.issue_to("een@lezers.example")
    for path in ("/", "/aanmelden", "/voorkeuren", "/nieuwsbrief", "/privacy", "/niets"):
        page = pages.get(path)
        assert "set-cookie" not in page.headers
        assert "<script" not in page.text
        assert " style=" not in page.text
        loaded = re.findall(
            r'<(?:link rel="(?:stylesheet|icon)"|img)[^>]*"(/[^"]+|http[^"]+)"', page.text
        )
        assert loaded
        for address in loaded:
            assert address.startswith("/")
            assert pages.get(address).status_code == 200
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy


def test_the_language_is_the_readers_choice_then_the_browsers_then_the_organisations(
    pages: Pages,
) -> None:
    def language(path: str, header: str) -> str:
        page = pages.get(path, headers={"accept-language": header})
        found = re.search(r'<html lang="(\w+)"', page.text)
        assert found is not None
        assert page.headers["content-language"] == found[1]
        assert "accept-language" in page.headers["vary"]
        return found[1]

    assert language("/privacy?taal=nl", "en") == "nl"
    assert language("/privacy?taal=en", "nl") == "en"
    assert language("/privacy", "en-GB,en;q=0.9,nl;q=0.8") == "en"
    assert language("/privacy", "de,nl;q=0.4,en;q=0.3") == "nl"
    for rubbish in ("", "de", "*", ";;q=x,,", "n" * 9000):
        assert language("/privacy?taal=xx", rubbish) == "nl"


def test_a_chosen_language_travels_along_in_every_link(pages: Pages) -> None:
    page = pages.get("/aanmelden?taal=en").text
    internal = re.findall(r'(?:href|action)="(/(?!stijl|icoon|rss|atom)[^"]*)"', page)
    assert internal
    assert all("?taal=" in link for link in internal)


def test_all_of_it_works_below_a_path_as_well(serve: Serve) -> None:
    pages = serve(public_url="https://voorbeeld.example/nieuws")
    pages.issue_to("een@lezers.example")
    for before in ("", "/nieuws"):
        page = pages.get(f"{before}/nieuwsbrief")
        assert page.status_code == 200
        assert f'href="/nieuws/nieuwsbrief/{SLUG}"' in page.text
        assert pages.get(f"{before}/nieuwsbrief/{SLUG}").status_code == 200
        assert pages.get(f"{before}/niets").status_code == 404
        assert pages.ask("OPTIONS", f"{before}/aanmelden").headers["allow"] == (
            "GET, HEAD, OPTIONS, POST"
        )
    assert pages.sign_up("noor@lezers.example").status_code == 200
    (mail,) = pages.mails(1)
    body = mail.get_body(("plain",))
    assert body is not None
    assert "https://voorbeeld.example/nieuws/bevestigen/" in body.get_content()
