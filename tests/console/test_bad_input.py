"""Rubbish: every request gets an answer of the right kind, and nothing of us shows."""

from __future__ import annotations

import socket
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.console.public import forms
from flows.console.public.network import UNKNOWN, network_of, proxies
from flows.errors import SettingsError
from tests.console.conftest import Pages


def raw(pages: Pages, request: bytes, *, patience: float = 5) -> bytes:
    """Send octets as they are and return what comes back."""
    with socket.create_connection(("127.0.0.1", urlsplit(pages.url).port or 0), patience) as wire:
        wire.sendall(request)
        wire.shutdown(socket.SHUT_WR)
        answer = b""
        while part := wire.recv(65536):
            answer += part
    return answer


def test_an_unknown_page_says_where_to_go(pages: Pages) -> None:
    for path in (
        "/niets",
        "/wp-login.php",
        "/.env",
        "//",
        "/%00",
        "/voorkeuren/x/y",
    ):
        answer = pages.get(path)
        assert answer.status_code == 404, path
        assert 'href="/aanmelden"' in answer.text


def test_a_slash_too_many_leads_to_the_page_that_was_meant(pages: Pages) -> None:
    answer = pages.get("/aanmelden/", headers={"host": "elders.example"})
    assert (answer.status_code, answer.headers["location"]) == (308, "/aanmelden")
    assert pages.get("/nieuwsbrief/").headers["location"] == "/nieuwsbrief"
    for path in ("/niets/", "//elders.example/", "/%0d%0aX: y/"):
        assert pages.get(path).status_code == 404


def test_a_wrong_method_is_told_the_right_ones(pages: Pages) -> None:
    for path, allowed in {
        "/aanmelden": "GET, HEAD, OPTIONS, POST",
        "/privacy": "GET, HEAD, OPTIONS",
        "/afmelden/x": "GET, HEAD, OPTIONS, POST",
    }.items():
        for method in ("PUT", "DELETE", "PATCH", "BREW"):
            answer = pages.ask(method, path)
            assert answer.status_code == 405
            assert answer.headers["allow"] == allowed
            assert "<h1>" in answer.text
        options = pages.ask("OPTIONS", path)
        assert (options.status_code, options.headers["allow"]) == (204, allowed)
        head = pages.ask("HEAD", path)
        assert head.text == ""


def test_what_is_no_small_utf8_form_is_refused(pages: Pages) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    for body, headers, status in (
        ("{}", {"content-type": "application/json"}, 415),
        ("email=x", {}, 415),
        ("a" * 20_000, form, 413),
        (b"email=\xff\xfe", form, 400),
        ("email=%ff%fe", form, 400),
        ("&".join(f"a{number}=1" for number in range(100)), form, 400),
    ):
        for path in ("/aanmelden", "/voorkeuren"):
            answer = pages.post(path, body, headers=headers)
            assert answer.status_code == status
            assert "<h1>" in answer.text


def test_a_body_without_a_length_is_cut_off_where_it_gets_too_long(pages: Pages) -> None:
    def endless() -> object:
        for _ in range(1000):
            yield b"a" * 1000

    answer = pages.post(
        "/afmelden/x", endless(), headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 413


def test_a_body_that_does_not_come_is_not_waited_for(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "PATIENCE", 0.05)
    head = b"POST /afmelden/x HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nList"
    with socket.create_connection(("127.0.0.1", urlsplit(pages.url).port or 0), 5) as wire:
        wire.sendall(head)
        assert wire.recv(65536).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "request_",
    [
        b"rubbish\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST /aanmelden HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /aanmelden HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nAccept-Language: \xff\xfe\x00\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_broken_http_brings_nothing_down_and_shows_nothing(pages: Pages, request_: bytes) -> None:
    answer = raw(pages, request_)
    assert b"Traceback" not in answer
    assert b"500 " not in answer[:40]
    assert pages.get("/privacy").status_code == 200


def test_a_fault_of_ours_shows_nothing_of_the_inside(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.console.public.reading.sent_issues", lambda *_: 1 / 0, raising=True)
    answer = pages.get("/nieuwsbrief")
    assert answer.status_code == 500
    assert "Er ging bij ons iets mis" in answer.text
    assert "Zero" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


_TEXT = st.text(max_size=200)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(
        ["/", "/aanmelden", "/voorkeuren", "/bevestigen/", "/afmelden/", "/voorkeuren/"]
    ),
    tail=_TEXT,
    fields=st.dictionaries(
        st.sampled_from(["email", "name", "lists", "seal", "bron", "website", "act", "taal"]), _TEXT
    ),
    post=st.booleans(),
)
def test_whatever_is_sent_gets_a_page_and_never_an_error_of_ours(
    pages: Pages, path: str, tail: str, fields: dict[str, str], post: bool
) -> None:
    target = path + quote(tail, safe="") if path.endswith("/") else path
    answer = pages.post(target, fields) if post else pages.ask("GET", target, params=fields)
    assert answer.status_code in {200, 308, 404, 405, 415, 422}
    assert answer.status_code == 308 or "</html>" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_network_is_a_24_or_a_48_and_only_our_proxy_may_name_another() -> None:
    ours = proxies("127.0.0.1, 10.0.0.0/8, fd00::/8")
    for peer, forwarded, network in (
        ("203.0.113.77", [], "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", [], "2001:db8:1::/48"),
        ("::ffff:203.0.113.9", [], "203.0.113.0/24"),
        ("203.0.113.77", ["198.51.100.1"], "203.0.113.0/24"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.0/24"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.1, 10.1.2.3"], "198.51.100.0/24"),
        ("127.0.0.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.0/24"),
        ("127.0.0.1", ["rubbish"], UNKNOWN),
        ("127.0.0.1", [], "127.0.0.0/24"),
        (None, [], UNKNOWN),
        ("fe80::1%eth0", [], "fe80::/48"),
    ):
        assert network_of(peer, forwarded, ours) == network
    assert network_of("127.0.0.1", ["198.51.100.1"], ()) == "127.0.0.0/24"


def test_a_proxy_that_is_no_address_is_refused_before_anything_is_served() -> None:
    with pytest.raises(SettingsError, match="nginx"):
        proxies("127.0.0.1, nginx")
