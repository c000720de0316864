"""`make bench`: every benchmark, one after the other, printed as the README quotes it."""

from __future__ import annotations

from tests.bench import bench_audience, bench_commands, bench_news


def main() -> None:
    """Run all benchmarks."""
    bench_commands.main()
    bench_news.main()
    bench_audience.main()


if __name__ == "__main__":
    main()
