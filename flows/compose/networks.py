"""What each network takes, and how it counts.

The bounds are those that the networks state; a server of Mastodon has its own, which the channel
reads from it: `dataclasses.replace(NETWORKS["mastodon"], limits=…)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import regex

from flows.compose.length import URL_CHARACTERS, graphemes, links, mastodon_length
from flows.models import Limits

_CLUSTER = regex.compile(r"\X")
_PICTOGRAPH = regex.compile(r"\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3")
_X_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that count one on X; all others count two (twitter-text, configuration v3)."""


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
    count: Callable[[str, str, Limits], int]
    """Text, content warning and limits to the number that the network compares."""

    def length(self, text: str, *, content_warning: str = "") -> int:
        """Return what a post counts on this network."""
        return self.count(text, content_warning, self.limits)

    def fits(self, text: str, *, content_warning: str = "") -> bool:
        """Return whether a text fits into one post."""
        most, octets = self.limits.characters, self.limits.bytes
        if octets is not None and len(text.encode()) > octets:
            return False
        return most is None or self.length(text, content_warning=content_warning) <= most


def x_length(text: str, *, url_characters: int = URL_CHARACTERS) -> int:
    """Return what a post counts on X: an emoji two whatever it is made of, a link always 23."""
    end, total = 0, 0
    for span in links(text):
        total += _x_weight(text[end : span.start]) + url_characters
        end = span.start + len(span.value)
    return total + _x_weight(text[end:])


def _x_weight(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(_x_cluster(found[0]) for found in _CLUSTER.finditer(text))


def _x_cluster(cluster: str) -> int:
    if len(cluster) > 1 and _PICTOGRAPH.search(cluster):
        return 2
    return sum(
        1 if any(low <= ord(char) <= high for low, high in _X_LIGHT) else 2 for char in cluster
    )


def _count_mastodon(text: str, content_warning: str, limits: Limits) -> int:
    return mastodon_length(
        text,
        content_warning=content_warning,
        url_characters=limits.url_characters or URL_CHARACTERS,
    )


def _count_x(text: str, _warning: str, limits: Limits) -> int:
    return x_length(text, url_characters=limits.url_characters or URL_CHARACTERS)


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
        threads=False,
        count=_count_units,
    ),
)

NETWORKS: Mapping[str, Network] = MappingProxyType({network.key: network for network in _ALL})
"""Every network by the key of its channel."""
