"""Imports put people on a list who agreed to it, all of a file at once, and nobody who left."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.audience import laid_aside
from flows.audience.importing import Imported, Wanted, import_file
from flows.audience.laid_aside import Verdict
from flows.audience.mapping import map_columns
from flows.audience.people import Consent, Left, SuppressionReason
from flows.audience.records import MAX_RECORD, Record, Records, Unreadable
from flows.audience.subscribers import Audience
from flows.clock import SimulatedClock
from flows.errors import InputError
from tests.audience.conftest import ask, join
from tests.bench import bench_audience

LIST = "nieuwsbrief"
ANNA = "anna@lezers.example"


def bring_in(audience: Audience, folder: Path, content: str | bytes, **how: object) -> Imported:
    path = folder / "leden.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    wanted = Wanted(
        path=path,
        list=LIST,
        consent=Consent(wording="Ja, graag.", purpose="Nieuws", source="import of leden.csv"),
        zone=ZoneInfo("Europe/Amsterdam"),
        **how,  # type: ignore[arg-type]
    )
    return import_file(
        audience, wanted, refused_to=folder / "refused.csv", told=lambda _done, _total: None
    )


def refusals(folder: Path) -> list[tuple[str, str]]:
    """The line and the reason of each refused row."""
    path = folder / "refused.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["line"], row["reason"]) for row in csv.DictReader(file)]


def mailed(audience: Audience) -> set[str]:
    people = [each.address for each in audience.confirmed(LIST)]
    return {each for each in people if each not in audience.keep_out(people, list_=LIST)}


def test_a_file_of_people_is_on_the_list_with_their_consent(
    audience: Audience, tmp_path: Path
) -> None:
    content = (
        "E-mail;Voornaam;Achternaam;Taal;Provincie;Toestemming\r\n"
        'Anna@Lezers.Example;Anna;"de Vries; erven";nl;Utrecht;2025-11-02\r\n'
        "jan@xn--mnchen-3ya.example;;;en-GB;;01-12-2025\r\n"
    )
    how = {"columns": ["voornaam=name", "achternaam=name", "provincie=regio"]}
    assert bring_in(audience, tmp_path, content, **how).verdicts == {Verdict.ADDED: 2}
    anna, jan = audience.find(ANNA), audience.find("jan@münchen.example")
    assert anna is not None
    assert jan is not None
    assert (anna.name, anna.language, anna.fields) == (
        "Anna de Vries; erven",
        "nl",
        {"regio": "Utrecht"},
    )
    proof = anna.on(LIST)
    assert proof is not None
    assert proof.confirmed_at == datetime(2025, 11, 1, 23, tzinfo=UTC)
    assert (proof.wording, proof.source) == ("Ja, graag.", "import of leden.csv")
    assert (jan.name, jan.language, jan.fields) == ("", "en", {})
    assert refusals(tmp_path) == []
    again = bring_in(audience, tmp_path, content, **how)
    assert again.verdicts == {Verdict.UNCHANGED: 2}


def test_a_dry_run_says_the_same_and_changes_nothing(audience: Audience, tmp_path: Path) -> None:
    dry = bring_in(audience, tmp_path, f"email\n{ANNA}\nrubbish\n", dry_run=True)
    assert mailed(audience) == set()
    real = bring_in(audience, tmp_path, f"email\n{ANNA}\nrubbish\n")
    assert (dry.verdicts, dry.refused) == (real.verdicts, real.refused)
    assert mailed(audience) == {ANNA}


ROWS = {
    "Anna,a@a.example,nl": "",
    "Anna,A@A.EXAMPLE,nl": "same address stands in line 2",
    "=1+1,b@a.example,nl": "begins like a formula",
    '"Bob\nBcc: x@y.example",c@a.example,nl': "line break",
    "Bo\x0bb,c@a.example,nl": "line break or a hidden",
    "Bob,,nl": "no address",
    "Bob,b@@a.example,nl": "not an address",
    "Bob,b\u2028@a.example,nl": "not an address",
    "Bob,d@a.example,Nederlands": "not a language",
    f"{'B' * 201},e@a.example,nl": "longer than 200",
    "too,few": "2 cells",
    'Bob "de,f@a.example,nl': "quote",
    "Zoë,z@a.example,nl": "",
}


def test_every_row_that_is_refused_stands_in_a_file_with_its_line_and_reason(
    audience: Audience, tmp_path: Path
) -> None:
    content = "naam,email,taal\n" + "\n".join(ROWS) + "\n"
    imported = bring_in(audience, tmp_path, content)
    found = refusals(tmp_path)
    wanted = [reason for reason in ROWS.values() if reason]
    assert len(found) == len(wanted) == imported.refused
    for (_, said), reason in zip(found, wanted, strict=True):
        assert reason in said
    assert [line for line, _ in found[:3]] == ["3", "4", "5"]
    assert mailed(audience) == {"a@a.example", "z@a.example"}
    assert (tmp_path / "refused.csv").stat().st_mode & 0o077 == 0
    assert "\n=1+1" not in (tmp_path / "refused.csv").read_text("utf-8")


def test_who_left_is_not_put_back_unless_they_agreed_again_since(
    audience: Audience, tmp_path: Path, time: SimulatedClock
) -> None:
    audience.unsubscribe(join(audience, ANNA).id, how=Left.LINK)
    ask(audience, ANNA)  # a stranger with the form changes nothing about that
    time.advance(timedelta(days=5))
    for row in (f"{ANNA},", f"{ANNA},2026-02-01", f"{ANNA},2025-12-31"):
        imported = bring_in(audience, tmp_path, f"email,consented\n{row}\n")
        assert imported.verdicts == {Verdict.LEFT: 1}
        assert "left this list" in refusals(tmp_path)[0][1]
        assert mailed(audience) == set()
    imported = bring_in(audience, tmp_path, f"email,consented\n{ANNA},2026-02-03\n")
    assert imported.verdicts == {Verdict.RETURNED: 1}
    assert mailed(audience) == {ANNA}
    assert bring_in(audience, tmp_path, f"email\n{ANNA}\n").verdicts == {Verdict.UNCHANGED: 1}


@pytest.mark.parametrize("reason", SuppressionReason)
def test_no_import_lifts_a_suppression(
    audience: Audience, tmp_path: Path, time: SimulatedClock, reason: SuppressionReason
) -> None:
    audience.suppress(ANNA, reason=reason, source="test")
    time.advance(timedelta(days=5))
    imported = bring_in(audience, tmp_path, f"email,consented\n{ANNA.upper()},2026-02-03\n")
    assert imported.verdicts == {Verdict.SUPPRESSED: 1}
    assert mailed(audience) == set()
    assert audience.find(ANNA) is None


def test_consent_given_elsewhere_stands_for_a_confirmation_that_never_came(
    audience: Audience, tmp_path: Path
) -> None:
    ask(audience, ANNA)
    assert bring_in(audience, tmp_path, f"email\n{ANNA}\n").verdicts == {Verdict.CONFIRMED: 1}
    assert mailed(audience) == {ANNA}


def test_what_people_said_of_themselves_stays_unless_the_file_is_to_count_more(
    audience: Audience, tmp_path: Path
) -> None:
    join(audience, ANNA, name="Anna", fields={"regio": "Utrecht", "rol": "ouder"})
    content = f"email,naam,taal,regio\n{ANNA},Annemarie,en,Zeeland\n"
    bring_in(audience, tmp_path, content, columns=["regio=regio"])
    person = audience.find(ANNA)
    assert person is not None
    assert (person.name, person.language, person.fields["regio"]) == ("Anna", "nl", "Utrecht")
    bring_in(audience, tmp_path, content, columns=["regio=regio"], update=True)
    person = audience.find(ANNA)
    assert person is not None
    assert (person.name, person.language) == ("Annemarie", "en")
    assert person.fields == {"regio": "Zeeland", "rol": "ouder"}


def test_an_address_of_a_task_is_taken_and_told(audience: Audience, tmp_path: Path) -> None:
    imported = bring_in(audience, tmp_path, f"email\n{ANNA}\ninfo@a.example\n")
    assert (imported.roles, imported.role_examples) == (1, ["info@a.example"])


def test_columns_that_nothing_is_said_about_are_not_kept(
    audience: Audience, tmp_path: Path
) -> None:
    imported = bring_in(audience, tmp_path, f"email,religie\n{ANNA},geheim\n")
    assert imported.ignored == ("religie",)
    person = audience.find(ANNA)
    assert person is not None
    assert person.fields == {}


def test_an_import_that_breaks_off_leaves_nothing(
    audience: Audience, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks_off(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(laid_aside, "decide", breaks_off)
        with pytest.raises(KeyboardInterrupt):
            bring_in(audience, tmp_path, f"email\n{ANNA}\n")
    assert audience.find(ANNA) is None
    assert list(tmp_path.glob(".*")) == []
    # And the connection that was interrupted can be used again.
    assert bring_in(audience, tmp_path, f"email\n{ANNA}\n").verdicts == {Verdict.ADDED: 1}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        ("email\nrené@a.example\n".encode("cp1252"), "windows-1252"),
        ("email\na@a.example\n".encode("utf-16"), "UTF-16"),
        (b"email\ra@a.example\rb@a.example", "Macintosh"),
        (b"email\na@a.example\0\n", "zero"),
        (b"e" * (MAX_RECORD + 1), "first line"),
        (b"naam\nAnna\n", "addresses"),
        (b"email,email\na@a.example,b@a.example\n", "2 columns"),
        (b'"email\n', "first line"),
    ],
)
def test_a_file_that_is_something_else_is_refused_whole(
    audience: Audience, tmp_path: Path, content: bytes, says: str
) -> None:
    with pytest.raises(InputError) as caught:
        bring_in(audience, tmp_path, content)
    assert says in str(caught.value)


def test_a_workbook_and_a_folder_are_refused(audience: Audience, tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    with ZipFile(path, "w") as book:
        book.writestr("sheet.xml", "<x/>")
    with pytest.raises(InputError, match="workbook"):
        Records(path)
    for missing in (tmp_path, tmp_path / "nothing.csv"):
        with pytest.raises(InputError):
            Records(missing)


def test_a_windows_file_is_read_when_it_is_said_to_be_one(
    audience: Audience, tmp_path: Path
) -> None:
    content = f"email;naam\n{ANNA};Zoë\n".encode("cp1252")
    bring_in(audience, tmp_path, content, encoding="windows-1252")
    person = audience.find(ANNA)
    assert person is not None
    assert person.name == "Zoë"


def test_a_line_without_end_costs_no_memory_and_nothing_after_it(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("wb") as file:
        file.write(b"email\na@a.example\n")
        for _ in range(64):
            file.write(b"x" * (1 << 20))
        file.write(b"\nb@a.example\n")
    found = list(Records(path))
    assert [each.line for each in found] == [2, 3, 4]
    assert isinstance(found[1], Unreadable)
    assert isinstance(found[2], Record)


def test_a_list_of_twenty_thousand_takes_a_tenth_of_what_one_of_200_000_may(
    tmp_path: Path,
) -> None:
    took = bench_audience.imported(20_000, tmp_path)
    assert took.busy < 6
    assert took.memory < 300


def test_a_missing_quote_swallows_nobody(tmp_path: Path) -> None:
    path = tmp_path / "quotes.csv"
    people = [f'"Naam {number}",n{number}@a.example' for number in range(200)]
    people[3] = '"Naam 3,n3@a.example'
    people[120] = 'Naam 120",n120@a.example'
    path.write_text("naam,email\n" + "\n".join(people), "utf-8")
    found = list(Records(path))
    assert [each.line for each in found if isinstance(each, Unreadable)] == [5, 122]
    assert len(found) == 200


@given(content=st.binary(max_size=300) | st.text('"\n\r,;ab=@.é', max_size=300).map(str.encode))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_in_a_file_it_is_read_to_the_end_or_refused(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "rubbish.csv"
    path.write_bytes(content)
    try:
        lines = [each.line for each in Records(path)]
    except InputError:
        return
    assert lines == sorted(set(lines))


def test_a_column_is_mapped_by_its_usual_name_or_as_it_is_said() -> None:
    mapped = map_columns(["id", "emailadres", "naam"], ["id=lidnummer"], where="x")
    assert (mapped.email, mapped.names, mapped.fields, mapped.ignored) == (
        1,
        (2,),
        {"lidnummer": 0},
        (),
    )
    for wrong in ("idd=x", "id=", "id=Bad Name", "id"):
        with pytest.raises(InputError):
            map_columns(["id", "email"], [wrong], where="x")
