"""A real Postfix as the relay: its own queue, its own log, on 127.0.0.1 only.

Postfix starts its parts as other users, so it must be started by root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.parts import missing, program
from tests.ports import free_port, wait_for

_MASTER = """
127.0.0.1:{port} inet n - n - 100 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
showq unix n - n - - showq
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

_MAIN: Mapping[str, str] = {
    "compatibility_level": "3.6",
    "myhostname": "relay.example",
    "mydestination": "",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "mynetworks": "127.0.0.0/8",
    "smtpd_relay_restrictions": "permit_mynetworks, reject",
    "smtpd_peername_lookup": "no",
    "disable_dns_lookups": "yes",
    "default_transport": "discard:",
    "alias_maps": "",
    "alias_database": "",
    "local_recipient_maps": "",
    "smtpd_tls_security_level": "none",
    "smtp_tls_security_level": "none",
    "maillog_file_prefixes": "/tmp, /var",
    "bounce_queue_lifetime": "0",
    "smtpd_client_connection_count_limit": "0",
}


@dataclass(frozen=True)
class Postfix:
    """A relay that runs."""

    port: int
    folder: Path

    @property
    def log(self) -> Path:
        """Where it writes what it does."""
        return self.folder / "mail.log"

    def lines(self) -> list[str]:
        """Return what it wrote so far."""
        return self.log.read_text("utf-8").splitlines()

    def queued(self) -> list[str]:
        """Return the queue ids of what it still holds."""
        shown = self._run("postqueue", "-j").splitlines()
        return [line.split('"queue_id": "')[1].split('"')[0] for line in shown if line]

    def flush(self) -> None:
        """Have it try everything again now."""
        self._run("postqueue", "-f")

    def change(self, settings: Mapping[str, str]) -> None:
        """Have it work by other settings from now on."""
        self._run("postconf", *(f"{name}={value}" for name, value in settings.items()))
        _control(self.folder / "etc", "reload")

    def _run(self, name: str, *arguments: str) -> str:
        command = [str(program("postfix", name)), "-c", str(self.folder / "etc"), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
        return str(done.stdout)


@contextmanager
def postfix(settings: Mapping[str, str] | None = None) -> Iterator[Postfix]:
    """Run a relay with these settings beside the usual ones."""
    program("postfix", "postfix")
    if os.geteuid() != 0:
        missing("postfix")
    # Not in the test's own folder: that is closed to the users that Postfix runs as.
    folder = Path(tempfile.mkdtemp(prefix="oproep-postfix-", dir="/tmp"))
    folder.chmod(0o755)
    port = free_port()
    config = folder / "etc"
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    given = dict(_MAIN) | {
        "queue_directory": str(folder / "queue"),
        "data_directory": str(folder / "data"),
        "maillog_file": str(folder / "mail.log"),
        **(settings or {}),
    }
    (config / "main.cf").write_text("".join(f"{k} = {v}\n" for k, v in given.items()))
    (config / "master.cf").write_text(_MASTER.format(port=port))
    _control(config, "start")
    try:
        wait_for(port)
        yield Postfix(port, folder)
    finally:
        _control(config, "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _control(config: Path, act: str) -> None:
    # Not through pipes: the daemons would hold them open.
    subprocess.run(
        [str(program("postfix", "postfix")), "-c", str(config), act],
        check=True,
        timeout=60,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
