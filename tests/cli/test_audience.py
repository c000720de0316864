"""The audience as a colleague keeps it: with the command, from files that come out of a sheet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Oproep

CONSENT = ("--list", "nieuwsbrief", "--consent", "Ja, ik wil de nieuwsbrief.")


@pytest.fixture(autouse=True)
def _key(house: Path) -> None:
    (house / "secrets.env").write_text("OPROEP_SECRET_KEY=0123456789abcdef0123456789abcdef\n")


@pytest.fixture
def members(house: Path) -> str:
    path = house / "leden.csv"
    path.write_text(
        "email;naam;taal;provincie\nanna@a.example;Anna;nl;Utrecht\nANNA@A.example;A;nl;\n"
        "bob@a.example;=cmd|x;en;Zeeland\ncees@a.example;Cees;en;-Zeeland\n",
        "utf-8",
    )
    return path.name


def test_a_list_is_imported_shown_exported_and_a_person_forgotten(
    oproep: Oproep, house: Path, members: str
) -> None:
    field = ("--map", "provincie=provincie")
    dry = json.loads(
        oproep("audience", "import", members, *CONSENT, *field, "--dry-run", "--json").out
    )
    real = json.loads(oproep("audience", "import", members, *CONSENT, *field, "--json").out)
    assert dry | {"dry_run": False} == real
    assert (real["added"], real["refused"], real["refused_file"]) == (2, 2, "leden-refused.csv")
    counts = json.loads(oproep("audience", "list", "--json").out)
    assert counts["lists"]["nieuwsbrief"]["languages"] == {"en": 1, "nl": 1}

    sheet = oproep("audience", "export", "--list", "nieuwsbrief").out
    assert "'-Zeeland" in sheet
    assert "\nanna@a.example,Anna,nl,Utrecht,nieuwsbrief,confirmed," in sheet
    part = oproep("audience", "export", "--where", "provincie=Utrecht", "--json").out
    assert [json.loads(line)["address"] for line in part.splitlines()] == ["anna@a.example"]

    shown = json.loads(oproep("audience", "show", "Anna@A.example", "--json").out)
    assert shown["subscriber"]["subscriptions"][0]["wording"] == "Ja, ik wil de nieuwsbrief."
    assert oproep("audience", "forget", "anna@a.example", "--yes").code == 0
    assert "forgotten" in oproep("audience", "show", "anna@a.example").out
    again = json.loads(oproep("audience", "import", members, *CONSENT, "--json").out)
    assert again["suppressed"] == 1


def test_an_address_is_suppressed_and_lifted(oproep: Oproep, members: str) -> None:
    oproep("audience", "import", members, *CONSENT)
    said = oproep("audience", "suppress", "anna@a.example", "--reason", "asked by letter", "--json")
    assert json.loads(said.out) == {"suppressed": True, "new": True}
    assert "asked by letter" in oproep("audience", "show", "anna@a.example").out
    assert "1 suppressed" in oproep("audience", "list").out
    lifted = oproep("audience", "lift", "anna@a.example", "--json")
    assert json.loads(lifted.out) == {"lifted": True, "reason": "staff"}


def test_a_purge_says_first_what_would_go(oproep: Oproep) -> None:
    purged = json.loads(oproep("audience", "purge", "--dry-run", "--json").out)
    assert (purged["dry_run"], purged["retention_days"], purged["deliveries"]) == (True, 90, 0)
    assert "90 days" in oproep("audience", "purge").out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("import", "nergens.csv", *CONSENT), 1, "not there"),
        (("import", "leden.csv", "--list", "nieuwsbrif", "--consent", "ja"), 1, "Did you mean"),
        (("import", "leden.csv", "--list", "nieuwsbrief", "--consent", " "), 2, "--consent"),
        (("import", "leden.csv", *CONSENT, "--consented-on", "ooit"), 2, "ooit"),
        (("import", "leden.csv", *CONSENT, "--map", "x=y"), 1, "no column"),
        (("export", "--where", "Utrecht"), 2, "FIELD=VALUE"),
        (("suppress", "geen adres", "--reason", "x"), 1, "not an address"),
        (("forget", "geen adres", "--yes"), 1, "not an address"),
        (("export", "-o", "nergens/uit.csv"), 1, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    oproep: Oproep, members: str, arguments: tuple[str, ...], code: int, says: str
) -> None:
    assert members
    said = oproep("audience", *arguments)
    assert said.code == code
    assert says in said.err


def test_without_a_secret_key_nothing_is_kept(oproep: Oproep, house: Path) -> None:
    (house / "secrets.env").unlink()
    said = oproep("audience", "list")
    assert said.code == 1
    assert "OPROEP_SECRET_KEY" in said.err
