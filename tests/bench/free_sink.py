"""A mail server that costs nearly nothing: it looks only at the end of what arrives.

Run as a program; prints its port, and serves until its standard input closes. It takes every
message, with and without PIPELINING, and keeps none.
"""

from __future__ import annotations

import select
import socket
import sys
import time

_GREETING = b"220 free ESMTP\r\n"
_OFFERS = b"250-free\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 100000000\r\n"
_OK = b"250 2.0.0 Ok\r\n"
_GO = b"354 go\r\n"
_ALL = b"250 2.0.0 Ok: queued as 7F\r\n" + _OK + _OK + _GO
_WINDOW = 1000
"""Octets at the end of what has arrived: an envelope and the end of the message before it."""


class _Client:
    def __init__(self, connection: socket.socket, delay: float) -> None:
        self.connection = connection
        self.window = b""
        self.in_data = False
        self.delay = delay

    def take(self, chunk: bytes) -> bytes:
        """Return the answer to what has arrived."""
        window = self.window = (self.window + chunk[-_WINDOW:])[-_WINDOW:]
        if self.in_data:
            if window.endswith(b"DATA\r\n") and b"\r\n.\r\n" in window:
                self.window = b""
                return _ALL
            if window.endswith(b"\r\n.\r\n"):
                self.in_data, self.window = False, b""
                return _OK
            return b""
        if not window.endswith(b"\r\n"):
            return b""
        self.window = b""
        if window.endswith(b"DATA\r\n"):
            self.in_data = True
            return _OK * (window.count(b"\r\n") - 1) + _GO
        if window[:4].upper() == b"EHLO":
            return _OFFERS
        if window[:4].upper() == b"QUIT":
            return b"221 bye\r\n"
        return _OK * window.count(b"\r\n")


def main() -> None:
    """Serve. An argument is the seconds to wait before each answer to a message."""
    delay = float(sys.argv[1]) if len(sys.argv) > 1 else 0.0
    listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
    print(listener.getsockname()[1], flush=True)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    poll.register(sys.stdin, select.EPOLLIN)
    clients: dict[int, _Client] = {}
    later: list[tuple[float, _Client, bytes]] = []
    buffer = bytearray(1 << 18)
    view = memoryview(buffer)
    while True:
        if later:
            # Of itself it waits for whole milliseconds, which is long beside an answer in three.
            select.select([poll], [], [], max(0.0, later[0][0] - time.monotonic()))
        for number, _ in poll.poll(0 if later else -1):
            if number == listener.fileno():
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.sendall(_GREETING)
                clients[connection.fileno()] = _Client(connection, delay)
                poll.register(connection, select.EPOLLIN)
                continue
            if number == sys.stdin.fileno():
                return
            client = clients[number]
            try:
                size = client.connection.recv_into(buffer)
            except OSError:
                size = 0
            if not size:
                poll.unregister(number)
                client.connection.close()
                del clients[number]
                continue
            busy = client.in_data
            answer = client.take(bytes(view[max(0, size - _WINDOW) : size]))
            if not answer:
                continue
            if delay and busy:
                later.append((time.monotonic() + delay, client, answer))
            else:
                client.connection.sendall(answer)
        while later and later[0][0] <= time.monotonic():
            _, client, answer = later.pop(0)
            client.connection.sendall(answer)


if __name__ == "__main__":
    main()
