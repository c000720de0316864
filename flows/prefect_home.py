"""Prefect servers of our own, and the way to the one that serves this installation.

`own_server` is there for as long as one command runs; nothing for the user to start. Prefect can
start such a server by itself, but only after it has loaded the whole of it in this process as
well. Started here first, it comes up while this process does other work. It listens on 127.0.0.1
only, keeps its database below `var/prefect/`, and ends when this process ends, however.

`oproep up` keeps one for as long as it runs, and holds a lock on the file that says where it
answers; `connected` finds it by that. So no two installations on one machine can take each
other's server for their own, and a file left by a crash is not mistaken for a server. Who has a
server elsewhere, for several machines, sets PREFECT_API_URL.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from flows.errors import OproepError
from flows.settings import SECRETS_FILE, Settings

PATIENCE = 180.0
"""Seconds that a first start on a small, busy machine may take: it builds Prefect's database."""

COMING_UP = 120.0
"""Seconds that a command waits for the server of an `oproep up` that has just been started."""
ELSEWHERE = 5.0
"""Seconds that it waits for one that somebody else looks after."""
UP_FILE = "up.json"
"""Says where the server of `oproep up` answers; locked for as long as that runs."""

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

_PRIVATE = {
    # Nothing goes outside; the second alone does not stop the server.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}
_QUIET = _PRIVATE | {
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
        var_dir: Prefect keeps its files in a folder below `prefect` in it.

    Yields:
        A function that returns when the server answers. It raises `OproepError` if it does not.
    """
    with _home_to_ourselves(var_dir) as home, _served_from(home) as wait:
        yield wait


@contextmanager
def _home_to_ourselves(var_dir: Path) -> Iterator[Path]:
    """Yield a folder for Prefect's files that no other command uses: two may run at once."""
    for number in count(1):
        home = var_dir.resolve() / "prefect" / f"command-{number}"
        home.mkdir(parents=True, exist_ok=True)
        with (home / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield home
            return


@contextmanager
def _served_from(home: Path) -> Iterator[Callable[[], None]]:
    """Run a server with its files in `home`, and point Prefect to it."""
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


# --- the server that serves this installation -----------------------------------------------------


def home_of(var_dir: Path) -> Path:
    """Return where `oproep up` keeps Prefect's files; a rehearsal's server has its own place."""
    return var_dir.resolve() / "prefect" / "up"


def elsewhere(environ: Mapping[str, str] | None = None) -> str:
    """Return the address of a Prefect server that the user named; empty if there is none."""
    return _named(os.environ if environ is None else environ).get("PREFECT_API_URL", "").strip()


def _named(environ: Mapping[str, str]) -> dict[str, str]:
    """Return Prefect's own settings, from the environment and then from `secrets.env`."""
    given = {**dotenv_values(Path.cwd() / SECRETS_FILE), **environ}
    return {name: value for name, value in given.items() if name.startswith("PREFECT_") and value}


@contextmanager
def connected(settings: Settings) -> Iterator[str]:
    """Point Prefect to the server of this installation; to be called before Prefect is imported.

    Args:
        settings: Of this installation.

    Yields:
        The address of the server's API.

    Raises:
        OproepError: no server answers.
    """
    named = elsewhere()
    url = named or address_of_up(settings.var_dir)
    if not _answers(url, patience=ELSEWHERE if named else COMING_UP):
        raise OproepError(
            "Prefect's server does not answer.",
            where=f"PREFECT_API_URL={url}",
            mend="Correct that address or start that server."
            if named
            else "`oproep up` says what is wrong; its log lies in "
            f"{home_of(settings.var_dir) / 'server.log'}.",
        )
    before = dict(os.environ)
    try:
        os.environ.update(client_environment(settings, url))
        yield url
    finally:
        os.environ.clear()
        os.environ.update(before)


def client_environment(settings: Settings, url: str) -> dict[str, str]:
    """Return the settings with which our processes talk to a Prefect server at `url`."""
    named = _named(os.environ)
    ours = _PRIVATE | {"PREFECT_LOGGING_LEVEL": "WARNING"}
    if not named.get("PREFECT_API_URL"):
        # A profile that the user has for something else must not answer for this installation.
        ours["PREFECT_HOME"] = str(home_of(settings.var_dir))
    return ours | named | {"PREFECT_API_URL": url}


def address_of_up(var_dir: Path) -> str:
    """Return where the running `oproep up` of this installation has its server.

    Raises:
        OproepError: none is running.
    """
    home = home_of(var_dir)
    try:
        with (home / UP_FILE).open("r", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        # Whoever holds the lock has written the file, or is about to.
        for _ in range(10):
            if text := (home / UP_FILE).read_text("utf-8"):
                return str(json.loads(text)["api"])
            time.sleep(0.1)
    except FileNotFoundError:
        pass
    raise OproepError(
        "`oproep up` is not running, so nothing can be scheduled.",
        where=f"PREFECT_API_URL is not set, and nothing runs from {home}",
        mend="Start it in another terminal and leave it running: `oproep up`.",
    )


@contextmanager
def only_one_up(var_dir: Path) -> Iterator[Callable[[str], None]]:
    """Be the only `oproep up` of this installation within the block.

    Yields:
        A function that tells the other commands where the server answers.

    Raises:
        OproepError: one is running.
    """
    home = home_of(var_dir)
    home.mkdir(parents=True, exist_ok=True)
    with (home / UP_FILE).open("a+", encoding="utf-8") as file:
        _lock(file.fileno(), home)
        file.truncate(0)

        def tell(url: str) -> None:
            file.truncate(0)
            file.write(json.dumps({"api": url, "pid": os.getpid()}))
            file.flush()

        try:
            yield tell
        finally:
            file.truncate(0)


def _lock(file: int, home: Path) -> None:
    for _ in range(20):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # A command that looks whether we run holds it for a moment.
            time.sleep(0.05)
        else:
            return
    running = json.loads((home / UP_FILE).read_text("utf-8") or "{}")
    raise OproepError(
        "`oproep up` is running already.",
        where=f"process {running.get('pid', '?')}, {running.get('api', 'starting')}",
        mend="Use that one, or end it first with Ctrl-C in its terminal.",
    )


def start_server(home: Path, listener: socket.socket, url: str) -> subprocess.Popen[bytes]:
    """Start the server that `oproep up` keeps; it ends when this process does."""
    ours = _PRIVATE | {
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        # Nothing of ours needs blocks, and to know them takes seconds of its first start.
        "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
        # Its page is copied here; the folder that it was installed in may be read-only.
        "PREFECT_UI_STATIC_DIRECTORY": str(home / "page"),
        "PREFECT_UI_API_URL": url,
    }
    environment = os.environ | ours | _named(os.environ)
    with (home / "server.log").open("ab") as words:
        return subprocess.Popen(  # noqa: S603 (our own words and the Python we run on)
            [sys.executable, "-c", _SERVER, str(listener.fileno())],
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=words,
            stderr=words,
            # Ctrl-C is for us alone: the server goes last.
            start_new_session=True,
            env=environment | {"PREFECT_HOME": str(home), "PREFECT_API_URL": url},
        )


def _answers(url: str, *, patience: float) -> bool:
    """Return whether a server answers at this address; one that is starting is waited for."""
    until = time.monotonic() + patience
    while True:
        if answers_now(url, timeout=max(1.0, until - time.monotonic())):
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(0.2)


def answers_now(url: str, *, timeout: float = 5.0) -> bool:
    """Return whether a healthy server answers at this address."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
