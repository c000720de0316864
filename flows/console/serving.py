"""Serving the web application over HTTP."""

from __future__ import annotations

import signal
import socket as sockets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import uvicorn

from flows.console.app import create_app
from flows.errors import InputError
from flows.settings import Settings

_ENDS = (signal.SIGINT, signal.SIGTERM)
GOODBYE = 10
"""Seconds that requests under way get when the server is told to end."""


def listen(host: str, port: int) -> sockets.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises:
        InputError: the address cannot be had.
    """
    family = sockets.AF_INET6 if ":" in host else sockets.AF_INET
    try:
        socket = sockets.create_server((host, port), family=family, backlog=256)
    except (OSError, UnicodeError) as error:
        raise InputError(
            f"Nothing can listen on {host} port {port}: {error}.",
            where="--host, --port",
            mend="Choose another port with --port, or end what already uses it.",
        ) from None
    # Connections inherit it. Without it an answer's body waits 40 ms for its head to be
    # acknowledged: asyncio sets it itself only on sockets that were made with a protocol number.
    socket.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
    return socket


class Server(uvicorn.Server):
    """A server for which being told to end is an end like any other.

    Uvicorn's own raises the signal again once it has ended, so that the process seems to have died.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in order at SIGINT and SIGTERM, and at a second SIGINT at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in _ENDS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def server(settings: Settings) -> Server:
    """Return the server, not started yet.

    Raises:
        InputError: as `create_app`.
        LedgerError: as `create_app`.
        SettingsError: as `create_app`.
    """
    return Server(
        uvicorn.Config(
            create_app(settings),
            # Addresses hold tokens, and visitors' addresses are nobody's business.
            access_log=False,
            log_level="warning",
            server_header=False,
            # Visitors' addresses are read from headers by rules of our own (public/network.py).
            proxy_headers=False,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=GOODBYE,
            h11_max_incomplete_event_size=16_384,
        )
    )


def serve(settings: Settings, socket: sockets.socket, *, until: TextIO | None = None) -> None:
    """Serve on a socket until the process is told to end, then finish what is under way.

    Args:
        settings: Of this installation.
        socket: Where it listens.
        until: Ends it as well, when it is closed at the other end: whoever started us is gone.
    """
    served = server(settings)
    if until is not None:
        threading.Thread(target=_end_with, args=(until, served), daemon=True).start()
    served.run(sockets=[socket])


def _end_with(pipe: TextIO, served: Server) -> None:
    pipe.read()
    served.should_exit = True
