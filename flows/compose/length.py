"""How long a post is, as each network counts, and where its links, mentions and tags stand."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import regex

URL_CHARACTERS = 23
"""What a link counts on Mastodon, whatever its length (docs.joinmastodon.org/user/posting)."""

_CLUSTER = regex.compile(r"\X")
_LINK = regex.compile(r"""(?<![\w@/])https?://\w[^\s<>"“”„]*""", regex.I)
_LINK_START = regex.compile(r"https?://(www\.)?", regex.I)
_LINK_SHOWN = 30
_EMOJI = regex.compile(
    r"\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|\p{Regional_Indicator}{2}|\u20E3"
)
_X_LIGHT = (range(4352), range(8192, 8206), range(8208, 8224), range(8242, 8248))
_AFTER_A_LINK = ".,;:!?'’…]"
_HOST = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_MASTODON_MENTION = regex.compile(
    rf"(?<![\w@/])@([a-z0-9_](?:[\w.-]*[a-z0-9_])?)@{_HOST}(?:\.{_HOST})*(?::\d+)?", regex.I
)
_BLUESKY_MENTION = regex.compile(rf"(?<![\w@/.])@({_HOST}(?:\.{_HOST})+)(?![\w@])", regex.I)
_TAG = regex.compile(r"(?<![\w#&/])[#＃]((?=\w*[^\W\d])\w{1,64})(?!\w)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of a text that means more than its letters."""

    kind: str
    """`link`, `mention` or `tag`."""
    start: int
    end: int
    value: str
    """The URL, the handle without `@`, or the tag without `#`."""


def graphemes(text: str) -> int:
    """Return how many characters a person sees: a family of emoji is one (UAX #29)."""
    return sum(1 for _ in _CLUSTER.finditer(text))


def mastodon_length(
    text: str, *, content_warning: str = "", url_characters: int = URL_CHARACTERS
) -> int:
    """Return what a post counts on Mastodon.

    A link counts `url_characters`, `@user@server` counts as `@user`, the warning counts too.
    """
    plain = text
    for span in reversed(links(text)):
        plain = plain[: span.start] + "x" * url_characters + plain[span.end :]
    plain = _MASTODON_MENTION.sub(lambda found: "@" + str(found[1]), plain)
    return graphemes(plain) + graphemes(content_warning)


def x_length(text: str) -> int:
    """Return what a post counts on X: Latin letters one, other characters and emoji two, links 23.

    The weights and ranges are those of its twitter-text configuration, version 3.
    """
    plain = unicodedata.normalize("NFC", text)
    for span in reversed(links(plain)):
        plain = plain[: span.start] + "x" * URL_CHARACTERS + plain[span.end :]
    return sum(_x_weight(cluster[0]) for cluster in _CLUSTER.finditer(plain))


def mastodon_mentions(text: str) -> list[str]:
    """Return the accounts that a text mentions with their server: `@user@server.example`."""
    return [found[0] for found in _MASTODON_MENTION.finditer(text)]


def links(text: str) -> list[Span]:
    """Return the links of a text, in order."""
    spans = []
    for found in _LINK.finditer(text):
        url = _without_sentence_end(found[0])
        end = found.start() + len(url)
        spans.append(Span(kind="link", start=found.start(), end=end, value=url))
    return spans


def bluesky_spans(text: str) -> list[Span]:
    """Return the links, mentions and tags that Bluesky must be told of, in order, not overlapping.

    Offsets are in code points.
    """
    return _spans(text, _BLUESKY_MENTION)


def shown_spans(text: str, network: str) -> list[Span]:
    """Return the links, mentions and tags that a network makes of a text, in order.

    Args:
        text: The text of a post.
        network: Key of the network; only two of them turn a handle into a mention by themselves.
    """
    mentions = {"mastodon": _MASTODON_MENTION, "bluesky": _BLUESKY_MENTION}
    return _spans(text, mentions.get(network))


def displayed(text: str, kind: str, network: str) -> str:
    """Return what a network shows of a link, mention or tag.

    Mastodon leaves out the beginning of a link and what comes after thirty more characters, and
    the server of a mention (its `TextFormatter`); the others show what was written.
    """
    if network != "mastodon":
        return text
    if kind == "mention":
        return text[: text.index("@", 1)]
    if kind == "link":
        rest = _LINK_START.sub("", text)
        return rest if len(rest) <= _LINK_SHOWN else f"{rest[:_LINK_SHOWN]}…"
    return text


def _spans(text: str, mention: regex.Pattern[str] | None) -> list[Span]:
    found = links(text)
    patterns = [("mention", mention)] if mention else []
    for kind, pattern in (*patterns, ("tag", _TAG)):
        found += [
            Span(kind=kind, start=match.start(), end=match.end(), value=match[1])
            for match in pattern.finditer(text)
        ]
    found.sort(key=lambda span: (span.start, -span.end))
    apart: list[Span] = []
    for span in found:
        if not apart or span.start >= apart[-1].end:
            apart.append(span)
    return apart


def _without_sentence_end(url: str) -> str:
    """Cut off what belongs to the sentence and not to the link: a full stop, a closing bracket."""
    while url[-1] in _AFTER_A_LINK or (url[-1] == ")" and url.count(")") > url.count("(")):
        url = url[:-1]
    return url


def _x_weight(cluster: str) -> int:
    if _EMOJI.search(cluster):
        return 2
    return sum(1 if any(ord(sign) in few for few in _X_LIGHT) else 2 for sign in cluster)
