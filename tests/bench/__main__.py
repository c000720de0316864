"""`make bench`: every benchmark, one after the other, printed as the README quotes it.

`make bench ONLY="mail launch"` runs these alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from tests.bench import (
    bench_audience,
    bench_commands,
    bench_launch,
    bench_mail,
    bench_news,
    bench_prefect,
    bench_scale,
)

SECTIONS: Mapping[str, Callable[[], None]] = MappingProxyType(
    {
        "commands": bench_commands.main,
        "news": bench_news.main,
        "audience": bench_audience.main,
        "mail": bench_mail.main,
        "scale": bench_scale.main,
        "launch": bench_launch.main,
        "prefect": bench_prefect.main,
    }
)


def main(names: Sequence[str]) -> None:
    """Run the named sections, or all."""
    if unknown := sorted(set(names) - SECTIONS.keys()):
        sys.exit(f"There is no {', '.join(unknown)}; there are {', '.join(SECTIONS)}.")
    for name in names or SECTIONS:
        SECTIONS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
