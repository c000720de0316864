"""A real IMAP server: Dovecot on 127.0.0.1, with one mailbox, a Maildir."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.parts import program
from tests.ports import free_port, wait_for

PASSWORD = "wacht/woord @"

_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
disable_plaintext_auth = no
auth_mechanisms = plain
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {secure_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={folder}/mail
}}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/Maildir
{more}
"""


@dataclass(frozen=True)
class Dovecot:
    """A server that runs."""

    port: int
    secure_port: int
    folder: Path
    owner: int
    group: int

    @property
    def url(self) -> str:
        """Where the mailbox is, without TLS."""
        return f"imap://{self.login}@127.0.0.1:{self.port}/INBOX"

    @property
    def login(self) -> str:
        return f"bounces:{quote(PASSWORD, safe='')}"

    def put(self, *letters: bytes) -> None:
        """Have letters arrive."""
        new = self.folder / "mail" / "Maildir" / "new"
        for number, raw in enumerate(letters, len(list(new.iterdir()))):
            path = new / f"{number}.{os.urandom(4).hex()}.test"
            path.write_bytes(raw)
            os.chown(path, self.owner, self.group)

    def names(self, *, folder: str = "cur") -> list[str]:
        """Return the names of the letters, with their flags."""
        return sorted(p.name for p in (self.folder / "mail" / "Maildir" / folder).iterdir())


@contextmanager
def dovecot(certificate: Path, *, more: str = "") -> Iterator[Dovecot]:
    """Run a server.

    Args:
        certificate: Key and certificate in one file.
        more: Further settings.
    """
    command = program("dovecot", "dovecot")
    # Not in the test's own folder: that is closed to the users that Dovecot runs as.
    folder = Path(tempfile.mkdtemp(prefix="oproep-dovecot-", dir="/tmp"))
    folder.chmod(0o755)
    root = os.geteuid() == 0
    owner = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.getuid())
    port, secure_port = free_port(), free_port()
    for name in ("run", "state", "mail/Maildir/new", "mail/Maildir/cur", "mail/Maildir/tmp"):
        (folder / name).mkdir(parents=True)
    shutil.copy(certificate, folder / "server.pem")
    for path in (folder / "mail", *(folder / "mail").rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    (folder / "users").write_text(f"bounces:{{PLAIN}}{PASSWORD}\n")
    (folder / "dovecot.conf").write_text(
        _CONFIG.format(
            folder=folder,
            certificate=folder / "server.pem",
            internal="dovecot" if root else owner.pw_name,
            internal_group="dovecot" if root else owner.pw_gid,
            login="dovenull" if root else owner.pw_name,
            port=port,
            secure_port=secure_port,
            owner=owner.pw_uid,
            group=owner.pw_gid,
            more=more,
        )
    )
    log = (folder / "started").open("wb")
    server = subprocess.Popen(
        [command, "-F", "-c", folder / "dovecot.conf"], stdout=log, stderr=log
    )
    try:
        wait_for(port)
        yield Dovecot(port, secure_port, folder, owner.pw_uid, owner.pw_gid)
    finally:
        server.terminate()
        server.wait(10)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)
