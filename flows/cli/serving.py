"""The command `up`: server, runner and public pages together, kept running on this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

from flows.errors import OproepError
from flows.prefect_home import (
    client_environment,
    elsewhere,
    home_of,
    only_one_up,
    start_server,
)
from flows.settings import Settings, load

BACK_OFF = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before a part that ended by itself is started again: the first time, the second, …"""
STEADY = 60.0
"""Seconds after which a part that runs counts as well again."""
LOOK_EVERY = 0.3
DRAIN = 90.0
"""Seconds that running steps get to let go; a mail that is on its way may take a minute."""
ALARM_EVERY = 30.0
"""Seconds between two looks at whether all goes as it should."""
PUBLIC = "http://127.0.0.1:8480"
"""Where `oproep public` serves unless it is told otherwise; a web server stands before it."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@click.command("up")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where Prefect's page is.")
@click.option("--port", type=int, help="Default: OPROEP_PREFECT_PORT, or 4280.")
@click.option("--no-public", is_flag=True, help="Leave the public pages out.")
def up_command(host: str, port: int | None, no_public: bool) -> int:
    """Serve this machine until Ctrl-C: Prefect's server, the runner and the public pages.

    With PREFECT_API_URL set, Prefect's server is elsewhere and only the runner runs here.
    """
    settings = load()
    with only_one_up(settings.var_dir) as tell:
        up = _Up(settings, host=host, port=port or settings.prefect_port, public=not no_public)
        return up.run(tell)


@dataclass
class _Part:
    """One process that is kept running."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    again_at: float = 0.0

    def keep(self, now: float) -> None:
        """Start it if it is not running and its time has come; say so when it ended by itself."""
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            if now - self.started > STEADY:
                self.failures = 0
            wait = BACK_OFF[min(self.failures, len(BACK_OFF) - 1)]
            self.failures += 1
            self.process, self.again_at = None, now + wait
            _say(
                f"The {self.name} ended by itself ({_how(code)}); it is started again in "
                f"{wait:.0f} s. Its log: {self.log}"
            )
        if now >= self.again_at:
            self.process, self.started = self.start(), now

    @property
    def is_running(self) -> bool:
        """Whether its process is alive."""
        return self.process is not None and self.process.poll() is None

    def end(self) -> None:
        """End it with all that it started."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


class _Up:
    """The parts, in the order in which they need each other."""

    def __init__(self, settings: Settings, *, host: str, port: int, public: bool) -> None:
        self._settings = settings
        self._home = home_of(settings.var_dir)
        self._stopping = threading.Event()
        self._signals = 0
        self.parts: list[_Part] = []
        self.url = elsewhere()
        self._ready = self._home / "runner.ready"
        if not self.url:
            listener = _listen(host, port)
            shown = f"[{host}]" if ":" in host else host
            self.url = f"http://{shown}:{listener.getsockname()[1]}/api"
            # The socket stays ours, so that who asks while it is restarted waits for its answer.
            self._add("server", lambda: start_server(self._home, listener, self.url))
        self._add("runner", self._start_runner)
        if settings.returns_url is not None:
            self._add("returned mail", self._start_returns)
        if public and settings.secret_key is None:
            _say("The public pages are left out: they need OPROEP_SECRET_KEY; see `oproep doctor`.")
        elif public:
            self._add("public pages", self._start_public)

    def _add(self, name: str, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        log = self._home / f"{name.split()[0]}.log"
        self.parts.append(_Part(name=name, start=start, log=log))

    def _start_runner(self) -> subprocess.Popen[bytes]:
        self._ready.unlink(missing_ok=True)
        return self._python("-m", "flows.runner", str(self._ready), log="runner.log")

    def _start_returns(self) -> subprocess.Popen[bytes]:
        # Besides Prefect's rounds every ten minutes: who blocks us holds a running step at once.
        return self._command("track", "--wait", "--until-closed", log="returned.log")

    def _start_public(self) -> subprocess.Popen[bytes]:
        return self._command("public", "--until-closed", log="public.log")

    def _command(self, *words: str, log: str) -> subprocess.Popen[bytes]:
        return self._python("-c", "from flows.cli import main; main()", *words, log=log)

    def _python(self, *arguments: str, log: str) -> subprocess.Popen[bytes]:
        environment = os.environ | client_environment(self._settings, self.url)
        with (self._home / log).open("ab") as words:
            return subprocess.Popen(  # noqa: S603 (our own words and the Python we run on)
                [sys.executable, *arguments],
                # It ends when the other end of this pipe is closed, by whatever end.
                stdin=subprocess.PIPE,
                stdout=words,
                stderr=words,
                # Ctrl-C is for us alone: the parts end in their order.
                start_new_session=True,
                env=environment,
            )

    def run(self, tell: Callable[[str], None]) -> int:
        """Keep everything running until Ctrl-C or SIGTERM; return the exit code."""
        tell(self.url)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        begun = time.monotonic()
        told = False
        alarm = threading.Thread(target=self._watch_over, daemon=True)
        alarm.start()
        try:
            while not self._stopping.is_set():
                for part in self.parts:
                    part.keep(time.monotonic())
                if not told and self._ready.exists():
                    told = True
                    self._say_ready(time.monotonic() - begun)
                self._stopping.wait(LOOK_EVERY)
        finally:
            self._end()
        return 0

    def _say_ready(self, seconds: float) -> None:
        click.echo(f"Prefect: {self.url.removesuffix('/api')}")
        if any(part.name == "public pages" for part in self.parts):
            click.echo(f"Public pages: {PUBLIC} (for people: {self._settings.public_url})")
        click.echo(f"Ready after {seconds:.0f} s. Launched campaigns go out as long as this runs.")
        click.echo("Ctrl-C ends it; what is due meanwhile goes out when it is back, or not at all.")
        sys.stdout.flush()

    def _watch_over(self) -> None:
        """Mail who is responsible when something does not go as it should.

        Here and not in a run of Prefect's: it must also tell that there is no runner, or no server.
        """
        from flows.alarm import watch_over

        told = ""
        while not self._stopping.is_set():
            try:
                watch_over(self._settings, say=_say)
                told = ""
            except Exception as error:  # noqa: BLE001 (what it looks for may also break it)
                if str(error) != told:
                    told = str(error)
                    _say(f"An alarm cannot be given: {error}")
            self._stopping.wait(ALARM_EVERY)

    def _stop(self, *_: object) -> None:
        self._signals += 1
        self._stopping.set()

    def _end(self) -> None:
        """End the parts, the last one first; the server is needed until the runs have ended."""
        _say("Ending. Running steps let go of what they have not begun; again Ctrl-C to cut short.")
        for part in reversed(self.parts):
            if part.process is not None and part.name != "server":
                part.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + DRAIN
        for part in reversed(self.parts):
            while part.name != "server" and part.is_running:
                if time.monotonic() > until or self._signals > 1:
                    _say(f"The {part.name} does not end, so it is ended.")
                    break
                time.sleep(0.1)
            part.end()
        _say("Ended.")


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        OproepError: the address is taken, or cannot be had.
    """
    if host not in LOOPBACK and not os.environ.get("PREFECT_SERVER_API_AUTH_STRING"):
        _say(
            f"Whoever reaches {host}:{port} can start and stop runs: there is no sign-in. "
            "PREFECT_SERVER_API_AUTH_STRING sets one."
        )
    try:
        return socket.create_server((host, port), family=_family(host), reuse_port=False)
    except OSError as error:
        raise OproepError(
            f"Prefect's server cannot listen there: {error.strerror or error}.",
            where=f"{host}:{port}",
            mend="Give it another port: `oproep up --port 4281`, or OPROEP_PREFECT_PORT.",
        ) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def _say(words: str) -> None:
    click.echo(words, err=True)
