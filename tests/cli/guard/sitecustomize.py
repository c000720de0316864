"""Put first on the path of a program under test: it may reach this machine and nothing else.

Python imports a module of this name at every start, so the server that Prefect starts has it too.
"""

import ipaddress
import os
import socket
from typing import Any

_real_connect = socket.socket.connect
_real_connect_ex = socket.socket.connect_ex


def _refuse_outside(address: Any) -> None:
    if not isinstance(address, tuple):
        return
    try:
        inside = ipaddress.ip_address(address[0]).is_loopback
    except ValueError:
        inside = address[0] == "localhost"
    if not inside:
        with open(os.environ["TEST_OUTSIDE_LOG"], "a", encoding="utf-8") as log:  # noqa: PTH123
            log.write(f"{address}\n")
        raise OSError(f"a test tried to reach {address}")


def _connect(self: socket.socket, address: Any) -> None:
    _refuse_outside(address)
    _real_connect(self, address)


def _connect_ex(self: socket.socket, address: Any) -> int:
    _refuse_outside(address)
    return _real_connect_ex(self, address)


socket.socket.connect = _connect  # type: ignore[method-assign,assignment]
socket.socket.connect_ex = _connect_ex  # type: ignore[method-assign,assignment]
