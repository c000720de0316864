"""Rubbish in: a clear word, the right exit code, and every file as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import CAMPAIGN, Oproep


def everything(house: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(house)): path.read_bytes()
        for path in sorted((house / "content").rglob("*"))
        if path.is_file()
    }


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.txt", b""),
        ("blank.txt", b" \n\n\t\n"),
        ("latin.txt", "11 februari 2026\n\nTitel\n\ncaf\xe9".encode("latin-1")),
        ("giant.txt", b"Titel\n\n" + b"x " * 5_000_000),
        ("picture.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
        ("archive.html", b"PK\x03\x04" + bytes(64)),
    ],
)
def test_an_item_that_cannot_be_read_is_refused_and_leaves_nothing(
    house: Path, oproep: Oproep, name: str, content: bytes
) -> None:
    before = everything(house)
    (house / name).write_bytes(content)
    said = oproep("import", name)
    assert said.code == 1
    assert name in said.err
    assert "mend:" in said.err
    assert everything(house) == before


@pytest.mark.parametrize("source", ["none.txt", "content", "ftp://a.example/x", "http://"])
def test_a_source_that_is_not_there_is_named(house: Path, oproep: Oproep, source: str) -> None:
    before = everything(house)
    said = oproep("import", source)
    assert said.code == 1
    assert said.err.startswith("Error: ")
    assert everything(house) == before


@pytest.mark.parametrize("slug", ["../elders", "/tmp/x", "Hoofd Letters", "a\nb", "."])
def test_a_slug_cannot_lead_out_of_the_content_folder(
    house: Path, oproep: Oproep, seed_file: Path, slug: str
) -> None:
    before = sorted(house.parent.rglob("item.md"))
    said = oproep("import", str(seed_file), "--slug", slug)
    assert said.code == 1
    assert "lower-case letters" in said.err
    assert sorted(house.parent.rglob("item.md")) == before


def test_an_import_never_writes_over_an_item_that_was_edited(
    house: Path, oproep: Oproep, seed_file: Path
) -> None:
    assert oproep("import", str(seed_file), "--slug", "mijn").code == 0
    assert oproep("import", str(seed_file), "--slug", "mijn").code == 0
    item = house / "content/mijn/item.md"
    item.write_text(item.read_text("utf-8") + "\nEen zin erbij.\n", "utf-8")
    edited = item.read_bytes()
    said = oproep("import", str(seed_file), "--slug", "mijn")
    assert said.code == 1
    assert "--force" in said.err
    assert item.read_bytes() == edited
    assert oproep("import", str(seed_file), "--slug", "mijn", "--force").code == 0
    assert item.read_bytes() != edited


@pytest.mark.parametrize("command", ["draft", "preview", "check", "rehearse", "status", "report"])
@pytest.mark.parametrize("name", ["2026-02-11-geen-kind", "../content", "", "x" * 300])
def test_a_campaign_that_is_not_there_is_an_error_that_names_those_that_are(
    oproep: Oproep, command: str, name: str
) -> None:
    said = oproep(command, name)
    assert said.code == 1
    assert CAMPAIGN in said.err


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        (f"{CAMPAIGN}/campaign.toml", "[event]", "[event", "campaign.toml"),
        (f"{CAMPAIGN}/campaign.toml", "2026-02-12T10:00", "2026-02-30T10:00", "campaign.toml"),
        (f"{CAMPAIGN}/campaign.toml", '"newsletter"', '"newsleter"', "Did you mean"),
        (f"{CAMPAIGN}/campaign.toml", '"event - 22h"', '"event min 22 uur"', "campaign.toml"),
        (f"{CAMPAIGN}/item.md", "---\n", "", "front matter"),
        (f"{CAMPAIGN}/newsletter.md", "subject:", "subjekt:", "newsletter.md"),
        ("organisation.toml", "time_zone", "tijdzone", "organisation.toml"),
        ("partners.csv", "organisation,", "organisatie,", "partners.csv"),
    ],
)
def test_check_tells_what_is_broken_in_a_file_and_changes_nothing(
    house: Path, oproep: Oproep, file: str, old: str, new: str, words: str
) -> None:
    spoil(house / "content" / file, old, new)
    before = everything(house)
    for command in ("check", "rehearse"):
        said = oproep(command, CAMPAIGN)
        assert said.code == 1
        assert words in said.out + said.err
    assert everything(house) == before


@pytest.mark.parametrize("name", ['"=cmd()"', '"Team\r\nBcc: x@a.example"', '"+31"', '"@sum"'])
def test_a_partner_whose_name_is_a_formula_or_two_lines_is_a_problem_with_its_line(
    house: Path, oproep: Oproep, name: str
) -> None:
    partners = house / "content/partners.csv"
    header, first, *rest = partners.read_text("utf-8-sig").splitlines()
    cells = first.split(",")
    cells[1] = name
    partners.write_text("\n".join([header, ",".join(cells), *rest]) + "\n", "utf-8", newline="")
    said = oproep("check", CAMPAIGN)
    assert said.code == 1
    assert "partners.csv:2" in said.out


def test_a_folder_that_cannot_be_written_is_an_error(
    house: Path, oproep: Oproep, seed_file: Path
) -> None:
    (house / "content").rename(house / "elsewhere")
    (house / "content").write_text("a file in the way")
    said = oproep("import", str(seed_file))
    assert said.code == 1
    assert "mend:" in said.err


def test_an_unknown_setting_is_named(oproep: Oproep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPROEP_SMTP_ULR", "smtp://127.0.0.1")
    said = oproep("check", CAMPAIGN)
    assert said.code == 1
    assert "OPROEP_SMTP_ULR" in said.err


@pytest.mark.parametrize("arguments", [["chek"], ["import"], ["check", "a", "b"], ["--no"]])
def test_a_command_that_is_not_understood_ends_with_2(oproep: Oproep, arguments: list[str]) -> None:
    assert oproep(*arguments).code == 2


def test_something_unforeseen_is_one_line_and_its_details_are_kept(
    house: Path, oproep: Oproep, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr("flows.campaign.folder.find_campaign", breaks)
    said = oproep("check", CAMPAIGN)
    assert said.code == 1
    assert "nobody thought of this" in said.err
    assert "ZeroDivisionError" in (house / "var/oproep.log").read_text("utf-8")


def test_help_needs_none_of_the_heavy_libraries(house: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from flows.cli import run; run(['--help']); "
        "print([m for m in ('prefect', 'sqlalchemy', 'pydantic', 'mjml', 'bs4') "
        "if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stderr.strip() == "[]"
    assert "rehearse" in done.stdout
