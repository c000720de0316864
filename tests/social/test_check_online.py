"""check --online and doctor: what only accounts and linked pages can tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.social.mastodon_server import FakeMastodon
from tests.social.place import SLUG, Place


class Site(BaseHTTPRequestHandler):
    """A site on which some pages are there."""

    def do_GET(self) -> None:
        codes = {"/goed": 200, "/weg": 404, "/alleen-mensen": 403}
        self.send_response(codes.get(self.path, 500))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def write(place: Place, text: str, *front: str) -> None:
    """Write a draft for Mastodon alone."""
    plan = place.folder / "content" / SLUG / "campaign.toml"
    plan.write_text(plan.read_text().split('[[step]]\nchannel = "bluesky"')[0])
    place.draft.write_text("\n".join(["---", "hashtags: []", *front, "---", "", text, ""]))


def codes(place: Place, *more: str) -> list[tuple[str, str]]:
    """Which problems only the other side told of."""
    told = json.loads(place.oproep("check", SLUG, "--online", "--json", *more).out)
    offline = json.loads(place.oproep("check", SLUG, "--json").out)
    return [(each["code"], each["severity"]) for each in told if each not in offline]


def name_it_right(place: Place) -> None:
    path = place.folder / "content" / "organisation.toml"
    path.write_text(
        path.read_text().replace("@kompaskinderrechten@sociaal.example", "@ons@127.0.0.1")
    )


@pytest.fixture
def named(place: Place) -> Place:
    name_it_right(place)
    return place


def test_a_campaign_that_is_all_right_has_no_problems(named: Place, site: str) -> None:
    write(named, f"Alles klopt: {site}/goed")
    assert codes(named, "--allow-private") == []


@pytest.mark.parametrize(
    ("page", "told"),
    [("/weg", ("link-broken", "error")), ("/alleen-mensen", ("link-unsure", "warning"))],
)
def test_a_link_that_leads_nowhere_is_told(
    named: Place, site: str, page: str, told: tuple[str, str]
) -> None:
    write(named, f"Lees {site}{page}")
    assert codes(named, "--allow-private") == [told]


def test_a_link_into_an_intranet_is_not_followed(named: Place, site: str) -> None:
    write(named, f"Lees {site}/goed")
    assert codes(named) == [("link-broken", "error")]


def test_a_handle_that_does_not_exist_is_told(named: Place) -> None:
    write(named, "Met @org@partner.example en @niemand@partner.example.")
    assert codes(named) == [("handle-unknown", "warning")]


def test_the_servers_own_limit_counts_and_not_the_usual_one(
    named: Place, server: FakeMastodon
) -> None:
    server.configuration["statuses"]["max_characters"] = 100
    write(named, "Deze zin is te lang voor deze server. " * 4)
    assert codes(named) == [("text-too-long", "error")]


def test_posts_that_would_appear_on_another_account_are_told(place: Place) -> None:
    write(place, "Een.")
    assert codes(place) == [("account-other", "warning")]


def test_a_token_that_may_not_do_all_and_a_clock_that_is_wrong_are_told(
    named: Place, server: FakeMastodon
) -> None:
    write(named, "Een.")
    server.scopes = ["read", "write:statuses"]
    server.ahead = timedelta(minutes=4)
    assert codes(named) == [("account-clock", "error"), ("account-scopes", "error")]


def test_a_revoked_token_and_a_missing_one_are_errors(
    named: Place, server: FakeMastodon, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(named, "Een.")
    server.revoked = True
    assert codes(named) == [("account-refused", "error")]
    monkeypatch.delenv("OPROEP_MASTODON_TOKEN")
    assert codes(named) == [("account-missing", "error")]


@pytest.mark.parametrize(
    ("fault", "told"),
    [("503", ("account-unreachable", "warning")), ("html", ("account-missing", "error"))],
)
def test_a_server_that_is_down_or_is_none_is_told(
    named: Place, server: FakeMastodon, fault: str, told: tuple[str, str]
) -> None:
    write(named, "Een.")
    server.misbehave("GET /api/v1/accounts/verify_credentials", fault)
    assert codes(named) == [told]


def test_the_doctor_asks_each_account(place: Place, server: FakeMastodon) -> None:
    said = place.oproep("doctor")
    assert "Posts appear on" in said.out
    assert "The token is accepted" in said.out
    assert "it would appear on @ons@127.0.0.1, and organisation.toml names" in said.out
    name_it_right(place)
    assert "it would appear on" not in place.oproep("doctor").out
    server.revoked = True
    broken = place.oproep("doctor")
    assert broken.code == 1
    assert "does not accept our credentials" in broken.out


def test_the_doctor_says_which_setting_of_an_account_is_missing(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPROEP_MASTODON_JEUGD_URL", "https://sociaal.example")
    assert "OPROEP_MASTODON_JEUGD_TOKEN missing" in place.oproep("doctor").out
