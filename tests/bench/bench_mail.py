"""How fast mail is handed over, against its peers: same machine, same sink, interleaved rounds.

Our rows compose every mail for its recipient and keep the ledger, synced before each final dot;
`smtp-source` sends one constant message and keeps no record. It does not pipeline, so a ratio
above 1 says that the relay is the limit, not that Python outruns C.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from flows.audience.tokens import Purpose, Signer, unsubscribe_url, verp_sender
from flows.channels.batch import Outcome, Outgoing
from flows.channels.smtp import Relay, SmtpChannel, server_of
from flows.channels.smtp_pool import Bounds
from flows.compose.messages import Mail
from flows.compose.mime import CompiledMail, MailSpec, compile_mail, message_id
from flows.compose.slots import slot, value_of
from flows.database import open_database
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.ledger.hand_over import Worker
from flows.models import Recipient
from tests.mail.postfix import postfix
from tests.ports import free_port, wait_for

MESSAGES = 20_000
TO_POSTFIX = 3_000
"""A real Postfix takes some thousand a second from anyone; more would only take longer."""
CONNECTIONS = 10
ROUNDS = 3
SIZES = {"35 KB": (108, 93), "5 KB": (13, 5)}
"""Paragraphs, and places that differ per recipient, of each size."""
HERE = Path(__file__).resolve().parent
PARAGRAPH = (
    "<p style='margin:0 0 16px'>Kinderen horen niet in een cel. Morgen spreekt de Kamer erover "
    "met deskundigen, en wij vragen om één ding: stop ermee. Lees verder, deel dit bericht en "
    "wees erbij als het gesprek begint; de zaal is open voor iedereen.</p>\n"
)
AT = datetime(2026, 2, 11, 17, tzinfo=UTC)


def page(size: str) -> str:
    """Return HTML of about this size, with slots all over."""
    paragraphs, places = SIZES[size]
    place = f"<a href='{slot('stop')}'>{slot('naam')}</a>\n"
    body = "".join(PARAGRAPH + place * (2 * at < places) for at in range(paragraphs))
    return f"<html><body>{body}</body></html>"


def compiled(size: str) -> CompiledMail:
    """Return the mail of this size, compiled."""
    return compile_mail(
        MailSpec(
            subject="Oproep: geen kind in de cel",
            text=f"Beste {slot('naam')},\n\nKinderen horen niet in een cel.\n{slot('stop')}\n",
            html=page(size),
            language="nl",
            sender_name="Stichting Voorbeeld",
            sender_address="krant@org.example",
            reply_to="mens@org.example",
            list_id="nieuws.org.example",
            list_unsubscribe=slot("stop"),
        )
    )


class Cutter:
    """Cuts one mail per recipient, with every token that a real one has."""

    def __init__(self, mail: CompiledMail) -> None:
        self._mail = mail
        self._stop = Signer("sleutel", Purpose.UNSUBSCRIBE)
        self._bounce = Signer("sleutel", Purpose.BOUNCE)

    def outgoing(self, number: int) -> Outgoing[Mail]:
        """Return the mail of delivery `number`."""
        address, name = f"u{number}@x.example", f"Lezer {number}"
        url = unsubscribe_url(self._stop, number, public_url="https://nieuws.example")
        content = self._mail.cut(
            to_name=name,
            to_address=address,
            message_id=message_id(
                secret="sleutel", campaign="oproep", step=1, recipient=address, host="org.example"
            ),
            date=AT,
            values={"naam": value_of(name), "stop": value_of(url)},
        )
        sender = verp_sender(self._bounce, number, domain="org.example")
        return Outgoing(number, Mail(sender=sender, recipient=address, content=content, ready=True))


# --- sinks


@contextmanager
def smtp_sink() -> Iterator[int]:
    """Run Postfix's sink."""
    port = free_port()
    sink = subprocess.Popen(
        [_postfix("smtp-sink"), "-u", "nobody", f"127.0.0.1:{port}", "1000"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield port
    finally:
        sink.kill()
        sink.wait()


@contextmanager
def free_sink(delay: float = 0.0) -> Iterator[int]:
    """Run the sink that costs nearly nothing."""
    sink = subprocess.Popen(
        [sys.executable, HERE / "free_sink.py", str(delay)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert sink.stdout
    try:
        yield int(sink.stdout.readline())
    finally:
        sink.kill()
        sink.communicate()


@contextmanager
def real_postfix() -> Iterator[int]:
    """Run a real Postfix, with its queue, which then discards."""
    with postfix() as relay:
        yield relay.port


# --- who sends


def ours(
    port: int, size: str, count: int, *, ledger: bool, connections: int = CONNECTIONS
) -> float:
    """Return the seconds that our engine takes, with or without the ledger."""
    cutter = Cutter(compiled(size))
    url = f"smtp://127.0.0.1:{port}"
    channel = SmtpChannel(Relay(server=server_of(url), bounds=Bounds(connections=connections)))
    with tempfile.TemporaryDirectory() as folder:
        source, record, end = (
            _with_ledger(Path(folder), cutter, count) if ledger else _without(cutter, count)
        )
        start = time.perf_counter()
        asyncio.run(channel.deliver_many(source, record=record, stop=lambda: False))
        took = time.perf_counter() - start
        end()
    return took


Parts = tuple[
    Callable[[int], Sequence[Outgoing[Mail]]],
    Callable[[Sequence[int], Sequence[Outcome]], None],
    Callable[[], None],
]


def _without(cutter: Cutter, count: int) -> Parts:
    numbers = iter(range(1, count + 1))

    def source(most: int) -> list[Outgoing[Mail]]:
        return [cutter.outgoing(number) for number, _ in zip(numbers, range(most), strict=False)]

    return source, lambda intents, outcomes: None, lambda: None


def _with_ledger(folder: Path, cutter: Cutter, count: int) -> Parts:
    engine = open_database(f"sqlite:///{folder / 'ledger.sqlite'}")
    frozen = Ledger(engine).freeze(
        FrozenCampaign(
            slug="oproep",
            title="Oproep",
            language="nl",
            time_zone="Europe/Amsterdam",
            event_name="Rondetafelgesprek",
            event_at=AT + timedelta(days=1),
            fingerprint="0" * 64,
            rehearsal=False,
            steps=(
                FrozenStep(
                    number=1,
                    channel="newsletter",
                    draft="d",
                    at=AT,
                    deadline=AT + timedelta(days=1),
                ),
            ),
        ),
        [[Planned(recipient=Recipient(address=f"u{n}@x.example")) for n in range(count)]],
    )
    worker = Worker(engine)
    waiting: list[int] = []

    def source(most: int) -> list[Outgoing[Mail]]:
        if not waiting:
            waiting.extend(claim.id for claim in worker.claim(frozen.steps[0].id, 500))
        batch = waiting[:most]
        del waiting[:most]
        return [cutter.outgoing(number) for number in batch]

    def end() -> None:
        counts = Ledger(engine).counts(frozen.id)
        assert list(counts[frozen.steps[0].id].values()) == [count], counts
        worker.release()
        engine.dispose()

    return source, worker.record, end


def source_of_postfix(port: int, size: str, count: int) -> float:
    """Return the seconds that `smtp-source` takes for one constant message."""
    length = len(Cutter(compiled(size)).outgoing(1).message.content)
    command = [_postfix("smtp-source"), "-d", "-s", str(CONNECTIONS), "-m", str(count)]
    command += ["-l", str(length), "-f", "a@org.example", "-t", "u@x.example", f"127.0.0.1:{port}"]
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - start


def _composed(size: str, number: int) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Stichting Voorbeeld <krant@org.example>"
    message["To"] = f"Lezer {number} <u{number}@x.example>"
    message["Subject"] = "Oproep: geen kind in de cel"
    message.set_content(f"Beste lezer {number},\n")
    html = page(size).replace(slot("naam"), f"Lezer {number}").replace(slot("stop"), f"x{number}")
    message.add_alternative(html, subtype="html")
    return message


def standard_library(port: int, size: str, count: int) -> float:
    """Return the seconds that smtplib takes with an `EmailMessage` per recipient, four threads."""

    def some(numbers: range) -> None:
        with smtplib.SMTP("127.0.0.1", port) as connection:
            for number in numbers:
                connection.send_message(_composed(size, number))

    start = time.perf_counter()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(some, [range(first, count, 4) for first in range(4)]))
    return time.perf_counter() - start


def aiosmtplib_peer(port: int, size: str, count: int) -> float:
    """Return the seconds that aiosmtplib takes with an `EmailMessage` per recipient."""
    import aiosmtplib

    async def some(numbers: range) -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as connection:
            for number in numbers:
                await connection.send_message(_composed(size, number))

    async def everything() -> None:
        shares = [range(first, count, CONNECTIONS) for first in range(CONNECTIONS)]
        await asyncio.gather(*map(some, shares))

    start = time.perf_counter()
    asyncio.run(everything())
    return time.perf_counter() - start


def nodemailer(port: int, size: str, count: int) -> float:
    """Return the seconds that nodemailer's pool takes, composing HTML and text."""
    with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as file:
        file.write(page(size).replace(slot("naam"), "NAAM").replace(slot("stop"), "NAAM"))
        file.flush()
        command = ["node", str(HERE / "nodemailer_peer.mjs"), str(port), str(count), file.name]
        return float(subprocess.run(command, check=True, capture_output=True).stdout)


Sender = Callable[[int, str, int], float]
PEERS: dict[str, tuple[Sender, int]] = {
    "smtp-source, one constant message, no record": (source_of_postfix, MESSAGES),
    "Oproep, ledger on": (lambda *what: ours(*what, ledger=True), MESSAGES),
    "Oproep, no ledger": (lambda *what: ours(*what, ledger=False), MESSAGES),
    "Oproep, ledger on, 50 connections": (
        lambda *what: ours(*what, ledger=True, connections=50),
        MESSAGES,
    ),
    "nodemailer pool, composing": (nodemailer, 2_000),
    "smtplib, EmailMessage each": (standard_library, 500),
    "aiosmtplib, EmailMessage each": (aiosmtplib_peer, 500),
}
SOURCE, LEDGER, NO_LEDGER, MANY, *OTHERS = PEERS
SINK = (SOURCE, LEDGER, NO_LEDGER, MANY, *OTHERS)
FREE = (SOURCE, LEDGER, NO_LEDGER, MANY)
REAL = (SOURCE, LEDGER, OTHERS[0])


def measure(
    sink: Callable[[], AbstractContextManager[int]],
    size: str,
    names: Sequence[str],
    *,
    most: int = MESSAGES,
) -> dict[str, float]:
    """Return messages per second by sender: medians of interleaved rounds."""
    rates: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(ROUNDS):
        for name in names:
            send, count = PEERS[name]
            count = min(count, most)
            with sink() as port:
                rates[name].append(count / send(port, size, count))
    return {name: statistics.median(found) for name, found in rates.items()}


def show(measured: Mapping[str, Mapping[str, float]]) -> None:
    """Print one table: a row for each client, and a column for each sink with the ratios."""
    print(
        f"\n**Mail**, messages a second over {CONNECTIONS} connections (ratio to the first row)\n"
    )
    print(f"| client | {' | '.join(measured)} |\n| --- |{' ---: |' * len(measured)}")
    for name in PEERS:
        cells = [
            f"{rates[name]:,.0f} ({rates[name] / rates[SOURCE]:.2f})" if name in rates else ""
            for rates in measured.values()
        ]
        print(f"| {name} | {' | '.join(cells)} |")


def slow_relay() -> None:
    """Print how near we come to connections ÷ latency with a relay that takes 50 ms a message."""
    print("\n**A relay that takes 50 ms a message**, ledger on\n")
    print("| connections | a second | of connections ÷ latency |\n| ---: | ---: | ---: |")
    for connections in (10, 50, 100, 200):
        count = connections * 60
        with free_sink(0.05) as port:
            rate = count / ours(port, "5 KB", count, ledger=True, connections=connections)
        print(f"| {connections} | {rate:,.0f} | {rate * 0.05 / connections:.0%} |")


def main() -> None:
    """Print all tables."""
    measured = {f"smtp-sink, {size}": measure(smtp_sink, size, SINK) for size in SIZES}
    measured |= {f"free sink, {size}": measure(free_sink, size, FREE) for size in SIZES}
    measured["Postfix, 35 KB"] = measure(real_postfix, "35 KB", REAL, most=TO_POSTFIX)
    show(measured)
    slow_relay()
    print(f"\nA sync of 50 KB took {disk_sync() * 1e6:,.0f} µs; load {os.getloadavg()[0]:.1f}.")


def disk_sync() -> float:
    """Return the seconds of one synced write as large as a group's, the median of many.

    With the ledger on no machine can pass ten connections a sync.
    """
    took: list[float] = []
    with tempfile.NamedTemporaryFile() as file:
        for at in range(200):
            start = time.perf_counter()
            os.pwrite(file.fileno(), bytes(50_000), at % 20 * 50_000)
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - start)
    return statistics.median(took)


def _postfix(program: str) -> str:
    found = shutil.which(program, path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if found is None:
        raise SystemExit(f"{program} is not here: apt-get install postfix")
    return found


if __name__ == "__main__":
    main()
