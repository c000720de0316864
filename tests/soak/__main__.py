"""`make soak`: 200 kills over 20,000 recipients, on both databases, one worker and three."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests import postgres
from tests.soak.killing import CONNECTIONS, soak
from tests.social.soaking import main as soak_posts

RECIPIENTS = 20_000
KILLS = 200


def main() -> int:
    """Run all four, print what was found, and return 1 if anything was lost or doubled."""
    failed = False
    print("| database | workers | kills | lost | doubled | unconfirmed | at most |", flush=True)
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for database in ("sqlite", "postgresql"):
        for workers in (1, 3):
            with ExitStack() as stack:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                url = f"sqlite:///{folder / 'ledger.sqlite'}"
                if database == "postgresql":
                    programs = postgres.programs()
                    if programs is None:
                        sys.exit("PostgreSQL is not here: apt-get install postgresql")
                    url = stack.enter_context(postgres.cluster(programs))
                tally = soak(
                    url,
                    recipients=RECIPIENTS,
                    kills=KILLS,
                    workers=workers,
                    seed=workers,
                    folder=folder,
                )
            bound = CONNECTIONS * (tally.kills + workers)
            failed |= bool(tally.lost or tally.doubled or tally.unconfirmed > bound)
            print(
                f"| {database} | {workers} | {tally.kills} | {len(tally.lost)} "
                f"| {len(tally.doubled)} | {tally.unconfirmed} | {bound} |",
                flush=True,
            )
    return int(failed) or soak_posts()


if __name__ == "__main__":
    sys.exit(main())
