"""Settings: where they come from, and that secrets stay secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.errors import SettingsError
from flows.settings import HOUSE, PREFIX, Account, Settings, load


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(
    tmp_path: Path,
) -> None:
    (tmp_path / "secrets.env").write_text("OPROEP_VAR_DIR=from-file\nOPROEP_CONTENT_DIR=file\n")
    settings = load({"OPROEP_CONTENT_DIR": "from-environment"}, folder=tmp_path)
    assert settings.content_dir == Path("from-environment")
    assert settings.var_dir == Path("from-file")
    assert settings.smtp_connections == 10


def test_an_empty_value_counts_as_not_given(tmp_path: Path) -> None:
    assert load({"OPROEP_CONTENT_DIR": ""}, folder=tmp_path).content_dir == Path("content")


def test_a_value_can_lie_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    settings = load({"OPROEP_SECRET_KEY_FILE": str(tmp_path / "key")}, folder=tmp_path)
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == "s3cret"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="OPROEP_SECRET_KEY_FILE"):
        load({"OPROEP_SECRET_KEY_FILE": str(tmp_path / "none")}, folder=tmp_path)


def test_several_accounts_of_one_network_have_names(tmp_path: Path) -> None:
    settings = load(
        {
            "OPROEP_MASTODON_URL": "https://one.example",
            "OPROEP_MASTODON_JEUGD_URL": "https://two.example",
            "OPROEP_MASTODON_JEUGD_TOKEN": "t",
        },
        folder=tmp_path,
    )
    assert settings.mastodon["default"].url == "https://one.example"
    assert settings.mastodon["jeugd"].url == "https://two.example"


@pytest.mark.parametrize("name", ["OPROEP_SMTP_ULR", "OPROEP_REHEARSAL"])
def test_a_name_that_is_no_setting_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load({name: "x"}, folder=tmp_path)


def test_a_value_that_cannot_be_read_is_named_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="OPROEP_SMTP_CONNECTIONS") as error:
        load({"OPROEP_SMTP_CONNECTIONS": "hunter2"}, folder=tmp_path)
    assert "hunter2" not in str(error.value)


def test_no_secret_shows_when_settings_are_printed(tmp_path: Path) -> None:
    settings = load(
        {
            "OPROEP_SECRET_KEY": "hunter2",
            "OPROEP_SMTP_URL": "smtps://u:hunter2@mail.example",
            "OPROEP_DATABASE_URL": "postgresql+psycopg://u:hunter2@db.example/oproep",
            "OPROEP_MASTODON_TOKEN": "hunter2",
        },
        folder=tmp_path,
    )
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_a_rehearsal_knows_no_way_outside(tmp_path: Path) -> None:
    settings = load(
        {
            "OPROEP_SMTP_URL": "smtps://u:p@mail.example",
            "OPROEP_RETURNS_URL": "imaps://u:p@mail.example/INBOX",
            "OPROEP_DATABASE_URL": "postgresql+psycopg://u@db.example/oproep",
            "OPROEP_MASTODON_TOKEN": "t",
            "OPROEP_BLUESKY_APP_PASSWORD": "p",
        },
        folder=tmp_path,
    ).for_rehearsal("oproep")
    assert settings.smtp_url is None
    assert settings.returns_url is None
    assert not settings.mastodon
    assert not settings.bluesky
    assert settings.database == "sqlite:///var/rehearsals/oproep.sqlite"


def test_every_setting_stands_in_the_example_with_a_line_of_help() -> None:
    lines = (HOUSE / "secrets.example.env").read_text("utf-8").splitlines()
    given = {line.split("=")[0] for line in lines if re.match(r"OPROEP_\w+=", line)}
    accounts = {"mastodon": ("url", "token"), "bluesky": ("url", "handle", "app_password")}
    wanted = {
        f"{PREFIX}{field}".upper()
        for field in set(Settings.model_fields) - {"rehearsal", *accounts}
    } | {
        f"{PREFIX}{network}_{part}".upper() for network, parts in accounts.items() for part in parts
    }
    assert given == wanted
    assert {part for parts in accounts.values() for part in parts} == set(Account.model_fields)
    for number, line in enumerate(lines):
        if re.match(r"OPROEP_\w+=", line):
            assert lines[number - 1].startswith("# ")
