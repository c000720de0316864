"""Whether a launched campaign is still what was approved, looked at all the time at little cost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.campaign.folder import ORGANISATION_FILE, PARTNERS_FILE, find_campaign, load_campaign
from flows.errors import OproepError
from flows.ledger.frozen import FrozenCampaign
from flows.settings import Settings

Signature = tuple[tuple[str, int, int], ...]
"""Each file that an approval is about, with when it was written and its size."""

_known: dict[str, tuple[Signature, str]] = {}
"""By campaign: the fingerprint that its files had when they looked like this."""


def is_changed(settings: Settings, frozen: FrozenCampaign) -> bool:
    """Return whether a campaign is another one than was frozen, or cannot be read.

    Everything is composed for it, but only when a file has changed since the last look.
    """
    signature = tuple(sorted(_files(settings, frozen.slug)))
    last = _known.get(frozen.slug)
    if last is None or last[0] != signature:
        last = _known[frozen.slug] = (signature, _fingerprint(settings, frozen.slug))
    return last[1] != frozen.fingerprint


def _fingerprint(settings: Settings, slug: str) -> str:
    # Imported when a file has changed: it brings in all that composes.
    from flows.campaign.fingerprint import fingerprint

    try:
        return fingerprint(load_campaign(find_campaign(settings, slug), settings), settings)
    except OproepError:
        return ""


def _files(settings: Settings, slug: str) -> Iterator[tuple[str, int, int]]:
    content = settings.content_dir
    yield from _stamps(content / ORGANISATION_FILE)
    yield from _stamps(content / PARTNERS_FILE)
    for folder in (content / slug, settings.templates_dir):
        for path in folder.rglob("*"):
            yield from _stamps(path)


def _stamps(path: Path) -> Iterator[tuple[str, int, int]]:
    try:
        about = path.stat()
    except OSError:
        return
    yield str(path), about.st_mtime_ns, about.st_size
