"""`make bench`: every benchmark, one after the other, printed as the README quotes it."""

from __future__ import annotations

from tests.bench import bench_commands


def main() -> None:
    """Run all benchmarks."""
    bench_commands.main()


if __name__ == "__main__":
    main()
