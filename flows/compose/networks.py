"""What each network takes, and how it counts.

The bounds are those that the networks state; a server of Mastodon has its own, which the channel
reads from it: `dataclasses.replace(NETWORKS["mastodon"], limits=…)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from flows.compose.length import URL_CHARACTERS, graphemes, mastodon_length, x_length
from flows.models import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network, by its bounds and its habits."""

    key: str
    label: str
    """Its name, and the heading of its section in a draft."""
    limits: Limits
    threads: bool
    """Whether a text that is too long for one post goes on in the next."""
    card: bool = False
    """Whether a link stands in a card that we make, so that it needs no room in the text."""
    beneath: int | None = None
    """Characters beneath a picture, if that is fewer than in a text by itself."""
    edits: bool = False
    """Whether it shows a correction of a post that is out."""
    warns: bool = False
    """Whether a post can stand behind a warning in words."""
    count: Callable[[str, str, Limits], int]
    """Text, content warning and limits to the number that the network compares."""

    def showing(self, pictures: int) -> Network:
        """Return the network as it bounds a post with so many pictures."""
        if not pictures or self.beneath is None:
            return self
        return replace(self, limits=replace(self.limits, characters=self.beneath))

    def length(self, text: str, *, content_warning: str = "") -> int:
        """Return what a post counts on this network."""
        return self.count(text, content_warning, self.limits)

    def fits(self, text: str, *, content_warning: str = "") -> bool:
        """Return whether a text fits into one post."""
        most, octets = self.limits.characters, self.limits.bytes
        if octets is not None and len(text.encode()) > octets:
            return False
        return most is None or self.length(text, content_warning=content_warning) <= most


def _count_mastodon(text: str, content_warning: str, limits: Limits) -> int:
    return mastodon_length(
        text,
        content_warning=content_warning,
        url_characters=limits.url_characters or URL_CHARACTERS,
    )


def _count_x(text: str, _warning: str, _limits: Limits) -> int:
    return x_length(text)


def _count_graphemes(text: str, _warning: str, _limits: Limits) -> int:
    return graphemes(text)


def _count_units(text: str, _warning: str, _limits: Limits) -> int:
    """Count as the networks do that nobody specified: UTF-16 units, as their scripts do."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


_ALL = (
    Network(
        key="mastodon",
        label="Mastodon",
        limits=Limits(characters=500, url_characters=URL_CHARACTERS, images=4, alt_characters=1500),
        threads=True,
        edits=True,
        warns=True,
        count=_count_mastodon,
    ),
    Network(
        key="bluesky",
        label="Bluesky",
        limits=Limits(
            characters=300, bytes=3000, images=4, alt_characters=2000, image_bytes=1_000_000
        ),
        threads=True,
        card=True,
        count=_count_graphemes,
    ),
    Network(
        key="x",
        label="X",
        limits=Limits(characters=280, url_characters=URL_CHARACTERS, images=4, alt_characters=1000),
        threads=True,
        count=_count_x,
    ),
    Network(
        key="linkedin",
        label="LinkedIn",
        limits=Limits(characters=3000, images=20),
        threads=False,
        count=_count_units,
    ),
    Network(
        key="instagram",
        label="Instagram",
        limits=Limits(characters=2200, images=10),
        threads=False,
        count=_count_units,
    ),
    Network(
        key="facebook",
        label="Facebook",
        limits=Limits(characters=63_206, images=10),
        threads=False,
        count=_count_units,
    ),
    Network(
        key="whatsapp",
        label="WhatsApp",
        limits=Limits(characters=65_536),
        beneath=1024,
        threads=False,
        count=_count_units,
    ),
)

NETWORKS: Mapping[str, Network] = MappingProxyType({network.key: network for network in _ALL})
"""Every network by the key of its channel."""
