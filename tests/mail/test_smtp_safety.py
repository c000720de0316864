"""Nothing is sent over a connection that is not safe, and no password is tried twice."""

from __future__ import annotations

import asyncio

import pytest

from flows.channels.batch import Ended
from flows.channels.smtp import server_of
from flows.errors import SettingsError
from flows.models import DeliveryState
from tests.mail.batch import Result, agrees, hand_over, mails, run
from tests.mail.certificates import Certificates
from tests.mail.recording_server import RecordingServer, Say, at, running

SENT = DeliveryState.SENT


def test_starttls_is_verified_and_used(certificates: Certificates) -> None:
    server = RecordingServer(tls=certificates.right, users={"jan": "geheim"})

    async def both() -> Result:
        async with running(server):
            url = f"smtp+starttls://jan:geheim@127.0.0.1:{server.port}?ca={certificates.ca}"
            return await hand_over(server, mails(30), url=url)

    assert asyncio.run(both()).book.states() == {SENT: 30}
    assert server.commands.index("STARTTLS") < next(
        at for at, command in enumerate(server.commands) if command.startswith("AUTH PLAIN")
    )


def test_implicit_tls_is_verified_and_used(certificates: Certificates) -> None:
    server = RecordingServer()

    async def both() -> Result:
        async with running(server, implicit_tls=certificates.right):
            url = f"smtps://127.0.0.1:{server.port}?ca={certificates.ca}"
            return await hand_over(server, mails(30), url=url)

    assert asyncio.run(both()).book.states() == {SENT: 30}


@pytest.mark.parametrize("which", ["other_name", "unknown", "stripped", "refused", "injected"])
def test_nothing_is_sent_where_tls_cannot_be_trusted(
    certificates: Certificates, which: str
) -> None:
    server = RecordingServer(
        tls=getattr(certificates, which, certificates.right),
        offer_starttls=which != "stripped",
        users={"jan": "geheim"},
    )
    if which == "refused":
        server.plan = at("starttls", do=Say("454 4.7.0 not now"))
    if which == "injected":
        server.plan = at("starttls", do=Say("220 2.0.0 go\n235 2.7.0 welcome"))

    async def both() -> Result:
        async with running(server):
            url = f"smtp+starttls://jan:geheim@127.0.0.1:{server.port}?ca={certificates.ca}"
            return await hand_over(server, mails(5), url=url)

    result = asyncio.run(both())
    assert result.end.why is Ended.UNREACHABLE
    assert result.book.outcomes == {}
    assert not any(command.startswith(("AUTH", "MAIL")) for command in server.commands)


@pytest.mark.parametrize("which", ["other_name", "unknown"])
def test_implicit_tls_with_a_wrong_certificate_is_refused(
    certificates: Certificates, which: str
) -> None:
    server = RecordingServer()

    async def both() -> Result:
        async with running(server, implicit_tls=getattr(certificates, which)):
            url = f"smtps://127.0.0.1:{server.port}?ca={certificates.ca}"
            return await hand_over(server, mails(5), url=url)

    result = asyncio.run(both())
    assert result.end.why is Ended.UNREACHABLE
    assert "certificate" in result.end.words
    assert server.commands == []


def test_a_wrong_password_is_tried_once_and_nothing_is_begun() -> None:
    server = RecordingServer(users={"jan": "geheim"})

    async def both() -> Result:
        async with running(server):
            return await hand_over(
                server, mails(50), url=f"smtp://jan:anders@127.0.0.1:{server.port}"
            )

    result = asyncio.run(both())
    result.adds_up()
    assert result.end.why is Ended.AUTH_LOST
    assert result.end.code == 535
    assert result.book.outcomes == {}
    assert sum(command.startswith("AUTH") for command in server.commands) == 1


def test_a_server_that_wants_a_login_we_have_not_ends_the_batch() -> None:
    server = RecordingServer(users={"jan": "geheim"})
    result = run(server, mails(50))
    assert result.end.why is Ended.AUTH_LOST
    assert result.end.code == 530
    assert result.book.outcomes == {}


def test_credentials_lost_halfway_end_the_batch_with_nothing_sent_twice() -> None:
    server = RecordingServer(
        plan=at("auth", 2, 3, 4, 5, 6, 7, do=Say("535 5.7.8 revoked")), users={"jan": "geheim"}
    )

    async def both() -> Result:
        async with running(server):
            return await hand_over(
                server,
                mails(200),
                url=f"smtp://jan:geheim@127.0.0.1:{server.port}",
                per_connection=10,
                connections=2,
            )

    result = asyncio.run(both())
    result.adds_up()
    agrees(server, result.book)
    assert result.end.why is Ended.AUTH_LOST
    assert set(result.book.states()) <= {SENT}


def test_login_is_used_where_plain_is_not_offered() -> None:
    server = RecordingServer(offers=("PIPELINING", "AUTH=LOGIN"), users={"jan": "geheim"})
    server.plan = at("ehlo", do=Say("250-recording.example\n250 AUTH=LOGIN"))

    async def both() -> Result:
        async with running(server):
            return await hand_over(
                server, mails(3), url=f"smtp://jan:geheim@127.0.0.1:{server.port}"
            )

    assert asyncio.run(both()).book.states() == {SENT: 3}


@pytest.mark.parametrize(
    "url",
    [
        "smtp://jan:geheim@mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://mail.example:99999",
        "smtps://mail.example?verify=no",
        "smtps://mail.example?ca=/nowhere.pem",
        "mail.example:25",
        "",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_showing_its_password(url: str) -> None:
    with pytest.raises(SettingsError) as failure:
        server_of(url)
    assert "geheim" not in str(failure.value)


def test_a_url_says_where_and_how() -> None:
    server = server_of("smtp+starttls://jan%40x:a%2Fb@mail.example?hello=ons.example")
    assert (server.host, server.port, server.user, server.password) == (
        "mail.example",
        587,
        "jan@x",
        "a/b",
    )
    assert server.tls is not None
    assert server.tls.check_hostname
    assert not server.implicit_tls
    assert server.hello == "ons.example"
    assert server_of("smtps://mail.example").port == 465
    assert server_of("smtp://127.0.0.1:2525").tls is None
