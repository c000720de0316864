"""Pages from the web, from servers that behave and servers that do not."""

from __future__ import annotations

import gzip
import socket
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from flows.errors import InputError
from flows.news import fetch as fetching
from flows.news import read, read_source
from flows.news.fetch import Bounds, Fetched, fetch
from flows.news.guard import is_public
from tests.news.conftest import Site

PAGE = """<!doctype html><html lang="nl"><head><title>Kop</title></head><body><main>
<h1>Kop</h1><p>Kinderen in de opvang krijgen vaak geen les, en dat moet heel anders worden.</p>
<p>De gemeente moet ervoor zorgen dat ieder kind binnen een week naar school kan gaan.</p>
</main></body></html>"""


def get(url: str, **options: Any) -> Fetched:
    page = fetch(url, allow_private=True, wait=lambda _: None, **options)
    assert page is not None
    return page


def test_a_page_is_fetched_and_read(site: Site) -> None:
    item = read_source(site.page("/kop", PAGE), allow_private=True)

    assert item.title == "Kop"
    assert item.lead.startswith("Kinderen in de opvang")
    assert item.source == site.url("/kop")


def test_the_user_agent_says_who_we_are_and_how_to_reach_us(site: Site) -> None:
    get(site.page("/", PAGE), contact="https://ngo.example/contact")

    assert site.asked[0][1]["User-Agent"].startswith("Oproep/")
    assert "+https://ngo.example/contact" in site.asked[0][1]["User-Agent"]


def test_a_redirect_is_followed_and_its_end_is_the_source(site: Site) -> None:
    site.page("/nieuw", PAGE)
    site.redirect("/oud", "nieuw#top")

    assert get(site.url("/oud")).url == site.url("/nieuw")


def test_a_compressed_page_is_unpacked(site: Site) -> None:
    url = site.page("/", gzip.compress(PAGE.encode()), Content_Encoding="gzip")

    assert get(url).content == PAGE.encode()


@pytest.mark.parametrize(
    ("kind", "charset", "encoding"),
    [
        ("text/html; charset=utf-8", "utf-8", "cp1252"),
        ("text/html", "iso-8859-1", "cp1252"),
        ("text/html", "", "utf-8"),
        ("text/html", "", "cp1252"),
        ("text/html; charset=onzin", "", "utf-8"),
        ("text/html; charset=utf-16", "", "utf-16"),
        ("text/html; charset=ISO-8859-1", "", "utf-8"),
    ],
)
def test_whatever_a_page_says_of_its_encoding_it_is_read(
    site: Site, kind: str, charset: str, encoding: str
) -> None:
    meta = f'<meta charset="{charset}">' if charset else ""
    text = PAGE.replace("<head>", f"<head>{meta}").replace("Kop", "Eén café – ‘nu’")
    url = site.page("/", text.encode(encoding), kind=kind)

    assert read_source(url, allow_private=True).title == "Eén café – ‘nu’"


def test_a_page_that_did_not_change_is_not_sent_again(site: Site) -> None:
    known = get(site.page("/", PAGE, ETag='"a1"', Last_Modified="Wed, 11 Feb 2026 09:00:00 GMT"))
    site.page("/", b"", status=304)

    assert fetch(site.url("/"), allow_private=True, known=known) is None
    assert site.asked[-1][1]["If-None-Match"] == '"a1"'
    assert site.asked[-1][1]["If-Modified-Since"] == "Wed, 11 Feb 2026 09:00:00 GMT"


def test_a_busy_server_is_asked_once_more_after_the_time_it_names(site: Site) -> None:
    site.page("/", b"", status=503, Retry_After="2")
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        site.page("/", PAGE)

    assert fetch(site.url("/"), allow_private=True, wait=wait) is not None
    assert waited == [2.0]


def test_a_server_that_stays_busy_is_left_alone(site: Site) -> None:
    site.page("/", b"", status=503)
    with pytest.raises(InputError, match="in trouble"):
        get(site.url("/"))
    assert len(site.asked) == 2

    site.page("/", b"", status=429, Retry_After="3600")
    with pytest.raises(InputError, match="429"):
        get(site.url("/"))
    assert len(site.asked) == 3


@pytest.mark.parametrize(
    ("status", "word"),
    [(404, "no such page"), (410, "gone"), (401, "login"), (403, "login"), (500, "trouble")],
)
def test_a_refusal_is_told_in_words(site: Site, status: int, word: str) -> None:
    with pytest.raises(InputError, match=word) as caught:
        get(site.page("/x", PAGE, status=status))
    assert caught.value.where == site.url("/x")
    assert caught.value.mend


def test_a_page_larger_than_the_bound_is_refused_before_and_while_it_comes(site: Site) -> None:
    url = site.page("/", b"x" * 3_000)
    with pytest.raises(InputError, match="larger"):
        get(url, bounds=Bounds(bytes=2_000))

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 1_000)

    site.answers["/endless"] = endless
    with pytest.raises(InputError, match="larger"):
        get(site.url("/endless"), bounds=Bounds(bytes=50_000))


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(site: Site) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)

    with pytest.raises(InputError, match="larger"):
        get(site.page("/", bomb, Content_Encoding="gzip"))


def test_redirects_in_a_circle_and_without_end_are_refused(site: Site) -> None:
    site.redirect("/a", "/b")
    site.redirect("/b", "/a")
    with pytest.raises(InputError, match="circles"):
        get(site.url("/a"))

    for number in range(9):
        site.redirect(f"/{number}", f"/{number + 1}")
    with pytest.raises(InputError, match="more than 5 times"):
        get(site.url("/0"))


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_server_that_sends_a_byte_now_and_then_is_left_in_time(site: Site, where: str) -> None:
    def dribble(handler: BaseHTTPRequestHandler) -> None:
        if where == "body":
            handler.send_response(200)
            handler.send_header("Content-Type", "text/html")
            handler.end_headers()
        for _ in range(200):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.02)

    site.answers["/"] = dribble
    start = time.monotonic()

    with pytest.raises(InputError, match="within"):
        get(site.url("/"), bounds=Bounds(seconds=0.2))

    assert time.monotonic() - start < 1.5


def test_a_pdf_is_refused_with_what_to_do_instead(site: Site) -> None:
    with pytest.raises(InputError, match="leads to a PDF") as caught:
        get(site.page("/brief", b"%PDF-1.7", kind="application/pdf"))
    assert "page that offers it" in caught.value.mend
    with pytest.raises(InputError, match="a PDF"):
        read_source(site.page("/liegt", b"%PDF-1.7 ..."), allow_private=True)


def test_a_login_page_is_refused(site: Site) -> None:
    form = "<html><body><h1>Inloggen</h1><form><input type=password></form></body></html>"
    with pytest.raises(InputError, match="login"):
        read(site.page("/leden", form), allow_private=True)
    site.page("/wp-login.php", form)
    site.redirect("/dicht", "/wp-login.php")
    with pytest.raises(InputError, match="login"):
        read(site.url("/dicht"), allow_private=True)


def test_an_article_on_logging_in_is_no_login_page(site: Site) -> None:
    assert read(site.page("/nieuws/login-problemen", PAGE), allow_private=True).item.title == "Kop"


def test_an_address_on_this_machine_is_refused_unless_it_is_allowed(site: Site) -> None:
    url = site.page("/", PAGE)

    with pytest.raises(InputError, match="not on the public internet") as caught:
        fetch(url)

    assert "--allow-private" in caught.value.mend
    assert not site.asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.20.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "ff02::1",
    ],
)
def test_no_private_address_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    ["127.1", "2130706433", "0x7f000001", "localhost", "[::1]", "[::ffff:7f00:1]", "017700000001"],
)
def test_no_way_of_writing_an_address_gets_round_the_check(host: str) -> None:
    with pytest.raises(InputError):
        fetch(f"http://{host}:9/")


def test_a_name_that_also_resolves_to_a_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def resolve(*_: object, **__: object) -> list[tuple[Any, ...]]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))
            for address in ("93.184.216.34", "10.0.0.7")
        ]

    def connect(*_: object, **__: object) -> socket.socket:
        raise AssertionError("connected")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)

    with pytest.raises(InputError, match="not on the public internet"):
        fetch("http://metadata.example/")


def test_a_redirect_to_a_private_address_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.redirect("/", "http://10.0.0.7/intranet")
    from flows.news import guard

    monkeypatch.setattr(guard, "is_public", lambda address: address == "127.0.0.1")

    with pytest.raises(InputError, match="not on the public internet"):
        fetch(site.url("/"))


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "[::ffff:169.254.169.254]"]
)
def test_no_flag_opens_the_addresses_where_clouds_keep_secrets(site: Site, address: str) -> None:
    site.redirect("/", f"http://{address}/latest/meta-data")

    with pytest.raises(InputError, match="no page lies"):
        get(site.url("/"))


def test_a_redirect_to_a_file_is_refused(site: Site) -> None:
    site.redirect("/", "file:///etc/passwd")
    with pytest.raises(InputError, match="no web address"):
        get(site.url("/"))


def test_a_server_that_is_not_there_is_told_in_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(InputError, match="refused or broke"):
            get(url)


def test_a_name_that_does_not_exist_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(InputError, match=r"no server called nergens\.example"):
        fetch("https://nergens.example/")


@pytest.mark.parametrize("url", ["http://", "http:///pad", "https://[::1", "http://a b.example/"])
def test_what_is_no_address_is_told_in_words(url: str) -> None:
    with pytest.raises(InputError):
        get(url)


def test_credentials_and_proxies_of_the_environment_are_not_used(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:3128")

    assert get(site.page("/", PAGE)).content
    assert fetching.MAX_SECONDS <= 30
