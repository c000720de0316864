"""Mails: rendered once, the same in HTML and plain text, and text stays text."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import html as lxml_html

from flows.compose.drafts import draft_files
from flows.compose.mail import MailDraft, read_mail_draft, render_mail
from flows.compose.rendered import (
    RenderedMail,
    missing_fields,
    partner_recipient,
    slot_values,
)
from flows.compose.slots import fill, one_line
from flows.compose.wording import Marking
from flows.errors import InputError
from flows.models import MessageKind, NewsItem, Organisation, Partner, Recipient
from flows.news import read_item
from tests.browser.chromium import PHONE, Axe
from tests.compose.conftest import EXAMPLE, HOSTILE, SITE, TEMPLATES, item_called

ISSUE, MAILOUT = MessageKind.ISSUE, MessageKind.MAILOUT
STOP = "https://nieuws.example/afmelden/abc"
FRONT = "---\nsubject: Onderwerp\npreheader: Voorproefje\n---\n\n"
PARTNER = Partner(organisation="INLIA & Co", contact="Team <web>", email="a@inlia.example")


def rendered(
    text: str,
    organisation: Organisation,
    *,
    kind: MessageKind = ISSUE,
    item: NewsItem | None = None,
    marking: Marking = Marking.NONE,
) -> RenderedMail:
    return render_mail(
        read_mail_draft(text, where="draft.md"),
        kind=kind,
        organisation=organisation,
        item=item or item_called("Titel"),
        templates=TEMPLATES,
        marking=marking,
    )


def as_sent(mail: RenderedMail, recipient: Recipient) -> tuple[str, str, str]:
    """Subject, HTML and plain text as one recipient gets them."""
    values = slot_values(mail, recipient, unsubscribe_url=STOP)
    assert values.keys() == mail.slots
    texts = {name: value.text for name, value in values.items()}
    htmls = {name: value.html for name, value in values.items()}
    return fill(mail.subject, texts), fill(mail.html, htmls), fill(mail.text, texts)


def tree_of(html: str) -> Any:
    """The page as lxml reads it; its stubs know too many types for a test."""
    return lxml_html.fromstring(html)


def faults(axe: Axe, page: Path, **how: Any) -> list[str]:
    """What axe finds, without what holds for pages and not for what a mail program frames."""
    pages_only = ("landmark-one-main", "region")
    return [fault for fault in axe(page, **how) if not fault.startswith(pages_only)]


def words_of(html: str) -> str:
    """The visible words of a page; a separate text for the browser's inbox line included."""
    tree = tree_of(re.sub("<br ?/?>", " ", html))
    for element in tree.xpath("//style | //head"):
        element.drop_tree()
    return " ".join(tree.text_content().split())


@pytest.fixture(scope="module", params=[ISSUE, MAILOUT], ids=["issue", "mail-out"])
def example(request: pytest.FixtureRequest, organisation: Organisation) -> RenderedMail:
    name = "newsletter.md" if request.param is ISSUE else "mailout.md"
    return rendered(
        (EXAMPLE / name).read_text(),
        organisation,
        kind=request.param,
        item=read_item(EXAMPLE / "item.md"),
    )


@pytest.mark.parametrize("title", HOSTILE)
@pytest.mark.parametrize("kind", [ISSUE, MAILOUT])
def test_a_hostile_headline_comes_out_as_text_everywhere(
    kind: MessageKind, title: str, organisation: Organisation
) -> None:
    item = item_called(title, lead=title)
    files = draft_files(item, organisation, attachments=["brief.pdf"])
    mail = rendered(
        files["newsletter.md" if kind is ISSUE else "mailout.md"],
        organisation,
        kind=kind,
        item=item,
    )
    subject, html, text = as_sent(mail, partner_recipient(PARTNER))
    # As people see it; only what imitates our own tokens is broken by an invisible character.
    shown = one_line(title).replace("oproepslot", "oproep\u200cslot")
    assert shown in subject
    assert shown in " ".join(text.split())
    tree = tree_of(html)
    assert tree.xpath("//h1")[0].text_content().strip() == shown
    assert tree.xpath("//title")[0].text == subject
    assert tree.xpath("//*[@role='article']/@aria-label") == [subject]
    assert not tree.xpath("//script | //img | //*[@onerror]")
    assert {urlsplit(url).hostname for url in tree.xpath("//a/@href") if "://" in url} <= {
        "www.kompas.example",
        "nieuws.example",
    }
    assert "oproepkept" not in html.replace(title, "") or "oproepkept" in title


def test_names_of_recipients_come_out_as_text(organisation: Organisation) -> None:
    mail = rendered(FRONT + "{{ greeting }}", organisation)
    for name in HOSTILE:
        _, html, text = as_sent(mail, Recipient(address="a@b.example", name=name))
        assert f"Beste {one_line(name)}," in text
        assert f"Beste {one_line(name)}," in words_of(html)


def test_a_reader_without_a_name_is_greeted_as_reader(organisation: Organisation) -> None:
    mail = rendered(FRONT + "{{ greeting }}", organisation)
    _, html, text = as_sent(mail, Recipient(address="a@b.example", name="  "))
    assert "Beste lezer," in text
    assert "Beste lezer," in words_of(html)


def test_signatories_are_thanked_and_others_are_told(organisation: Organisation) -> None:
    draft = (
        FRONT
        + "Voor\n\n::: ondertekenaars\nDank, {{ organisation }}.\n:::\n\n"
        + "::: anderen\nKent u dit, {{ contact }}?\n:::\n\nNa"
    )
    mail = rendered(draft, organisation, kind=MAILOUT)
    signed = partner_recipient(PARTNER.model_copy(update={"signatory": True}))
    _, html, text = as_sent(mail, signed)
    assert "Voor\n\nDank, INLIA & Co.\n\nNa" in text
    assert "Dank, INLIA & Co." in words_of(html)
    assert "Kent u dit" not in html + text
    _, html, text = as_sent(mail, partner_recipient(PARTNER))
    assert "Voor\n\nKent u dit, Team <web>?\n\nNa" in text
    assert "Kent u dit, Team <web>?" in words_of(html)
    assert "Dank" not in html + text


def test_a_field_that_is_empty_for_a_recipient_is_named_and_refused(
    organisation: Organisation,
) -> None:
    mail = rendered(FRONT + "Dag {{ name }} van {{ organisation }}", organisation)
    nobody = Recipient(address="x@y.example")
    assert missing_fields(mail, nobody) == {"name", "organisation"}
    with pytest.raises(InputError, match="name, organisation") as caught:
        slot_values(mail, nobody, unsubscribe_url=STOP)
    assert caught.value.where == "x@y.example"


def test_an_issue_without_an_unsubscribe_link_is_refused(organisation: Organisation) -> None:
    mail = rendered(FRONT + "Tekst", organisation)
    with pytest.raises(InputError, match="unsubscribe_url"):
        slot_values(mail, Recipient(address="x@y.example"))


def test_a_mail_shows_who_sends_why_and_the_way_out(example: RenderedMail) -> None:
    _, html, text = as_sent(example, partner_recipient(PARTNER))
    for shown in (words_of(html), " ".join(text.split())):
        assert "Stichting Kompas" in shown
        assert "Voorbeeldkade 12" in shown
        assert "1234 AB Voorbeeldstad" in shown
        assert "U ontvangt deze mail omdat" in shown
    if example.kind is ISSUE:
        assert f'href="{STOP}"' in html
        assert STOP in text


def test_a_mail_keeps_the_rules_that_a_parser_can_see(example: RenderedMail) -> None:
    _, html, _ = as_sent(example, partner_recipient(PARTNER))
    tree = tree_of(html)
    assert len(html.encode()) < 60_000
    assert tree.get("lang") == "nl"
    assert tree.get("dir") == "ltr"
    assert tree.xpath("//meta[@name='color-scheme']/@content") == ["light dark"]
    assert "prefers-color-scheme: dark" in html
    levels = [int(tag.tag[1]) for tag in tree.xpath("//h1|//h2|//h3|//h4|//h5|//h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(table.get("role") == "presentation" for table in tree.iter("table"))
    assert not tree.xpath("//img | //link | //script")
    assert "googleapis" not in html
    sizes = {float(size) for size in re.findall(r"font-size:\s*([\d.]+)px", html)}
    assert min(sizes - {0.0, 1.0}) >= 16, sizes


def test_html_and_plain_text_say_the_same(example: RenderedMail) -> None:
    _, html, text = as_sent(example, partner_recipient(PARTNER))
    seen = set(re.findall(r"\w{4,}", words_of(html)))
    plain = set(re.findall(r"\w{4,}", re.sub(r"https?://\S+", " ", text)))
    preheader = set(re.findall(r"\w+", example.preheader))
    links = set(re.findall(r"\w+", " ".join(re.findall(r"https?://\S+", html))))
    assert plain - seen - links == set()
    assert seen - plain - preheader - links == set()


def test_plain_text_is_wrapped_and_links_stay_whole(example: RenderedMail) -> None:
    long = [line for line in example.page_text().split("\n") if len(line) > 72]
    assert all(re.fullmatch(r"\s*<?(https?|mailto):\S+>?", line) for line in long)


def test_the_page_of_an_issue_is_for_nobody_in_particular(example: RenderedMail) -> None:
    assert "oproepslot" not in example.page_html() + example.page_text()
    if example.kind is ISSUE:
        assert "Beste lezer," in example.page_text()
        assert "mailto:redactie@kompas.example" in example.page_html()


@pytest.mark.parametrize(
    ("marking", "mark", "notice"),
    [
        (Marking.REHEARSAL, "[REPETITIE] ", "Dit is een repetitie."),
        (Marking.TEST, "[TEST] ", "Dit is een test."),
    ],
)
def test_a_rehearsal_and_a_test_are_marked_in_subject_html_and_text(
    marking: Marking, mark: str, notice: str, organisation: Organisation
) -> None:
    mail = rendered(FRONT + "Tekst", organisation, marking=marking)
    assert mail.subject == f"{mark}Onderwerp"
    assert mail.text.startswith(f"*** {notice}")
    assert notice in words_of(mail.html)
    real = rendered(FRONT + "Tekst", organisation)
    assert notice not in real.html + real.text + real.subject


def test_the_same_draft_renders_to_the_same_bytes(organisation: Organisation) -> None:
    draft = (EXAMPLE / "newsletter.md").read_text()
    assert rendered(draft, organisation).html == rendered(draft, organisation).html


def test_an_issue_and_eleven_partner_mails_are_composed_within_half_a_second(
    organisation: Organisation,
) -> None:
    item = read_item(EXAMPLE / "item.md")
    rendered(FRONT + "warm", organisation)
    began = time.perf_counter()
    rendered((EXAMPLE / "newsletter.md").read_text(), organisation, item=item).page_html()
    mail = rendered((EXAMPLE / "mailout.md").read_text(), organisation, kind=MAILOUT, item=item)
    for _ in range(11):
        as_sent(mail, partner_recipient(PARTNER))
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
def test_a_mail_has_no_fault_that_axe_finds(
    example: RenderedMail, axe: Axe, tmp_path: Path, *, dark: bool
) -> None:
    page = tmp_path / "mail.html"
    page.write_text(as_sent(example, partner_recipient(PARTNER))[1])
    assert faults(axe, page, dark=dark) == []
    assert faults(axe, page, width=PHONE, dark=dark) == []


def test_a_mail_with_every_kind_of_block_has_no_fault_that_axe_finds(
    organisation: Organisation, axe: Axe, tmp_path: Path
) -> None:
    draft = FRONT + (
        "# Titel\n\n#### Te diep\n\n1. een\n2. twee\n   - onder\n\n> citaat\n\n    code\n\n---\n\n"
        f"![Een kaart]({SITE}/kaart.png)\n\nregel\\\nbreuk `code`\n\n::: moment\nNu\n:::\n\n"
        "::: overnemen\n- tekst\n:::\n\n::: documenten\n## Stukken\n\n3. stuk (pdf)\n:::\n"
    )
    mail = rendered(draft, organisation, marking=Marking.REHEARSAL)
    page = tmp_path / "mail.html"
    page.write_text(mail.page_html())
    assert faults(axe, page) == []
    assert faults(axe, page, dark=True) == []


@pytest.mark.parametrize("color", ["#ffff00", "#ffffff", "#000000", "#e30613", "#777777"])
def test_every_brand_colour_stays_readable(
    color: str, organisation: Organisation, axe: Axe, tmp_path: Path
) -> None:
    brand = organisation.brand.model_copy(update={"color": color})
    mail = rendered(
        (EXAMPLE / "newsletter.md").read_text(), organisation.model_copy(update={"brand": brand})
    )
    page = tmp_path / "mail.html"
    page.write_text(mail.page_html())
    assert faults(axe, page) == []
    assert faults(axe, page, dark=True) == []


def test_a_mail_in_arabic_runs_from_right_to_left(organisation: Organisation) -> None:
    draft = FRONT.replace("subject", "language: ar\nsubject") + "سلام"
    mail = rendered(draft, organisation)
    tree = tree_of(mail.html)
    assert tree.get("dir") == "rtl"
    assert tree.get("lang") == "ar"


def test_an_image_from_elsewhere_is_refused(organisation: Organisation) -> None:
    with pytest.raises(InputError, match="boos"):
        rendered(FRONT + "![x](https://boos.example/p.png)", organisation)
    mail = rendered(FRONT + f'![Een "kaart"]({SITE}/p.png)', organisation)
    assert tree_of(mail.html).xpath("//img/@alt") == ['Een "kaart"']


def test_a_link_to_the_item_waits_until_its_address_is_filled_in(
    organisation: Organisation,
) -> None:
    front = "---\nsubject: x\nlink: '[[vul in: adres]]'\n---\n\n"
    draft = f"{front}**[Lees](link)** en [dit](link)\n\n**[Knop](link)**"
    mail = rendered(draft, organisation)
    assert "Knop" in words_of(mail.html)
    assert [url for url in tree_of(mail.html).xpath("//a/@href") if "slot" not in url] == []


BROKEN = {
    "no front matter": ("Tekst", "front matter", ""),
    "an unknown field": ("---\nonderwerp: x\n---\n", "onderwerp", ""),
    "a link that is none": ("---\nlink: hallo\n---\n", "hallo", "draft.md: link"),
    "a script for a link": ("---\nlink: javascript:alert(1)\n---\n", "javascript", ""),
    "half an address": ("---\nlink: https://[::1\n---\n", "web address", ""),
    "an unknown box": (FRONT + "::: doos\nx\n:::", "doos", "draft.md:6"),
    "a box that stays open": (FRONT + "a\n\n::: moment\nx", "not closed", "draft.md:8"),
    "a box in a box": (FRONT + "::: moment\n::: moment\n:::", "another box", "draft.md:7"),
    "an end without a beginning": (FRONT + ":::", "not opened", "draft.md:6"),
}


@pytest.mark.parametrize(("text", "says", "where"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_draft_is_an_error_with_its_place(text: str, says: str, where: str) -> None:
    with pytest.raises(InputError) as caught:
        read_mail_draft(text, where="draft.md")
    assert says in str(caught.value)
    assert caught.value.where.startswith(where)
    assert caught.value.mend


def test_an_empty_draft_renders_without_failing(organisation: Organisation) -> None:
    mail = rendered("---\nsubject:\n---\n", organisation)
    assert mail.subject == ""
    assert isinstance(read_mail_draft("---\nsubject: x\n---\n", where=""), MailDraft)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("issue.mjml", "{% if %}"),
        ("issue.mjml", "{{ nergens }}"),
        ("issue.mjml", "<mjml><mj-body><mj-onbekend /></mj-body></mjml>"),
        ("issue.mjml", "geen mjml"),
        ("elders.mjml", ""),
    ],
)
def test_a_broken_or_missing_template_is_an_error_that_names_it(
    name: str, text: str, organisation: Organisation, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as caught:
        render_mail(
            read_mail_draft(FRONT, where="d"),
            kind=ISSUE,
            organisation=organisation,
            item=item_called("T"),
            templates=tmp_path,
        )
    assert str(tmp_path) in caught.value.where
