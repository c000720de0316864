"""Ports on 127.0.0.1 for the servers that tests and benchmarks run."""

from __future__ import annotations

import socket
import time


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def wait_for(port: int, *, seconds: float = 10.0) -> None:
    """Return when somebody listens on `port`.

    Raises:
        RuntimeError: nobody does in time.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}")
