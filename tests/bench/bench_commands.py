"""How long the commands take that an officer waits for, as a person would time them."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.table import Row, show

HOUSE = Path(__file__).resolve().parents[2]
CAMPAIGN = "2026-02-11-geen-kind-in-de-cel"
ROUNDS = 5
EMPTY_FLOW = """
import asyncio, pathlib
from flows.prefect_home import own_server
with own_server(pathlib.Path("var")) as server_is_up:
    from prefect import flow

    @flow
    async def empty(): pass

    server_is_up()
    asyncio.run(empty())
"""


def seconds(act: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    """Return the median time of several rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def command(house: Path, *arguments: str) -> Callable[[], object]:
    """Return an act that runs a command to its end."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPROEP_")}

    def act() -> object:
        return subprocess.run(
            arguments, cwd=house, env=environment, check=True, capture_output=True
        )

    return act


def compose_example(house: Path) -> Callable[[], object]:
    """Return an act that renders, compiles and cuts one issue and eleven partner mails."""
    from datetime import UTC, datetime

    from flows.campaign.folder import load_campaign
    from flows.campaign.rendering import compose_step, recipients_of
    from flows.compose.mime import MailSpec, compile_mail
    from flows.compose.rendered import slot_values
    from flows.models import Recipient
    from flows.settings import load

    settings = load({"OPROEP_CONTENT_DIR": str(house / "content")}, folder=house)
    reader = [Recipient(address="lezer@lezers.example", name="Lezer")]

    def act() -> None:
        campaign = load_campaign(settings.content_dir / CAMPAIGN, settings)
        for step in campaign.plan.steps:
            if not step.kind.is_mail:
                continue
            content = compose_step(campaign, step, settings)
            mail = content.mail
            compiled = compile_mail(
                MailSpec(
                    subject=mail.subject,
                    text=mail.text,
                    html=mail.html,
                    language=mail.language,
                    sender_name="Afzender",
                    sender_address="nieuws@afzender.example",
                    attachments=content.attachments,
                )
            )
            for recipient in recipients_of(campaign, step, reader):
                compiled.cut(
                    to_name=recipient.name,
                    to_address=recipient.address,
                    message_id="<a@afzender.example>",
                    date=datetime(2026, 2, 11, tzinfo=UTC),
                    values=slot_values(mail, recipient, unsubscribe_url="https://a.example/x"),
                )

    return act


def main() -> None:
    """Measure, and print the table."""
    oproep = str(Path(sys.executable).parent / "oproep")
    with tempfile.TemporaryDirectory() as folder:
        house = Path(folder)
        shutil.copytree(HOUSE / "content", house / "content")
        item = str(HOUSE / "tests/news/example-item.txt")
        python = seconds(command(house, sys.executable, "-c", "pass"))
        rows = [
            Row("`python -c pass`, for comparison", python, None),
            Row("`oproep --help`", seconds(command(house, oproep, "--help")), 0.3),
            Row(
                "`oproep import`",
                seconds(command(house, oproep, "import", item, "--slug", "nieuw")),
                1.5,
            ),
            Row("`oproep draft`", seconds(command(house, oproep, "draft", "nieuw")), 1.5),
            Row("`oproep check`", seconds(command(house, oproep, "check", CAMPAIGN)), 1.5),
            Row("compose an issue and eleven partner mails", seconds(compose_example(house)), 0.5),
        ]
        command(house, oproep, "rehearse", CAMPAIGN)()  # Prefect makes its database once
        rows.append(
            Row(
                "`oproep rehearse`, set up",
                seconds(command(house, oproep, "rehearse", CAMPAIGN), rounds=3),
                20,
            )
        )
        rows.append(
            Row(
                "an empty Prefect flow, for comparison",
                seconds(command(house, sys.executable, "-c", EMPTY_FLOW), rounds=3),
                None,
            )
        )
    show("Commands", rows, unit_of_comparison=python)


if __name__ == "__main__":
    main()
