"""How well articles are read off pages, against the extractor alone, on a folder of pages.

    .venv/bin/python -m tests.bench.bench_extraction FOLDER

FOLDER holds, for each page, `NAME.html` or `NAME.html.gz` and `NAME.json` with `body` (plain text)
and, where known, `title` and `url`. No such set is kept here: those there are belong to others.

Bodies are compared by runs of four words, as public benchmarks do: precision and recall are means
over the pages, F1 is theirs. A title is right when its words are the same.
"""

from __future__ import annotations

import gzip
import json
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_RUN = 4
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page, and what a person says is on it."""

    content: bytes
    body: str
    title: str
    url: str


class Read(NamedTuple):
    """What a program says is on a page."""

    body: str
    title: str


class Score(NamedTuple):
    """How far two texts are the same."""

    precision: float
    recall: float


def pages_in(folder: Path) -> Iterator[Page]:
    """Yield the pages of a folder."""
    for facts in sorted(folder.glob("*.json")):
        said = json.loads(facts.read_text("utf-8"))
        plain, packed = facts.with_suffix(".html"), facts.with_suffix(".html.gz")
        content = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
        yield Page(
            content=content,
            body=said["body"],
            title=said.get("title") or "",
            url=said.get("url") or "",
        )


def compare(true: str, found: str) -> Score:
    """Return the share of the found runs that are true, and of the true runs that were found."""
    wanted, had = _runs(true), _runs(found)
    same = (wanted & had).total()
    return Score(
        precision=same / had.total() if had else float(not wanted),
        recall=same / wanted.total() if wanted else 1.0,
    )


def _runs(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    return Counter(
        tuple(words[start : start + _RUN]) for start in range(max(1, len(words) - _RUN + 1))
    )


def ours(page: Page) -> Read:
    """Return what the import reads, as `oproep import --json` prints it."""
    from flows.errors import InputError
    from flows.news import item_json
    from flows.news.page import read_page

    try:
        item = item_json(read_page(page.content, url=page.url, source="page.html").item)
    except InputError:
        return Read("", "")
    return Read(item["text"], item["title"])


def alone(page: Page) -> Read:
    """Return what trafilatura reads by itself, in the setting that its own evaluation uses."""
    import trafilatura

    told = trafilatura.extract_metadata(page.content, default_url=page.url or None)
    body = trafilatura.extract(page.content, include_comments=False, include_tables=True)
    return Read(body or "", told.title or "")


def measure(pages: Sequence[Page], name: str, read: Callable[[Page], Read]) -> None:
    """Print one row: precision, recall, F1, share of right titles, milliseconds a page."""
    read(pages[0])
    scores, titles, spent = [], [], 0.0
    for page in pages:
        start = time.process_time()
        found = read(page)
        spent += time.process_time() - start
        scores.append(compare(page.body, found.body))
        if page.title:
            titles.append(_WORD.findall(page.title.lower()) == _WORD.findall(found.title.lower()))
    precision = statistics.mean(score.precision for score in scores)
    recall = statistics.mean(score.recall for score in scores)
    f1 = 2 * precision * recall / ((precision + recall) or 1)
    right = f"{sum(titles) / len(titles):.0%}" if titles else ""
    took = f"{1000 * spent / len(pages):.0f}"
    print(f"| {name} | {precision:.3f} | {recall:.3f} | {f1:.3f} | {right} | {took} |")


def main() -> None:
    """Measure the folder that is named on the command line."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    pages = list(pages_in(Path(sys.argv[1])))
    if not pages:
        raise SystemExit(f"There are no pages in {sys.argv[1]}.")
    print(f"\n**Bodies and titles of {len(pages)} pages** (processor time)\n")
    print("| read by | precision | recall | F1 | titles | ms a page |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    measure(pages, "oproep import", ours)
    measure(pages, "trafilatura alone", alone)


if __name__ == "__main__":
    main()
