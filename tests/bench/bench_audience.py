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

ROWS = 200_000
SAID = Path(__file__).resolve().parents[1] / "returns" / "said.toml"
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


def imported(rows: int, folder: Path, *more: str) -> tuple[float, float]:
    """Import a list with the command; return the seconds it took and its most memory in MB."""
    path = folder / "lezers.csv"
    write_list(path, rows)
    (folder / "content").mkdir(exist_ok=True)
    (folder / "content" / "organisation.toml").write_text(ORGANISATION, "utf-8")
    columns = ("voornaam=name", "achternaam=name", "taal=language", "provincie=provincie")
    mapped = [word for each in (*columns, "toestemming=consented") for word in ("--map", each)]
    command = [str(Path(sys.executable).with_name("oproep")), "audience", "import", str(path)]
    said = ["--list", "nieuwsbrief", "--consent", "Ja, graag.", *mapped, "--json", *more]
    start = time.perf_counter()
    with subprocess.Popen(
        [*command, *said],
        cwd=folder,
        env=os.environ | {"OPROEP_SECRET_KEY": "geheim" * 8},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        outcome = json.loads(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - start
    assert process.returncode == 0, outcome
    assert outcome["on_the_list"] == rows, outcome
    return took, usage.ru_maxrss / 1024


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
            took, memory = imported(ROWS, Path(folder), *more)
            print(f"| {name}, {ROWS:,} rows | {took:.1f} s | {memory:.0f} | 60 s, 300 MB |")
    milliseconds = understood()
    here = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| understand a returned mail | {milliseconds:.2f} ms | {here:.0f} | 2 ms |")


if __name__ == "__main__":
    main()
