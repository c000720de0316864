"""The partners' file, as spreadsheets and people leave it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.audience.addresses import checked_address
from flows.audience.faults import Faults
from flows.audience.partners import read_partners
from flows.audience.readers import read_readers
from flows.compose.mime_headers import wire_address
from flows.errors import InputError

HEADER = "organisation,contact,email,language,signatory,mastodon,bluesky\n"


def partners_file(folder: Path, content: str | bytes) -> Path:
    path = folder / "partners.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def faults_of(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(Faults) as caught:
        read_partners(path)
    return [(each.code, each.where.removeprefix(str(path))) for each in caught.value.problems]


def test_a_partner_is_read_with_all_it_has(tmp_path: Path) -> None:
    line = (
        "Kinderhulp,team Beleid,Beleid@Kinderhulp.example,nl,ja,@hulp@sociaal.example,hulp.example"
    )
    (partner,) = read_partners(partners_file(tmp_path, HEADER + line))
    assert partner.organisation == "Kinderhulp"
    assert partner.contact == "team Beleid"
    assert partner.email == "Beleid@kinderhulp.example"
    assert partner.signatory
    assert partner.handles == {"mastodon": "hulp@sociaal.example", "bluesky": "hulp.example"}


def test_columns_that_are_not_needed_may_be_left_out_and_stand_in_any_order(tmp_path: Path) -> None:
    (partner,) = read_partners(
        partners_file(tmp_path, "Email,Organisation,Contact\na@b.example,B,team\n")
    )
    assert (partner.language, partner.signatory, partner.handles) == ("nl", False, {})


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_separators_line_ends_and_byte_order_marks_are_all_one(
    tmp_path: Path, mark: bytes, delimiter: str, line_end: str
) -> None:
    text = "organisation,contact,email\nÉén,Renée,r@een.example\n\nTwee,team,t@twee.example"
    changed = text.replace(",", delimiter).replace("\n", line_end).encode()
    partners = read_partners(partners_file(tmp_path, mark + changed))
    assert [each.contact for each in partners] == ["Renée", "team"]


def test_every_fault_of_a_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = partners_file(
        tmp_path,
        HEADER
        + "=1+1,team,a@a.example,nl,ja,,\n"
        + 'B,"Jan\nJansen",b@b.example,nl,ja,,\n'
        + "C,team,,nl,ja,,\n"
        + "D,team,geen adres,nl,ja,,\n"
        + "E,team,e@e.example,nl\n"
        + "F,,f@f.example,Nederlands,misschien,,\n"
        + "G,team,g@g.example,nl,ja,@SUM(A1),\n"
        + "H,team,h@h.example,nl,ja,,\n"
        + "I,team,H@H.example,nl,ja,,\n"
        + "J,"
        + "x" * 3000
        + ",j@j.example,nl,ja,,\n",
    )
    assert faults_of(path) == [
        ("csv-formula", ":2"),
        ("csv-line-break", ":3"),
        ("partner-no-address", ":5"),
        ("address", ":6"),
        ("csv-cells", ":7"),
        ("partner-name", ":8"),
        ("language", ":8"),
        ("partner-signatory", ":8"),
        ("csv-handle", ":9"),
        ("recipient-twice", ":11"),
        ("csv-line-long", ":12"),
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_a_cell_that_a_spreadsheet_would_run_is_refused(tmp_path: Path, start: str) -> None:
    path = partners_file(tmp_path, HEADER + f"A,{start}cmd,a@a.example,nl,ja,,\n")
    assert faults_of(path) == [("csv-formula", ":2")]


@pytest.mark.parametrize("hidden", ["\x00", "\x0b", "\u2028", "\x85"])
def test_hidden_line_breaks_are_line_breaks(tmp_path: Path, hidden: str) -> None:
    path = partners_file(tmp_path, HEADER + f"A,Jan{hidden}Bcc: x,a@a.example,nl,ja,,\n")
    assert faults_of(path)[0] == ("csv-line-break", ":2")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (HEADER.encode() + "A,Renée,a@a.example,nl,ja,,".encode("cp1252"), "not UTF-8"),
        (b"PK\x03\x04\x14\x00" + bytes(40), "zip"),
        (HEADER.encode("utf-16"), "UTF-16"),
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"organisation,email\nA,a@a.example\n", "'contact' is missing"),
        (b"organization,contact,email\n", "Did you mean 'organisation'"),
        (b"organisation,contact,email,email\n", "there 2 times"),
        (b'organisation,contact,email\nA,"team,a@a.example\n', "cannot be read"),
        (b"A" * 6_000_000, "MB"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(
    tmp_path: Path, content: bytes, says: str
) -> None:
    path = partners_file(tmp_path, content)
    with pytest.raises(InputError) as caught:
        read_partners(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_in_windows_1252_is_told_what_to_save_it_as(tmp_path: Path) -> None:
    path = partners_file(tmp_path, HEADER.encode() + b"A,Ren\xe9e,a@a.example,nl,ja,,")
    with pytest.raises(InputError, match="Windows-1252") as caught:
        read_partners(path)
    assert caught.value.where == f"{path}:2"


def test_many_faults_are_told_without_a_flood(tmp_path: Path) -> None:
    lines = "".join(f"O{number},team,,nl,ja,,\n" for number in range(500))
    with pytest.raises(Faults, match="and 480 more") as caught:
        read_partners(partners_file(tmp_path, HEADER + lines))
    assert len(caught.value.problems) == 500


@pytest.mark.parametrize("address", ["a@b.example", "a@b.test", "a@b.invalid", "jörg@b.example"])
def test_addresses_under_reserved_domains_are_addresses(address: str) -> None:
    assert checked_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@b.example",
        "a@b",
        "a b@c.example",
        "a@b..example",
        "a@b.example\nBcc: c@d.example",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        checked_address(address)


@settings(deadline=None)
@given(address=st.emails())
def test_an_address_that_is_accepted_can_be_put_on_the_wire(address: str) -> None:
    with suppress(ValueError):
        accepted = checked_address(address)
        assert wire_address(accepted)
        assert checked_address(accepted) == accepted


def test_readers_have_an_address_and_perhaps_a_name(tmp_path: Path) -> None:
    path = tmp_path / "rehearsal-readers.csv"
    path.write_text("email,name,language\na@lezers.example,,\nb@lezers.example,Bo,en\n", "utf-8")
    assert [(each.address, each.name, each.language) for each in read_readers(path)] == [
        ("a@lezers.example", "", "nl"),
        ("b@lezers.example", "Bo", "en"),
    ]


def test_a_reader_who_is_there_twice_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "readers.csv"
    path.write_text("email\na@lezers.example\nA@LEZERS.example\n", "utf-8")
    with pytest.raises(Faults, match="there twice, first in line 2"):
        read_readers(path)


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_no_file_whatever_ends_in_anything_but_partners_or_a_clear_error(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = partners_file(tmp_path_factory.mktemp("partners"), HEADER.encode() + content)
    with suppress(InputError):
        assert all("@" in partner.email for partner in read_partners(path))
