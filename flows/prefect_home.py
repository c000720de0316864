"""A Prefect server of our own for as long as one command runs; nothing for the user to start.

Prefect can start such a server by itself, but only after it has loaded the whole of it in this
process as well. Started here first, it comes up while this process does other work. It listens on
127.0.0.1 only, keeps its database in `var/prefect/`, and ends when this process ends, however.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.errors import OproepError

PATIENCE = 180.0
"""Seconds that a first start on a small, busy machine may take: it builds Prefect's database."""

_SERVER = """
import os, socket, sys, threading

def end_with_parent():
    sys.stdin.read()  # returns when the other end of the pipe is closed, by whatever end
    os._exit(0)

threading.Thread(target=end_with_parent, daemon=True).start()
import uvicorn
config = uvicorn.Config(
    "prefect.server.api.server:create_app", factory=True, log_level="critical", lifespan="on"
)
uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
"""

_QUIET = {
    # Nothing goes outside; the second alone does not stop the server.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # What goes wrong reaches the user as our own errors, not as Prefect's tracebacks.
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    # A server that lives as long as one command needs no page, no schedules and no automations;
    # and on SQLite their writing costs each flow run two seconds of waiting.
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
    "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_CANCELLATION_CLEANUP_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_FOREMAN_ENABLED": "false",
}


@contextmanager
def own_server(var_dir: Path) -> Iterator[Callable[[], None]]:
    """Start a server and point Prefect to it; to be called before Prefect is imported.

    Args:
        var_dir: Prefect keeps its files in the folder `prefect` below it.

    Yields:
        A function that returns when the server answers. It raises `OproepError` if it does not.
    """
    home = var_dir.resolve() / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        # A server or profile that the user set up must not hear of a rehearsal.
        del os.environ[name]
    log = home / "server.log"
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as words:
        port: int = listener.getsockname()[1]
        os.environ.update(
            _QUIET | {"PREFECT_HOME": str(home), "PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}
        )
        server = subprocess.Popen(  # noqa: S603 (our own words and the Python we run on)
            [sys.executable, "-c", _SERVER, str(listener.fileno())],
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=words,
            stderr=words,
        )
    try:
        yield lambda: _wait(port, log)
    finally:
        server.kill()
        server.communicate()
        os.environ.clear()
        os.environ.update(before)


def _wait(port: int, log: Path) -> None:
    """Return when the server answers: a request waits in its queue until then."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/api/health")
        healthy = connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        healthy = False
    finally:
        connection.close()
    if not healthy:
        raise OproepError(
            "Prefect's own server does not start.",
            where=str(log),
            mend="`oproep doctor` looks at what is installed; the file above has the details.",
        )
