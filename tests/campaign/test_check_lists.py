"""A newsletter goes to a list that is there, says what it is about, and has somebody on it."""

from __future__ import annotations

from dataclasses import replace

from pydantic import SecretStr

from flows.audience.people import Consent, Details
from flows.audience.subscribers import open_audience
from flows.database import open_database
from tests.campaign.conftest import Example

LISTS = '\n[lists.nieuwsbrief]\ntitle = { nl = "Nieuwsbrief" }\nabout = { nl = "Nieuws." }\n'


def with_key(example: Example, key: str = "a secret") -> Example:
    return replace(
        example, settings=example.settings.model_copy(update={"secret_key": SecretStr(key)})
    )


def describe(example: Example, text: str) -> None:
    path = example.settings.content_dir / "organisation.toml"
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def test_a_list_that_is_not_described_is_an_error(example: Example) -> None:
    describe(example, LISTS.replace("lists.nieuwsbrief", "lists.kamerbrief"))
    assert [code for code, _ in example.found()] == ["list-unknown"]


def test_a_list_that_does_not_say_what_it_is_about_deserves_a_look(example: Example) -> None:
    describe(example, LISTS.replace('about = { nl = "Nieuws." }', ""))
    assert [code for code, _ in example.found()] == ["list-undescribed"]


def test_a_list_with_nobody_on_it_deserves_a_look(example: Example) -> None:
    there = with_key(example)
    assert [code for code, _ in there.found()] == ["list-empty"]
    engine = open_database(there.settings.database)
    audience = open_audience(there.settings, engine)
    consent = Consent(wording="Ja", purpose="Nieuws", source="test")
    asked = audience.subscribe("a@a.example", "nieuwsbrief", details=Details(), consent=consent)
    assert [code for code, _ in there.found()] == ["list-empty"]
    audience.confirm(asked.id)
    engine.dispose()
    assert there.found() == []


def test_a_subscriber_who_lacks_what_the_mail_says_is_told_before_the_launch(
    example: Example,
) -> None:
    example.edit("newsletter.md", "{{ greeting }}", "Dag {{ name }},")
    example.edit("rehearsal-readers.csv", "een@lezers.example,,nl", "een@lezers.example,Bo,nl")
    there = with_key(example)
    engine = open_database(there.settings.database)
    audience = open_audience(there.settings, engine)
    consent = Consent(wording="Ja", purpose="Nieuws", source="test")
    for address, name in (("a@a.example", ""), ("b@a.example", "Sam"), ("c@a.example", " ")):
        details = Details(name=name)
        asked = audience.subscribe(address, "nieuwsbrief", details=details, consent=consent)
        audience.confirm(asked.id)
    engine.dispose()
    (problem,) = there.problems()
    assert problem.code == "field-unfilled"
    assert "Of 2 on the list nieuwsbrief name is not known" in problem.what
    assert "a@a.example, c@a.example" in problem.what


def test_an_audience_kept_under_another_key_is_an_error(example: Example) -> None:
    with_key(example).found()
    assert [code for code, _ in with_key(example, "another").found()] == ["audience-closed"]
