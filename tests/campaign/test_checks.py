"""Every problem at once: each check finds its own fault, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.audience.tokens import UNSUBSCRIBE_PATH
from flows.campaign import check_mail, checks
from flows.campaign.checks import CHECKS
from flows.campaign.look import FilledMail, Look
from flows.models import Problem, Severity
from tests.campaign.conftest import BEFORE, Example

HOUSE = Path(__file__).resolve().parents[2]
EVENT = datetime(2026, 2, 12, 9, 0, tzinfo=UTC)

PLAN_FAULTS = [
    ("T10:00:00", "", ("event-without-time", "campaign.toml:3")),
    ("event - 17h", "event", ("step-after-deadline", "campaign.toml:9")),
    ("event - 17h", "event + 1h", ("step-after-deadline", "campaign.toml:9")),
    ("event - 17h", "event - 4d", ("step-past", "campaign.toml:9")),
    (
        'at = "event - 17h"',
        'at = "event - 17h"\nnot_before = "event - 16h"',
        ("step-before-embargo", "campaign.toml:9"),
    ),
    (
        'at = "event - 17h"',
        'at = "event - 17h"\nnot_before = "event + 1h"',
        ("step-after-deadline", "campaign.toml:9"),
    ),
    (
        '[[step]]\nchannel = "mastodon"',
        '[[step]]\nchannel = "newsletter"\nat = "event - 17h"\n[[step]]\nchannel = "mastodon"',
        ("step-twice", "campaign.toml:13"),
    ),
]

FAULTS = [
    ("organisation.toml", '"Stichting Voorbeeld"', '""', "sender-legal"),
    ("organisation.toml", '["Straat 1", "1234 AB Plaats"]', "[]", "sender-postal"),
    ("organisation.toml", "nieuws@voorbeeld.example", "nieuws", "sender-address"),
    ("organisation.toml", "redactie@voorbeeld.example", "redactie", "sender-address"),
    ("organisation.toml", 'from_name = "Voorbeeld"', 'from_name = ""', "sender-name"),
    ("organisation.toml", "GeenKindInDeCel", "geenkindindecel", "hashtag-case"),
    ("organisation.toml", "GeenKindInDeCel", "Geenkindindecel", "hashtag-case"),
    ("organisation.toml", "GeenKindInDeCel", "#GeenKind", "hashtag"),
    ("organisation.toml", "GeenKindInDeCel", "Geen Kind", "hashtag"),
    ("partners.csv", "robin@jeugdrecht.example", "", "partner-no-address"),
    ("partners.csv", "robin@jeugdrecht.example", "Beleid@KINDERHULP.example", "recipient-twice"),
    ("partners.csv", "Robin,", '"Robin\nJansen",', "csv-line-break"),
    ("partners.csv", "Robin,", "=1+1,", "csv-formula"),
    ("rehearsal-readers.csv", "twee@", "een@", "recipient-twice"),
    ("rehearsal-readers.csv", "twee@lezers", "robin@jeugdrecht", "recipient-on-both"),
    ("newsletter.md", "Elf", "[[vul in: hoeveel]]", "draft-placeholder"),
    ("newsletter.md", "Elf organisaties", "{{ organisatie }}", "field-unknown"),
    ("newsletter.md", "niet op te sluiten", "NIET OP TE SLUITEN", "all-caps"),
    ("newsletter.md", "Oproep aan de Tweede Kamer", "OPROEP AAN KAMER", "all-caps"),
    ("newsletter.md", "Oproep aan de Tweede Kamer", "Oproep " * 12, "subject-long"),
    ("newsletter.md", "Morgen is het gesprek in de commissie.", "", "preheader-missing"),
    ("newsletter.md", "{{ greeting }}", "{{ organisation }}", "field-unfilled"),
    ("mailout.md", "brief.pdf", "bericht.pdf", "attachment-missing"),
    ("posts/oproep.md", "Elf organisaties", "[[vul in: wie]]", "draft-placeholder"),
    ("posts/oproep.md", "kinderen niet", "#kinderen niet", "hashtag-case"),
    ("posts/oproep.md", "kinderen", "kinderen" * 70, "text-too-long"),
]


def test_a_campaign_without_a_fault_has_no_problems(example: Example) -> None:
    assert example.found() == []


@pytest.mark.parametrize(("old", "new", "problem"), PLAN_FAULTS)
def test_a_fault_of_the_plan_is_found_where_it_stands(
    example: Example, old: str, new: str, problem: tuple[str, str]
) -> None:
    example.edit("campaign.toml", old, new)
    assert problem in example.found()


@pytest.mark.parametrize(("file", "old", "new", "code"), FAULTS)
def test_a_fault_in_a_file_is_found(
    example: Example, file: str, old: str, new: str, code: str
) -> None:
    example.edit(file, old, new)
    problems = [each for each in example.problems() if each.code == code]
    assert problems
    assert all(each.what and each.mend and not Path(each.where).is_absolute() for each in problems)


def test_a_fault_of_the_front_matter_is_found_in_its_line(example: Example) -> None:
    example.edit("newsletter.md", "Morgen is het gesprek in de commissie.", "")
    example.edit("mailout.md", "Helpt u mee met de oproep?", "")
    assert example.found() == [
        ("subject-missing", "mailout.md:2"),
        ("preheader-missing", "newsletter.md:3"),
    ]


def test_an_event_that_is_past_is_a_warning_that_stands_alone(example: Example) -> None:
    (problem,) = example.problems(now=EVENT)
    assert (problem.code, problem.severity) == ("event-past", Severity.WARNING)


def slow(example: Example, *, an_hour: float) -> Example:
    """Return the campaign with a relay that takes so many mails an hour."""
    return replace(
        example, settings=example.settings.model_copy(update={"smtp_rate_hour": an_hour})
    )


def test_a_step_that_cannot_be_through_by_its_deadline_is_an_error_with_the_latest_start(
    example: Example,
) -> None:
    problems = slow(example, an_hour=0.08).problems()
    (problem,) = [each for each in problems if each.code == "step-too-long"]
    assert problem.severity is Severity.ERROR
    assert problem.where == "2026-02-11-oproep/campaign.toml:5"
    assert "needs 1,500 minutes for 2 mails" in problem.what
    assert "Let it begin by 2026-02-11 09:00" in problem.mend


def test_whether_a_step_fits_is_counted_from_now_when_its_time_is_behind_us(
    example: Example,
) -> None:
    codes = [code for code, _ in slow(example, an_hour=2).found(now=EVENT - timedelta(minutes=30))]
    assert "step-too-long" in codes
    assert slow(example, an_hour=0.1).found() == []


@pytest.mark.parametrize(
    ("page", "mend"), [("page", "`source:` in item.md"), ("issue", "OPROEP_PUBLIC_URL")]
)
def test_a_wait_for_a_page_that_has_no_address_is_told(
    example: Example, page: str, mend: str
) -> None:
    example.edit("campaign.toml", '"event - 16h"', f'"event - 16h"\nwait_for = "{page}"')
    (problem,) = example.problems()
    assert (problem.code, problem.severity) == ("wait-in-vain", Severity.ERROR)
    assert mend in problem.mend
    addressed = example.settings.model_copy(update={"public_url": "https://nieuws.example"})
    example.edit(
        "2026-02-11-oproep/item.md", "language: nl", "language: nl\nsource: https://a.example"
    )
    assert replace(example, settings=addressed).found() == []


def test_a_wait_that_ends_by_sending_only_deserves_a_look(example: Example) -> None:
    example.edit(
        "campaign.toml",
        '"event - 16h"',
        '"event - 16h"\nwait_for = "page"\nwait_until = "event - 2h"\notherwise = "send"',
    )
    assert [each.severity for each in example.problems()] == [Severity.WARNING]


def test_every_problem_is_told_in_one_run_errors_first(example: Example) -> None:
    example.edit("organisation.toml", "GeenKindInDeCel", "geenkindindecel")
    example.edit("partners.csv", "robin@jeugdrecht.example", "")
    example.edit("newsletter.md", "Morgen is het gesprek in de commissie.", "")
    example.edit("mailout.md", "---\n", "- - -\n")
    example.edit("posts/oproep.md", "Elf", "[[vul in: hoeveel]]")
    (example.folder / "attachments" / "x.exe").write_bytes(b"")
    problems = example.problems()
    codes = {each.code for each in problems}
    assert {"hashtag-case", "partner-no-address", "preheader-missing", "unreadable"} <= codes
    assert "draft-placeholder" in codes
    severities = [each.severity for each in problems]
    assert severities == sorted(severities)


@pytest.mark.parametrize(
    "file",
    ["organisation.toml", "partners.csv", "rehearsal-readers.csv", "item.md", "campaign.toml",
     "newsletter.md", "mailout.md", "posts/oproep.md"],
)  # fmt: skip
@pytest.mark.parametrize(
    "content", [None, b"", b"\xff\xfe\x00", b"---\n[", b"PK\x03\x04", b"x" * 6_000_000, b"{{ }}"]
)
def test_a_file_that_cannot_be_read_is_a_problem_and_no_traceback(
    example: Example, file: str, content: bytes | None
) -> None:
    path = example.folder / file
    if not path.exists():
        path = example.settings.content_dir / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    problems = example.problems()
    if file == "rehearsal-readers.csv" and content is None:
        assert problems == []
    else:
        assert any(
            each.severity is Severity.ERROR and Path(file).name in each.where for each in problems
        )


def test_a_partner_mail_out_to_nobody_is_an_error(example: Example) -> None:
    path = example.settings.content_dir / "partners.csv"
    path.write_text("organisation,contact,email\n", "utf-8")
    assert example.found() == [("no-recipients", "partners.csv")]


def test_a_broken_organisation_does_not_hide_what_is_wrong_elsewhere(example: Example) -> None:
    (example.settings.content_dir / "organisation.toml").write_text("=", "utf-8")
    example.edit("campaign.toml", "event - 17h", "event + 1h")
    example.edit("newsletter.md", "Elf", "[[vul in: hoeveel]]")
    assert {code for code, _ in example.found()} == {
        "unreadable", "step-after-deadline", "draft-placeholder",
    }  # fmt: skip


def test_broken_partners_do_not_hide_what_is_wrong_with_the_mail_out(example: Example) -> None:
    example.edit("partners.csv", "robin@jeugdrecht.example", "")
    example.edit("mailout.md", "De tekst staat klaar om over te nemen.", "")
    assert [code for code, _ in example.found()] == ["partner-no-address", "preheader-missing"]


def test_before_there_are_drafts_the_way_to_make_them_is_named(example: Example) -> None:
    (example.folder / "campaign.toml").unlink()
    (problem,) = example.problems()
    assert problem.where == "2026-02-11-oproep/campaign.toml"
    assert "`oproep draft 2026-02-11-oproep`" in problem.mend


PICTURE = bytes.fromhex("89504e470d0a1a0a") + bytes(40)


def test_a_picture_is_there_and_has_words(example: Example) -> None:
    example.edit("posts/oproep.md", "---\nlink", "---\npicture: foto.png\nlink")
    assert example.found() == [("unreadable", "posts/foto.png")]
    (example.folder / "posts" / "foto.png").write_bytes(PICTURE)
    assert example.found() == [("alt-missing", "posts/oproep.md")]
    example.edit("posts/oproep.md", "---\npicture", "---\nalt: Een lege celdeur.\npicture")
    assert example.found() == []
    example.edit("posts/oproep.md", "een lege celdeur".capitalize(), "x" * 1501)
    assert example.found() == [("alt-too-long", "posts/oproep.md")]


@pytest.mark.parametrize("picture", ["../../../organisation.toml", "/etc/passwd", "foto.exe", ".."])
def test_a_picture_from_elsewhere_or_of_another_kind_is_refused(
    example: Example, picture: str
) -> None:
    example.edit("posts/oproep.md", "---\nlink", f"---\npicture: {picture}\nlink")
    assert [code for code, _ in example.found()] == ["unreadable"]


def test_a_picture_that_is_too_large_or_none_at_all_is_named(example: Example) -> None:
    example.edit("posts/oproep.md", "---\nlink", "---\npicture: foto.png\nalt: Een gang.\nlink")
    (example.folder / "posts" / "foto.png").write_bytes(PICTURE + bytes(12_000_000))
    assert example.found() == [("picture-too-large", "posts/foto.png")]
    (example.folder / "posts" / "foto.pdf").write_bytes(b"%PDF")
    example.edit("posts/oproep.md", "foto.png", "foto.pdf")
    assert example.found() == [("picture-type", "posts/foto.pdf")]


def test_a_partner_that_is_mentioned_must_be_one(example: Example) -> None:
    example.edit("posts/oproep.md", "\n---\n\n", "\n---\n\n@{Niemand} en ")
    assert example.found() == [("partner-unknown", "posts/oproep.md")]


def test_a_tag_of_a_draft_is_in_camel_case(example: Example) -> None:
    example.edit("posts/oproep.md", "[GeenKindInDeCel]", "[geenkindindecel]")
    assert example.found() == [("hashtag-case", "posts/oproep.md")]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Zo " + "lang " * 400 + "is deze zin.", ["text-too-long"]),
        ("👨‍👩‍👧‍👦" * 490, []),
        ("👨‍👩‍👧‍👦" * 501, ["text-too-long"]),
        ("مرحبا بالعالم. " * 20, []),
    ],
)
def test_odd_texts_are_counted_as_people_would(
    example: Example, text: str, codes: list[str]
) -> None:
    (example.folder / "posts" / "oproep.md").write_text(f"---\nlink: ''\n---\n\n{text}\n")
    assert [code for code, _ in example.found()] == codes


def test_a_file_that_no_draft_attaches_is_a_warning(example: Example) -> None:
    (example.folder / "attachments" / "extra.pdf").write_bytes(b"%PDF")
    assert example.found() == [("attachment-unused", "attachments/extra.pdf")]


# --- mails as rendered -------------------------------------------------------------------------

UNSUBSCRIBE = f"https://nieuws.invalid{UNSUBSCRIBE_PATH}token"
PAGE = f"""<!doctype html><html lang="nl"><head><style>body {{ color: #000 }}</style></head>
<body><h1>Oproep</h1><img src="https://nieuws.invalid/logo.png" alt="Voorbeeld">
<p>Stichting Voorbeeld<br>Straat 1<br>1234 AB Plaats</p>
<p><a href="https://elders.example/">Lees meer</a> <a href="{UNSUBSCRIBE}">Afmelden</a></p>
</body></html>"""
TEXT = f"Oproep\n\nStichting Voorbeeld\nStraat 1\n1234 AB Plaats\nAfmelden: {UNSUBSCRIBE}\n"


def looking_at(
    example: Example, *, html: str = PAGE, text: str = TEXT, subject: str = "Oproep"
) -> Look:
    from lxml.html import document_fromstring

    campaign = example.load()
    issue = next(step for step in campaign.plan.steps if step.channel == "newsletter")
    mail = FilledMail(
        step=issue,
        where="2026-02-11-oproep/newsletter.md",
        subject=subject,
        preheader="Morgen",
        html=html,
        text=text,
        tree=document_fromstring(html),
        unsubscribe_url=UNSUBSCRIBE,
    )
    return Look(
        campaign=campaign,
        settings=example.settings,
        now=BEFORE,
        zone=campaign.zone,
        organisation=campaign.organisation,
        item=campaign.item,
        plan=campaign.plan,
        partners=(),
        readers=(),
        lacking={},
        reached={},
        texts={},
        contents={},
        mails=(mail,),
    )


def found_in(look: Look) -> list[str]:
    names = [name for name in vars(check_mail) if getattr(check_mail, name) in CHECKS]
    return [problem.code for name in names for problem in getattr(check_mail, name)(look)]


def test_a_mail_without_a_fault_has_no_problems(example: Example) -> None:
    assert found_in(looking_at(example)) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (' alt="Voorbeeld"', "", "alt-missing"),
        ('alt="Voorbeeld"', 'alt=" "', "alt-missing"),
        (' lang="nl"', "", "language-missing"),
        (f'href="{UNSUBSCRIBE}"', 'href="#"', "unsubscribe-missing"),
        ("Straat 1", "", "sender-not-shown"),
        ("Stichting Voorbeeld", "Voorbeeld", "sender-not-shown"),
        ("nieuws.invalid/logo", "elders.example/logo", "foreign-host"),
        ("color: #000", "background: url(https://elders.example/x)", "foreign-host"),
        ("color: #000", "@import 'https://elders.example/x'", "foreign-host"),
        ("<body>", '<body background="//elders.example/x">', "foreign-host"),
        ("<style>", '<link href="https://fonts.elders.example/"><style>', "foreign-host"),
        ("<h1>", "<!--[if mso]>url(https://elders.example/x)<![endif]--><h1>", "foreign-host"),
        ("Oproep", "é" * 51_000, "html-too-large"),
    ],
)
def test_a_fault_in_the_html_is_found(example: Example, old: str, new: str, code: str) -> None:
    assert old in PAGE
    assert found_in(looking_at(example, html=PAGE.replace(old, new))) == [code]


@pytest.mark.parametrize(
    ("old", "code"),
    [(UNSUBSCRIBE, "unsubscribe-missing"), ("1234 AB Plaats", "sender-not-shown")],
)
def test_a_fault_in_the_plain_text_is_found(example: Example, old: str, code: str) -> None:
    assert found_in(looking_at(example, text=TEXT.replace(old, ""))) == [code]


@pytest.mark.parametrize(
    ("subject", "codes"),
    [
        ("", ["subject-missing"]),
        ("x" * 201, ["subject-long"]),
        ("x" * 71, ["subject-long"]),
        ("GEEN KIND IN DE CEL", ["all-caps"]),
        ("Geen kind in de cel", []),
        ("IVRK", []),
    ],
)
def test_the_subject_is_looked_at(example: Example, subject: str, codes: list[str]) -> None:
    assert found_in(looking_at(example, subject=subject)) == codes


def test_every_check_says_what_it_finds() -> None:
    for check in CHECKS:
        assert "`" in (check.__doc__ or ""), check


def test_every_code_is_documented() -> None:
    rooms = [HOUSE / "flows" / "campaign", HOUSE / "flows" / "audience"]
    sources = [path.read_text("utf-8") for room in rooms for path in room.glob("*.py")]
    call = re.compile(r"(?:blame|error|warning)\(\s*(?:[\w.]+,\s*)?\"([a-z-]+)\"")
    codes = {code for source in sources for code in call.findall(source)}
    documented = " ".join([checks.__doc__ or "", *((check.__doc__ or "") for check in CHECKS)])
    assert {"csv-formula", "moment", "step-twice", "alt-missing"} <= codes
    assert {code for code in codes if code not in documented} == set()


def test_an_image_that_is_decoration_needs_no_words(example: Example) -> None:
    html = PAGE.replace('alt="Voorbeeld"', 'alt="" role="presentation"')
    assert found_in(looking_at(example, html=html)) == []


def test_a_problem_is_told_once(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem(
        severity=Severity.ERROR, code="x", where="y", what="It is broken.", mend="Mend it."
    )
    twice: tuple[Callable[[Look], list[Problem]], ...] = (lambda look: [problem],) * 2
    monkeypatch.setattr(checks, "CHECKS", twice)
    assert example.problems() == [problem]
    assert replace(problem) == problem
