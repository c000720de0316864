"""The HTTP side of the test server for Mastodon: reads requests, and spoils answers when told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC
from email import policy
from email.parser import BytesParser
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from tests.social.mastodon_server import FakeMastodon

TOKEN = "a-token-for-tests"
PAGE = "<html><body>Onderhoud</body></html>"
Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]
"""Status, body, and headers if there are some of its own."""


NONE: Mapping[str, str] = MappingProxyType({})


class Refused(Exception):
    """The server's no."""

    def __init__(self, status: int, error: str) -> None:
        self.status, self.error = status, error


class Http(ThreadingHTTPServer):
    fake: FakeMastodon
    daemon_threads = True
    request_queue_size = 64

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count who is connected, from before anything is read."""
        self.fake.come()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.fake.go()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up: tests make them do so."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: else each answer waits 40 ms for an acknowledgement.
    wbufsize = -1
    server: Http

    def setup(self) -> None:
        super().setup()
        self.fake = self.server.fake
        self.closing = False

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def _serve(self, method: str) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        form = _form(self.headers.get("Content-Type", ""), body, url.query)
        route = f"{method} {url.path.rstrip('/')}"
        if self.closing:
            self.close_connection = True
            return
        self.fake.requests.append(route)
        fault = self.fake.faults[route].pop(0) if self.fake.faults[route] else "ok"

        def carry_out() -> Answer:
            if self.fake.revoked or self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return 401, {"error": "The access token was revoked"}
            try:
                return self.fake.answer(method, url.path, form, self.headers.get("Idempotency-Key"))
            except Refused as refused:
                return refused.status, {"error": refused.error}

        with self.fake.working(), suppress(ConnectionError):
            self._misbehave(fault, carry_out)

    def _misbehave(self, fault: str, carry_out: Callable[[], Answer]) -> None:
        match fault.split():
            case ["ok"]:
                self._send(*carry_out())
            case ["closing"]:
                self._send(*carry_out())
                self.closing = True
            case ["lost"]:
                carry_out()
                self.close_connection = True
            case ["hold"]:
                carry_out()
                self.fake.released.wait(10)
                self.close_connection = True
            case ["cut"]:
                self.close_connection = True
            case ["slow"]:
                self.fake.released.wait(10)
                carry_out()
                self.close_connection = True
            case ["html", *after]:
                if after:
                    carry_out()
                self._send(200, PAGE)
            case ["page", code]:
                self._send(int(code), PAGE)
            case [code, *after]:
                if after:
                    carry_out()
                self._send(int(code), {"error": "told to misbehave"})

    def _send(self, status: int, body: Any, headers: Mapping[str, str] = NONE) -> None:
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response_only(status)
        self.send_header("Date", format_datetime(self.fake.now().astimezone(UTC), usegmt=True))
        kind = "text/html" if isinstance(body, str) else "application/json"
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-RateLimit-Limit", "300")
        self.send_header("X-RateLimit-Remaining", "0" if status == 429 else str(self.fake.left))
        reset = self.fake.now() + self.fake.reset_after
        iso = reset.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        forms = {"iso": iso, "epoch": str(int(reset.timestamp())), "rubbish": "soon"}
        self.send_header("X-RateLimit-Reset", forms[self.fake.reset_form])
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _form(content_type: str, body: bytes, query: str) -> dict[str, Any]:
    """Return the parameters of a request; those that end in `[]` as lists."""
    pairs: list[tuple[str, Any]] = [
        (name, value) for name, values in parse_qs(query).items() for value in values
    ]
    if content_type.startswith("application/json"):
        return dict(pairs) | dict(json.loads(body))
    if content_type.startswith("multipart/form-data"):
        whole = b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body
        for part in BytesParser(policy=policy.HTTP).parsebytes(whole).iter_parts():
            name = str(part.get_param("name", header="content-disposition"))
            content: Any = part.get_payload(decode=True)
            pairs.append((name, content if part.get_filename() else content.decode()))
    else:
        decoded = parse_qs(body.decode(), keep_blank_values=True)
        pairs += [(name, value) for name, values in decoded.items() for value in values]
    form: dict[str, Any] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            form.setdefault(name[:-2], []).append(value)
        else:
            form[name] = value
    return form
