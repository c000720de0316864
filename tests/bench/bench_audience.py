"""How long a large list takes to import, in how much memory, and a returned mail to understand."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import NamedTuple

ROWS = 200_000
SAID = Path(__file__).resolve().parents[1] / "returns" / "said.toml"
# A process begins with the most memory of the one that started it, so that one must be small.
MEASURING = """\
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
took = resource.getrusage(resource.RUSAGE_CHILDREN)
print(took.ru_utime + took.ru_stime, took.ru_maxrss)
sys.exit(code)
"""
ORGANISATION = """\
name = "Organisatie"
legal_name = "Stichting Organisatie"
address = ["Straat 1"]
website = "https://organisatie.example"

[mail]
from_name = "Organisatie"
from_address = "nieuws@organisatie.example"
reply_to = "redactie@organisatie.example"

[lists.nieuwsbrief]
title = { nl = "Nieuwsbrief" }
"""


def write_list(path: Path, rows: int) -> None:
    """Write a list as an organisation has it: names, a language, a field, twenty a domain."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("email,voornaam,achternaam,taal,provincie,toestemming\n")
        for number in range(rows):
            file.write(
                f"Lezer.{number}@huis{number // 20}.example,Søren,van Nr {number},"
                f"{('nl', 'en', '')[number % 3]},Utrecht,2025-03-01\n"
            )


class Took(NamedTuple):
    """What one run of a command took."""

    seconds: float
    busy: float
    """Seconds of CPU, whatever else the machine was doing."""
    memory: float
    """The most it had, in MB."""


def imported(rows: int, folder: Path, *more: str) -> Took:
    """Import a list with the command."""
    path = folder / "lezers.csv"
    write_list(path, rows)
    (folder / "content").mkdir(exist_ok=True)
    (folder / "content" / "organisation.toml").write_text(ORGANISATION, "utf-8")
    columns = ("voornaam=name", "achternaam=name", "taal=language", "provincie=provincie")
    mapped = [word for each in (*columns, "toestemming=consented") for word in ("--map", each)]
    command = [str(Path(sys.executable).with_name("oproep")), "audience", "import", str(path)]
    said = ["--list", "nieuwsbrief", "--consent", "Ja, graag.", *mapped, "--json", *more]
    start = time.perf_counter()
    run = subprocess.run(
        [sys.executable, "-S", "-c", MEASURING, *command, *said],
        cwd=folder,
        env=os.environ | {"OPROEP_SECRET_KEY": "geheim" * 8},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - start
    outcome, _, measured = run.stdout.rstrip().rpartition("\n")
    assert json.loads(outcome)["on_the_list"] == rows, outcome
    busy, memory = measured.split()
    return Took(seconds, float(busy), int(memory) / 1024)


def understood() -> float:
    """Return the milliseconds that a returned mail takes, over all that the tests know."""
    from flows.returns.classify import classify
    from tests.returns.test_said import in_a_report, in_words

    texts = [
        text
        for by_action in tomllib.loads(SAID.read_text("utf-8")).values()
        for texts in by_action.values()
        for text in texts
    ]
    raws = [form(text) for text in texts for form in (in_a_report, in_words)]
    classify(raws[0])  # reads the tables
    start = time.perf_counter()
    for raw in raws:
        classify(raw)
    return (time.perf_counter() - start) / len(raws) * 1000


def main() -> None:
    """Print the tables."""
    print("\n**Readers and returned mail**\n")
    print("| what | takes | MB | may take |")
    print("| --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for name, more in (("see what would happen", ["--dry-run"]), ("import", [])):
            took = imported(ROWS, Path(folder), *more)
            many = f"{name}, {ROWS:,} rows"
            print(f"| {many} | {took.seconds:.1f} s | {took.memory:.0f} | 60 s, 300 MB |")
    milliseconds = understood()
    here = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| understand a returned mail | {milliseconds:.2f} ms | {here:.0f} | 2 ms |")


if __name__ == "__main__":
    main()
