"""How long a page takes to read, against the extractor alone in the same run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

PAGES = Path(__file__).resolve().parents[1] / "news" / "pages"
ROUNDS = 9


def milliseconds(act: Callable[[], object]) -> float:
    """Return the median time of several rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def large(page: bytes) -> bytes:
    """Return a page with the menus, teasers and scripts around it that a site of today has."""
    head, _, body = page.partition(b"<body")
    start, _, rest = body.partition(b">")
    teaser = (
        b'<div class="teaser grid-item"><a href="/nieuws/%d"><img src="/img/%d.jpg" alt=""></a>'
        b'<h3><a href="/nieuws/%d">Een ander bericht</a></h3><p>Met een korte inleiding.</p></div>'
    )
    teasers = b"".join(teaser % (n, n, n) for n in range(120))
    script = b"<script>" + b"window.push({a:1,b:[2,3]});" * 1_500 + b"</script>"
    around = b'<footer class="site-footer">' + teasers + b"</footer>" + script
    filled = rest.replace(b"</body>", around + b"</body>", 1)
    return head + b"<body" + start + b">" + filled


def main() -> None:
    """Measure the twelve pages of the tests, as they are and with furniture around them."""
    import trafilatura

    from flows.news.page import read_page

    print("\n**Reading a page** (medians, beside the network)\n")
    print("| twelve pages of the tests | ms a page | trafilatura alone | may take |")
    print("| --- | ---: | ---: | ---: |")
    for name, change in (("as they are", bytes), ("with the furniture of a site of today", large)):
        pages = [change(path.read_bytes()) for path in sorted(PAGES.glob("*.html"))]

        def ours(pages: list[bytes] = pages) -> None:
            for page in pages:
                read_page(page, url="https://ngo.example/nieuws/kop")

        def alone(pages: list[bytes] = pages) -> None:
            for page in pages:
                trafilatura.extract(page, include_comments=False)

        ours()
        alone()
        mine, theirs = milliseconds(ours) / len(pages), milliseconds(alone) / len(pages)
        size = sum(map(len, pages)) / len(pages) / 1000
        print(f"| {name} ({size:.0f} KB each) | {mine:.0f} | {theirs:.0f} | 60 |")


if __name__ == "__main__":
    main()
