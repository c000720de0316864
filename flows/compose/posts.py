"""One draft, many networks: a thread that keeps sentences, links and hashtags whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from flows.compose.mail import Words, checked_link
from flows.compose.markup import Block, parse
from flows.compose.messages import LinkCard, Picture, Post
from flows.compose.networks import NETWORKS, Network
from flows.compose.plaintext import spans_as_text
from flows.compose.slots import one_line
from flows.compose.threads import Thread
from flows.errors import InputError
from flows.files import split_front_matter, validated
from flows.models import NewsItem, Problem, Severity, Value
from flows.news.sentences import sentences

_BREAK = re.compile(r" {0,3}(?:---+|\*\*\*+) *")
_SECTION = re.compile(r" {0,3}##[ \t]+(.+?)[ \t#]*")
_LONGEST_CARD = 300


_MENTION = re.compile(r"@\{([^{}\n]*)\}")

Visibility = Literal["public", "unlisted", "private"]
_Part = Annotated[float, Field(ge=-1, le=1)]


class DraftPicture(Value):
    """A picture of a draft."""

    file: Words = ""
    """Name of a file beside the draft."""
    alt: Words = ""
    focus: tuple[_Part, _Part] | None = None
    """The point that must stay visible when it is cropped: x and y from -1 to 1, y upwards."""


class _FrontMatter(Value):
    link: Words = ""
    hashtags: tuple[str, ...] = ()
    content_warning: Words = ""
    language: Words = ""
    visibility: Visibility = "public"
    picture: Words = ""
    alt: Words = ""
    focus: tuple[_Part, _Part] | None = None
    pictures: tuple[DraftPicture, ...] = ()
    thumbnail: Words = ""

    def all_pictures(self) -> tuple[DraftPicture, ...]:
        """Return the pictures, however they are written: one by itself, or a list."""
        if not self.picture:
            return self.pictures
        return (DraftPicture(file=self.picture, alt=self.alt, focus=self.focus), *self.pictures)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDraft:
    """What a person wrote: a thread, and what a network has of its own."""

    link: str
    hashtags: tuple[str, ...]
    """Without `#`."""
    content_warning: str
    language: str
    """Empty if it is the item's."""
    visibility: Visibility = "public"
    pictures: tuple[DraftPicture, ...] = ()
    thumbnail: str = ""
    """Name of a file beside the draft: the picture of the link's card, where we make that."""
    parts: tuple[tuple[str, ...], ...]
    """Paragraphs of plain text, in the parts between thread breaks."""
    sections: Mapping[str, tuple[tuple[str, ...], ...]]
    """The same for networks that have a text of their own, by the key of the network."""
    where: str

    @property
    def mentions(self) -> tuple[str, ...]:
        """The partners that the texts mention as `@{Name of the organisation}`, each once."""
        every = [self.parts, *self.sections.values()]
        found = (
            one_line(name)
            for parts in every
            for paragraphs in parts
            for text in paragraphs
            for name in _MENTION.findall(text)
        )
        return tuple(dict.fromkeys(found))

    def parts_for(self, network: Network) -> tuple[tuple[str, ...], ...]:
        """Return the text for a network: its own if it has one."""
        return self.sections.get(network.key, self.parts)


def read_post_draft(text: str, *, where: str) -> PostDraft:
    """Read a draft of posts.

    A line `---` begins a new post; a heading `## LinkedIn` begins the text of that network; and
    `@{Name}` mentions a partner, by its handle where it has one on the network.

    Args:
        text: The file's text.
        where: The file's name, for errors.

    Raises:
        InputError: the front matter cannot be read, the link is none, or a section is for a
            network that nobody knows.
    """
    values, body = split_front_matter(text, where=where)
    front = validated(values, _FrontMatter, where=where)
    first_line = 1 + text.count("\n") - body.count("\n")
    sections = dict(_sections(body, where=where, first_line=first_line))
    return PostDraft(
        link=checked_link(front.link, where=where),
        hashtags=tuple(tag.lstrip("#") for tag in front.hashtags),
        content_warning=front.content_warning,
        language=front.language,
        visibility=front.visibility,
        pictures=front.all_pictures(),
        thumbnail=front.thumbnail,
        parts=sections.pop("", ()),
        sections=sections,
        where=where,
    )


def _sections(
    body: str, *, where: str, first_line: int
) -> Iterator[tuple[str, tuple[tuple[str, ...], ...]]]:
    """Yield each section's network, nothing for the common text, and its parts."""
    labels = {network.label.casefold(): network.key for network in NETWORKS.values()}
    key, parts = "", [list[str]()]
    for number, line in enumerate(body.split("\n"), first_line):
        if heading := _SECTION.fullmatch(line):
            yield key, _parts(parts)
            label = heading[1].casefold()
            if label not in labels:
                raise _unknown_network(heading[1], where=f"{where}:{number}")
            key, parts = labels[label], [[]]
        elif _BREAK.fullmatch(line):
            parts.append([])
        else:
            parts[-1].append(line)
    yield key, _parts(parts)


def _unknown_network(name: str, *, where: str) -> InputError:
    return InputError(
        f"{name[:60]!r} is no network that posts are made for.",
        where=where,
        mend=f"There are: {', '.join(each.label for each in NETWORKS.values())}. "
        "Any other heading has no place in a post.",
    )


def _parts(parts: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    texts = (tuple(_paragraphs(parse("\n".join(lines)))) for lines in parts)
    return tuple(paragraphs for paragraphs in texts if paragraphs)


def _paragraphs(blocks: Sequence[Block], mark: str = "") -> Iterator[str]:
    """Yield the paragraphs of blocks as a network shows them: without markup."""
    for block in blocks:
        if block.kind == "list":
            first = block.start or 1
            lines = [
                line
                for number, item in enumerate(block.items, first)
                for line in _paragraphs(item, "• " if block.start is None else f"{number}. ")
            ]
            yield "\n".join(lines)
        elif block.kind == "quote":
            yield from _paragraphs(block.blocks)
        elif text := spans_as_text(block.spans, link="").strip():
            yield mark + text


def render_posts(
    draft: PostDraft,
    *,
    network: Network,
    account: str,
    item: NewsItem,
    pictures: Sequence[Picture] = (),
    thumbnail: Picture | None = None,
    mentions: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Post, ...]:
    """Return the posts of a draft on one network.

    The first one carries the pictures, and the link and the hashtags if they fit. No sentence is
    ever cut: one that is longer than a post stays whole, for `post_problems` to report. Where a
    network has no threads, the common text ends after the last sentence that fits.

    Args:
        draft: What a person wrote.
        network: Where it appears.
        account: On which account.
        item: The news item, for its language and the link's card.
        pictures: What the first post shows.
        thumbnail: What the link's card shows, if there is one.
        mentions: What stands for each partner on this network, by the name in `draft.mentions`.
    """
    in_card = makes_card(draft, network, pictures=len(pictures))
    link = "" if in_card else draft.link
    thread = _thread(draft, network.showing(len(pictures)), mentions, link=link)
    texts = thread.finished()
    return tuple(
        Post(
            account=account,
            text=text,
            language=draft.language or item.language,
            link=draft.link if number == 1 else "",
            card=_card(draft, item, thumbnail) if number == 1 and in_card else None,
            pictures=tuple(pictures) if number == 1 else (),
            content_warning=draft.content_warning,
            visibility=draft.visibility,
            left_out=thread.left_out,
            number=number,
            of=len(texts),
        )
        for number, text in enumerate(texts, 1)
    )


def makes_card(draft: PostDraft, network: Network, *, pictures: int) -> bool:
    """Return whether the first post shows the link as a card that we make."""
    return network.card and bool(draft.link) and not pictures


def post_problems(posts: Sequence[Post], *, network: Network, where: str) -> list[Problem]:
    """Return what keeps posts from appearing as they are: those too long, and no posts at all.

    And a warning about what there was no room for.
    """
    if not posts:
        what, mend = "There is no text for a post.", "Write the text below the front matter."
        return [_problem("post-empty", where, what, mend)]
    found = []
    for post in posts:
        bounds = network.showing(len(post.pictures))
        if post.left_out:
            found.append(_shortened(post, bounds, where))
        if bounds.fits(post.text, content_warning=post.content_warning):
            continue
        what = f"Post {post.number} of {post.of} {_too_long(post, bounds)}: “{post.text[:40]}…”"
        mend = (
            "Make its longest sentence two."
            if network.threads
            else f"Write a shorter text under a heading `## {network.label}`."
        )
        found.append(_problem("text-too-long", where, what, mend))
    return found


def _too_long(post: Post, network: Network) -> str:
    length = network.length(post.text, content_warning=post.content_warning)
    most, octets = network.limits.characters, len(post.text.encode())
    if most is not None and length > most:
        return f"counts {length} characters; {network.label} takes {most}"
    return f"takes {octets} bytes; {network.label} takes {network.limits.bytes}"


def _shortened(post: Post, network: Network, where: str) -> Problem:
    start = post.left_out[:40]
    return Problem(
        severity=Severity.WARNING,
        code="text-shortened",
        where=where,
        what=f"{network.label} takes {network.limits.characters} characters, so the text ends "
        f"before “{start}{'…' if start != post.left_out else ''}”.",
        mend=f"Write a shorter text under a heading `## {network.label}`, or leave it so.",
    )


def _problem(code: str, where: str, what: str, mend: str) -> Problem:
    return Problem(severity=Severity.ERROR, code=code, where=where, what=what, mend=mend)


def _card(draft: PostDraft, item: NewsItem, thumbnail: Picture | None) -> LinkCard:
    description = ""
    for sentence in sentences(item.lead):
        if len(description) + len(sentence) >= _LONGEST_CARD:
            break
        description = f"{description} {sentence}".strip()
    return LinkCard(url=draft.link, title=item.title, description=description, thumbnail=thumbnail)


def _thread(
    draft: PostDraft, network: Network, mentions: Mapping[str, str], *, link: str
) -> Thread:

    def mentioned(found: re.Match[str]) -> str:
        return mentions.get(one_line(found[1]), one_line(found[1]))

    tags = " ".join(f"#{tag}" for tag in draft.hashtags)
    thread = Thread(
        network,
        content_warning=draft.content_warning,
        endings=(link, tags),
        # A text that was written for this network is its writer's to shorten.
        shortens=network.key not in draft.sections,
    )
    for part in draft.parts_for(network):
        thread.add([_MENTION.sub(mentioned, paragraph) for paragraph in part])
    return thread
