"""The public pages as they are served: a real server on loopback, a real relay, a real browser."""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests
from pydantic import SecretStr
from sqlalchemy import Engine, update

from flows import clock
from flows.audience.people import Consent, Details
from flows.audience.subscribers import Audience
from flows.audience.tokens import Purpose, Signer, unsubscribe_url
from flows.campaign.folder import load_campaign
from flows.campaign.issues import keep_issue
from flows.campaign.rendering import compose_step
from flows.clock import SimulatedClock
from flows.console.serving import listen, server
from flows.database import open_database
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.models import Recipient
from flows.settings import Settings
from tests.browser.chromium import axe, browser
from tests.campaign.conftest import FILES
from tests.mail.recording_server import RecordingServer, running

__all__ = ["axe", "browser"]

SECRET = "a secret key of more than thirty-two characters"
START = datetime(2026, 2, 11, 16, 0, tzinfo=UTC)
SLUG = "2026-02-11-oproep"
LISTS = """
[lists.nieuwsbrief]
title = { nl = "Nieuwsbrief", en = "Newsletter" }
[lists.nieuwsbrief.about]
nl = "Nieuws en oproepen over kinderrechten, hoogstens twee keer per maand."
en = "News and calls about children's rights, twice a month at most."
"""
SECOND_LIST = """
[lists.acties]
title = { nl = "Acties", en = "Actions" }
about = { nl = "Een seintje als u iets kunt doen.", en = "A nudge when you can help." }

[lists.leden]
title = { nl = "Leden" }
public = false
"""


@pytest.fixture
def time_stands() -> Iterator[SimulatedClock]:
    """A clock that moves when it is told to, for the server as well."""
    with clock.use(SimulatedClock(START)) as simulated:
        assert isinstance(simulated, SimulatedClock)
        yield simulated


@pytest.fixture
def relay() -> Iterator[RecordingServer]:
    """A mail server on loopback, in a thread of its own."""
    with relay_running(RecordingServer()) as recording:
        yield recording


@contextmanager
def relay_running(recording: RecordingServer) -> Iterator[RecordingServer]:
    ready, done = threading.Event(), threading.Event()

    async def serve() -> None:
        async with running(recording):
            ready.set()
            while not done.is_set():
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield recording
    finally:
        done.set()
        thread.join(5)


@dataclass
class Pages:
    """The pages of one installation, as they are reached over HTTP."""

    settings: Settings
    relay: RecordingServer
    clock: SimulatedClock
    engine: Engine
    audience: Audience
    url: str = ""

    def get(self, path: str, **options: object) -> requests.Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, data: object = None, **options: object) -> requests.Response:
        return self.ask("POST", path, data=data, **options)

    def ask(self, method: str, path: str, **options: object) -> requests.Response:
        headers = {"accept-language": "nl"} | dict(options.pop("headers", {}))  # type: ignore[call-overload]
        return requests.request(
            method,
            path if path.startswith("http") else self.url + path,
            headers=headers,
            allow_redirects=False,
            timeout=20,
            **options,  # type: ignore[arg-type]
        )

    def fill_in(self, path: str, fields: dict[str, object], **options: object) -> requests.Response:
        """Open a form, look at it for a while, and send it."""
        seal = field(self.get(path, **options).text, "seal")
        self.clock.advance(timedelta(seconds=20))
        return self.post(path, {"seal": seal, **fields}, **options)

    def sign_up(self, address: str, **fields: object) -> requests.Response:
        return self.fill_in("/aanmelden", {"email": address, **fields})

    def mails(self, number: int) -> list[EmailMessage]:
        """Wait for so many mails, and return all that came."""
        for _ in range(1000):
            if len(self.relay.taken) >= number:
                break
            time.sleep(0.01)
        return [
            message_from_bytes(taken.content, policy=policy.default) for taken in self.relay.taken
        ]

    def no_more_mails_than(self, number: int) -> bool:
        """Whether nothing more comes, once a mail that is asked for afterwards has come."""
        self.clock.advance(timedelta(days=1, hours=1))
        self.sign_up(f"na-{time.monotonic_ns()}@lezers.example")
        return len(self.mails(number + 1)) == number + 1

    def subscriber(self, address: str, *lists: str, name: str = "", language: str = "nl") -> int:
        """Put somebody on lists, confirmed."""
        for list_ in lists or ("nieuwsbrief",):
            asked = self.audience.subscribe(
                address,
                list_,
                details=Details(name=name, language=language),
                consent=Consent(wording="Ja", purpose="Nieuws", source="test"),
            )
            self.audience.confirm(asked.id)
        return asked.subscriber_id

    def issue_to(self, *addresses: str, slug: str = SLUG, begun: bool = True) -> list[str]:
        """Freeze an issue to some readers, keep its page, and return their unsubscribe paths."""
        campaign = load_campaign(self.settings.content_dir / SLUG, self.settings)
        step = next(each for each in campaign.plan.steps if each.channel == "newsletter")
        keep_issue(
            self.settings, slug, step=1, mail=compose_step(campaign, step, self.settings).mail
        )
        ledger = Ledger(self.engine)
        frozen = ledger.freeze(
            FrozenCampaign(
                slug=slug,
                title="Oproep",
                language="nl",
                time_zone="Europe/Amsterdam",
                event_name="Gesprek",
                event_at=START + timedelta(days=1),
                fingerprint="f" * 64,
                rehearsal=False,
                steps=(
                    FrozenStep(
                        number=1,
                        channel="newsletter",
                        list="nieuwsbrief",
                        draft="newsletter.md",
                        at=START,
                        deadline=START + timedelta(days=1),
                    ),
                ),
            ),
            [[Planned(recipient=Recipient(address=address)) for address in addresses]],
        )
        if begun:
            ledger.begin_step(frozen.steps[0].id)
        with self.engine.connect() as connection:
            ids = [
                row.id
                for row in connection.execute(
                    t.delivery.select()
                    .where(t.delivery.c.step_id == frozen.steps[0].id)
                    .order_by(t.delivery.c.id)
                )
            ]
        signer = Signer(SECRET, Purpose.UNSUBSCRIBE)
        return [unsubscribe_url(signer, number, public_url="") for number in ids]

    def own_page(self, address: str) -> str:
        """Ask for the link to a person's own page, and return its path."""
        before = len(self.relay.taken)
        self.clock.advance(timedelta(minutes=10))
        self.fill_in("/voorkeuren", {"email": address})
        return link_in(self.mails(before + 1)[-1])

    def pseudonymise(self, address: str) -> None:
        """Do to deliveries what the end of the retention period does."""
        with self.engine.begin() as connection:
            connection.execute(
                update(t.delivery)
                .where(t.delivery.c.recipient == address)
                .values(
                    recipient=self.audience.hash(address), recipient_key=self.audience.hash(address)
                )
            )


Serve = Callable[..., Pages]


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as a new installation has it; to be copied, since making one takes a while."""
    path = tmp_path_factory.mktemp("database") / "ledger.sqlite"
    open_database(f"sqlite:///{path}").dispose()
    return path


@pytest.fixture
def serve(
    new_database: Path, tmp_path: Path, relay: RecordingServer, time_stands: SimulatedClock
) -> Iterator[Serve]:
    """Serve an installation; takes more of `organisation.toml` and other settings."""
    stops: list[Callable[[], None]] = []

    def start(*, lists: str = LISTS, **other: object) -> Pages:
        content = tmp_path / "content"
        for name, text in FILES.items():
            path = content / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + (lists if name == "organisation.toml" else ""), "utf-8")
        settings = Settings(
            content_dir=content,
            var_dir=tmp_path / "var",
            secret_key=SecretStr(SECRET),
            public_url=str(other.pop("public_url", "https://nieuws.voorbeeld.example")),
            smtp_url=SecretStr(f"smtp://127.0.0.1:{relay.port}"),
        ).model_copy(update=other)
        (tmp_path / "var").mkdir()
        shutil.copy(new_database, tmp_path / "var" / "ledger.sqlite")
        engine = open_database(settings.database)
        pages = Pages(
            settings=settings,
            relay=relay,
            clock=time_stands,
            engine=engine,
            audience=Audience(engine, SecretStr(SECRET)),
        )
        socket = listen("127.0.0.1", 0)
        running_server = server(settings)
        thread = threading.Thread(
            target=running_server.run, kwargs={"sockets": [socket]}, daemon=True
        )
        thread.start()
        pages.url = f"http://127.0.0.1:{socket.getsockname()[1]}"

        def stop() -> None:
            running_server.should_exit = True
            thread.join(20)
            socket.close()
            engine.dispose()

        stops.append(stop)
        return pages

    yield start
    for stop in stops:
        stop()


@pytest.fixture
def pages(serve: Serve) -> Pages:
    """The usual installation: one list, no issue sent yet."""
    return serve()


def field(html: str, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, html
    return found[1]


def link_in(mail: EmailMessage) -> str:
    """Return the path of the link in a mail's plain text."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"https://nieuws\.voorbeeld\.example(\S+)", body.get_content())
    assert found is not None
    return found[1]
