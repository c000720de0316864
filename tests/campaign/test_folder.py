"""Where campaigns are found, and what may lie in their folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.campaign import folder as folder_module
from flows.campaign.folder import (
    campaigns,
    find_campaign,
    load_campaign,
    read_attachments,
    read_organisation,
)
from flows.errors import InputError
from flows.settings import Settings

ORGANISATION = """\
name = "Voorbeeld"
legal_name = "Stichting Voorbeeld"
address = ["Straat 1", "1234 AB Plaats"]
website = "https://voorbeeld.example"
[mail]
from_name = "Voorbeeld"
from_address = "nieuws@voorbeeld.example"
reply_to = "redactie@voorbeeld.example"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    content = tmp_path / "content"
    for slug in ("2026-01-01-een", "2026-02-02-twee"):
        (content / slug).mkdir(parents=True)
        (content / slug / "campaign.toml").write_text("", "utf-8")
    (content / "geen-campagne").mkdir()
    return Settings(content_dir=content)


def test_a_slug_a_folder_and_a_file_in_it_all_name_the_campaign(settings: Settings) -> None:
    folder = settings.content_dir / "2026-01-01-een"
    for name in ("2026-01-01-een", str(folder), f"{folder}/", str(folder / "campaign.toml")):
        assert find_campaign(settings, name).resolve() == folder.resolve()


def test_a_folder_with_only_an_item_is_a_campaign_that_has_no_drafts_yet(
    settings: Settings,
) -> None:
    (settings.content_dir / "geen-campagne" / "item.md").write_text("", "utf-8")
    assert find_campaign(settings, "geen-campagne") == settings.content_dir / "geen-campagne"


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "../..",
        "/",
        "/etc",
        "../content",
        "nee",
        "a\x00b",
        "x" * 5000,
        "geen-campagne",
    ],
)
def test_what_is_no_campaign_is_refused_with_a_list_of_those_there_are(
    settings: Settings, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What lies around the folder in which the tests are run is nobody's business.
    working = tmp_path / "somewhere" / "else" / "again"
    working.mkdir(parents=True)
    monkeypatch.chdir(working)
    with pytest.raises(InputError) as caught:
        find_campaign(settings, name)
    assert "2026-01-01-een, 2026-02-02-twee" in caught.value.mend


def test_a_slug_that_is_nearly_right_is_suggested(settings: Settings) -> None:
    with pytest.raises(InputError, match="Did you mean '2026-01-01-een'"):
        find_campaign(settings, "2026-01-01-eem")


def test_without_any_campaign_the_way_to_make_one_is_named(tmp_path: Path) -> None:
    settings = Settings(content_dir=tmp_path / "nergens")
    assert campaigns(settings) == []
    with pytest.raises(InputError, match="oproep import"):
        find_campaign(settings, "x")


def test_a_campaign_elsewhere_is_taken_when_its_folder_is_named(
    settings: Settings, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elders"
    elsewhere.mkdir()
    (elsewhere / "campaign.toml").write_text("", "utf-8")
    assert find_campaign(settings, str(elsewhere)) == elsewhere


def test_a_folder_whose_name_is_no_slug_cannot_be_loaded(
    settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="cannot be the name of a campaign"):
        load_campaign(tmp_path / "Mijn Campagne", settings)


def test_the_organisation_is_read(tmp_path: Path) -> None:
    path = tmp_path / "organisation.toml"
    path.write_text(ORGANISATION, "utf-8")
    assert read_organisation(path).legal_name == "Stichting Voorbeeld"


@pytest.mark.parametrize("zone", ["Europe/Almere", "", "../etc/passwd", "/etc/passwd"])
def test_a_time_zone_that_is_none_is_refused(tmp_path: Path, zone: str) -> None:
    path = tmp_path / "organisation.toml"
    path.write_text(f'time_zone = "{zone}"\n' + ORGANISATION, "utf-8")
    with pytest.raises(InputError, match="not a time zone"):
        read_organisation(path)


def test_attachments_are_read_by_name_and_hidden_files_are_not(tmp_path: Path) -> None:
    (tmp_path / "brief.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (attachment,) = read_attachments(tmp_path).values()
    assert attachment.media_type == "application/pdf"
    assert attachment.content == b"%PDF-1.7"


def test_a_folder_without_attachments_is_fine(tmp_path: Path) -> None:
    assert read_attachments(tmp_path / "attachments") == {}


@pytest.mark.parametrize("name", ["virus.exe", "alles.zip", "zonder", "regel\nBcc.pdf"])
def test_a_file_that_mail_filters_refuse_is_refused_here(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match="cannot be an attachment"):
        read_attachments(tmp_path)


def test_attachments_that_are_too_much_together_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_module, "MAX_ATTACHED", 1000)
    (tmp_path / "een.pdf").write_bytes(b"x" * 600)
    (tmp_path / "twee.pdf").write_bytes(b"x" * 600)
    with pytest.raises(InputError, match="together"):
        read_attachments(tmp_path)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.pdf"
    secret.write_bytes(b"x")
    (tmp_path / "attachments").mkdir()
    (tmp_path / "attachments" / "brief.pdf").symlink_to(secret)
    with pytest.raises(InputError, match="does not lie in the folder"):
        read_attachments(tmp_path / "attachments")
