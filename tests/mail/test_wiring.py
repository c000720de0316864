"""What the settings of mail do: signing, bounds, and what doctor says of the mail server."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from flows.campaign.folder import load_campaign
from flows.campaign.mailing import Mailing, dkim_key
from flows.campaign.rendering import compose_step
from flows.channels.opening import open_mail
from flows.channels.smtp import SmtpChannel
from flows.channels.smtp_pace import Bound
from flows.cli.mail_server import looked_at, signing
from flows.compose import dkim as own_dkim
from flows.errors import SettingsError
from flows.ledger.hand_over import Claim
from flows.settings import Settings, load
from tests.mail.recording_server import RecordingServer, Say, at
from tests.ports import free_port
from tests.soak.killing import HOUSE, SLUG, recording

SECRET = "only for tests " * 3
STEP = 2


@pytest.fixture(scope="module")
def pem() -> str:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    coded = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return coded.decode()


def settings(folder: Path, **given: str) -> Settings:
    names = {f"OPROEP_{name.upper()}": value for name, value in given.items()}
    return load(
        {
            "OPROEP_CONTENT_DIR": str(HOUSE / "content"),
            "OPROEP_SECRET_KEY": SECRET,
            "OPROEP_PUBLIC_URL": "https://nieuws.voorbeeld.example",
            **names,
        },
        folder=folder,
    )


def mailing(given: Settings) -> Mailing:
    campaign = load_campaign(HOUSE / "content" / SLUG, given)
    step = next(one for one in campaign.plan.steps if one.number == STEP)
    content = compose_step(campaign, step, given)
    return Mailing(given, campaign, content, step=STEP, list_="nieuwsbrief")


CLAIM = Claim(
    id=7,
    part=0,
    recipient="lezer@lezers.example",
    name="Zoë",
    language="nl",
    values={},
    attempts=0,
)


def test_mails_are_signed_if_a_key_is_set(tmp_path: Path, pem: str) -> None:
    file = tmp_path / "dkim.pem"
    file.write_text(pem)
    given = settings(tmp_path, dkim_selector="s1", dkim_key_file=str(file))
    content = mailing(given).mail(CLAIM).content
    key = dkim_key(given, "x.example")
    assert key is not None
    assert content.startswith(b"DKIM-Signature: ")
    assert dkim.verify(content, dnsfunc=lambda name, timeout=5: key.record.encode())


def test_mails_are_not_signed_without_a_key(tmp_path: Path) -> None:
    assert b"DKIM-Signature" not in mailing(settings(tmp_path)).mail(CLAIM).content


@pytest.mark.parametrize("half", ["dkim_selector", "dkim_key"])
def test_half_of_what_signing_needs_is_refused(tmp_path: Path, half: str) -> None:
    with pytest.raises(SettingsError, match="needs the key and its name"):
        dkim_key(settings(tmp_path, **{half: "s1"}), "x.example")


def test_a_text_that_is_no_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be used"):
        dkim_key(settings(tmp_path, dkim_selector="s1", dkim_key="x"), "x.example")


def test_every_bound_of_the_settings_reaches_the_relay(tmp_path: Path) -> None:
    channel = open_mail(
        settings(
            tmp_path,
            smtp_url="smtp://127.0.0.1:25",
            smtp_rate="5",
            smtp_rate_minute="100",
            smtp_rate_hour="1000",
            smtp_rate_domain="0.5",
            smtp_per_connection="20",
            smtp_connections="3",
        ),
        step="newsletter",
    )
    assert isinstance(channel, SmtpChannel)
    relay = channel.relay
    assert list(relay.rates) == [Bound(5, 1.0), Bound(100, 60.0), Bound(1000, 3600.0)]
    assert relay.per_domain == Bound(0.5)
    assert (relay.bounds.connections, relay.bounds.per_connection) == (3, 20)


def test_doctor_says_what_the_mail_server_offers(tmp_path: Path) -> None:
    with recording() as server:
        look = looked_at(settings(tmp_path, smtp_url=f"smtp://127.0.0.1:{server.port}"))
    assert look.state == "ok"
    assert "in the clear, offers PIPELINING, DSN, SMTPUTF8, takes up to 50 MB" in look.what
    assert server.taken == []


def test_doctor_says_that_nobody_answers(tmp_path: Path) -> None:
    look = looked_at(settings(tmp_path, smtp_url=f"smtp://127.0.0.1:{free_port()}"))
    assert look.state == "broken"
    assert "No connection" in look.what


def test_doctor_says_that_the_password_is_wrong(tmp_path: Path) -> None:
    server = RecordingServer(users={"user": "right"})
    with recording(server):
        url = f"smtp://user:wrong@127.0.0.1:{server.port}"
        look = looked_at(settings(tmp_path, smtp_url=url))
    assert look.state == "broken"
    assert "does not accept our user name and password" in look.what
    assert "user and password" in look.mend


def test_doctor_says_that_the_server_does_not_want_us(tmp_path: Path) -> None:
    server = RecordingServer(plan=at("connect", do=Say("554 5.7.1 go away")))
    with recording(server):
        look = looked_at(settings(tmp_path, smtp_url=f"smtp://127.0.0.1:{server.port}"))
    assert look.state == "broken"
    assert "go away" in look.what


def test_doctor_compares_the_key_with_the_dns(
    tmp_path: Path, pem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings(tmp_path, dkim_selector="s1", dkim_key=pem)
    key = dkim_key(given, "x.example")
    assert key is not None
    monkeypatch.setattr(own_dkim, "_ask_dns", lambda name: [])
    assert (signing(given).state, key.record in signing(given).mend) == ("broken", True)
    monkeypatch.setattr(own_dkim, "_ask_dns", lambda name: [key.record])
    assert signing(given).state == "ok"
    assert signing(settings(tmp_path)).state == "unused"


def test_openssl_makes_a_key_as_the_mend_says(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here: apt-get install openssl")
    made = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True, text=True)
    key = dkim_key(settings(tmp_path, dkim_selector="s1", dkim_key=made.stdout), "x.example")
    assert key is not None
    assert key.bits == 2048
