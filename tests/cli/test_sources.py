"""Commands that read the web: pages imported and looked at again, sites learnt, feeds watched."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.conftest import Oproep

PAGE = """<!doctype html><html lang="nl"><head><title>{title}</title>
<meta property="article:published_time" content="2026-03-03T09:00:00+01:00"></head>
<body><header><nav><a href="/">Home</a></nav></header>
<article class="bericht"><h1>{title}</h1>
<p>De gemeente wil drie wijkbibliotheken sluiten. Zeven organisaties vragen om uitstel.</p>
<p>In de wijkbibliotheek maken kinderen hun huiswerk en oefenen nieuwkomers de taal. {more}</p>
<p>De raadscommissie bespreekt het plan op 19 maart 2026 tijdens een openbare hoorzitting.</p>
</article><footer>Stichting Leesplezier</footer></body></html>"""

FEED = """<?xml version="1.0"?>
<rss version="2.0"><channel><title>Nieuws</title>{items}</channel></rss>"""
ITEM = "<item><title>{0}</title><link>{1}/{0}</link><guid>{0}</guid></item>"


class Site:
    """A small site of which the pages can be changed."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, str]] = {}
        self.url = ""

    def put(self, path: str, body: str, kind: str = "text/html; charset=utf-8") -> str:
        self.pages[path] = (kind, body)
        return f"{self.url}{path}"


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = made.pages.get(self.path, ("text/plain", ""))
            content = body.encode()
            self.send_response(200 if self.path in made.pages else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_page_is_imported_kept_and_its_change_shown_then_taken_over(
    house: Path, oproep: Oproep, site: Site
) -> None:
    url = site.put("/bericht", PAGE.format(title="Houd de bibliotheek open", more=""))
    said = oproep("import", url, "--slug", "open", "--allow-private", "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["title"] == "Houd de bibliotheek open"
    item = house / "content/open/item.md"
    before = item.read_bytes()
    same = oproep("import", "open", "--refresh", "--allow-private")
    assert (same.code, same.out) == (0, "")
    site.put("/bericht", PAGE.format(title="Houd de bibliotheek open", more="Ook ouderen komen."))
    shown = oproep("import", "open", "--refresh", "--allow-private")
    assert "body" in shown.out
    assert shown.out.count("De gemeente wil") == 0
    assert "Ook ouderen komen." in shown.out
    data = json.loads(oproep("import", "open", "--refresh", "--allow-private", "--json").out)
    assert [each["field"] for each in data["changes"]] == ["body"]
    assert "Ook ouderen komen." in data["item"]["text"]
    assert item.read_bytes() == before
    assert oproep("import", "open", "--refresh", "--take", "--allow-private").code == 0
    assert "Ook ouderen komen." in item.read_text("utf-8")
    again = oproep("import", "open", "--refresh", "--allow-private")
    assert (again.code, again.out) == (0, "")


def test_an_address_on_this_machine_is_not_read_unless_it_is_allowed(
    house: Path, oproep: Oproep, site: Site
) -> None:
    url = site.put("/bericht", PAGE.format(title="Houd de bibliotheek open", more=""))
    said = oproep("import", url, "--slug", "open")
    assert said.code == 1
    assert not (house / "content/open").exists()


def test_a_site_is_learnt_and_the_profile_is_written_only_when_asked(
    house: Path, oproep: Oproep, site: Site
) -> None:
    url = site.put("/bericht", PAGE.format(title="Houd de bibliotheek open", more=""))
    assert "title:" in oproep("site", "learn", url, "--allow-private").out
    assert not (house / "content/sites").exists()
    assert oproep("site", "learn", url, "--allow-private", "--save").code == 0
    assert list((house / "content/sites").glob("*.toml"))


def test_a_feed_brings_in_what_is_new_and_nothing_twice(
    house: Path, oproep: Oproep, site: Site
) -> None:
    def publish(*names: str) -> str:
        for name in names:
            site.put(f"/{name}", PAGE.format(title=f"Bericht {name}", more=""))
        items = "".join(ITEM.format(name, site.url) for name in names)
        return site.put("/feed", FEED.format(items=items), "application/rss+xml")

    feed = publish("oud")
    assert oproep("watch", feed, "--allow-private").out == ""
    publish("nieuw", "oud")
    assert oproep("watch", feed, "--allow-private").out == "2026-03-03-bericht-nieuw\n"
    assert oproep("watch", feed, "--allow-private").out == ""
    folder = house / "content/2026-03-03-bericht-nieuw"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("item.md", "source.html", "source.toml")
    ]


def test_a_feed_is_watched_at_intervals_only_where_a_prefect_server_is_named(
    oproep: Oproep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    said = oproep("watch", "https://nieuws.example/feed", "--every", "15")
    assert said.code == 1
    assert "PREFECT_API_URL" in said.err


@pytest.mark.prefect
def test_a_watched_feed_is_a_prefect_deployment_with_its_interval() -> None:
    from flows.deployments import watch_deployment

    every = timedelta(minutes=15)
    deployment = watch_deployment("https://nieuws.example/feed", every=every, allow_private=False)
    assert deployment.name == "watch-nieuws.example"
    assert deployment.parameters == {"feed": "https://nieuws.example/feed", "allow_private": False}
    schedules = [each.schedule for each in deployment.schedules or []]
    assert [getattr(schedule, "interval", None) for schedule in schedules] == [every]
