"""Every message of a campaign as it would go out, per named recipient, as pages to look at."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.campaign.folder import Campaign
from flows.campaign.plan import Step
from flows.campaign.rendering import StepContent, compose_step, recipients_of
from flows.compose.length import displayed, shown_spans
from flows.compose.messages import LinkCard, Picture, Post
from flows.compose.networks import NETWORKS
from flows.compose.rendered import slot_values
from flows.compose.slots import fill
from flows.files import write_bytes, write_text
from flows.models import Recipient
from flows.settings import Settings

MOST = 25
"""Recipients per step that are shown; the first ones say enough of a long list."""
_NOWHERE = "https://afmelden.invalid/"
_UNSAFE = re.compile(r"[^a-z0-9.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMail:
    """One recipient's copy, as two files beside the index."""

    name: str
    address: str
    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPicture:
    """One picture, as a file beside the index."""

    file: str
    alt: str
    focus: str
    """Where it is held when it is cropped, as CSS says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a post's text."""

    text: str
    link: str = ""
    """Where it leads, if it is a link."""
    marked: bool = False
    """Whether it is a mention or a tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPost:
    """One post as its network counts it."""

    pieces: tuple[Piece, ...]
    """Its text, with links, mentions and tags as the network would show them."""
    length: int
    most: int | None
    octets: int
    most_octets: int | None
    pictures: tuple[ShownPicture, ...]
    content_warning: str
    visibility: str
    language: str
    card: LinkCard | None
    thumbnail: str
    """The picture of the card, as a file beside the index."""
    left_out: str
    """What of the draft there was no room for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """One step with all that it sends."""

    step: Step
    local_time: str
    recipients: int
    mails: Sequence[ShownMail] = ()
    posts: Sequence[ShownPost] = ()


def write_preview(
    campaign: Campaign, settings: Settings, readers: Sequence[Recipient], folder: Path
) -> Path:
    """Write the preview into `folder`, in place of an earlier one, and return its index page.

    Raises:
        InputError: a draft, the item, the organisation or a recipient cannot be used.
    """
    shown = []
    pages: dict[str, str] = {}
    pictures: dict[str, bytes] = {}
    for step in sorted(campaign.plan.steps, key=lambda one: (one.at, one.number)):
        content = compose_step(campaign, step, settings)
        recipients = recipients_of(campaign, step, readers)
        local = step.at.astimezone(campaign.zone)
        mails = _mails(step, content, recipients[:MOST], pages) if step.kind.is_mail else ()
        shown.append(
            ShownStep(
                step=step,
                local_time=f"{local:%d-%m-%Y %H:%M}",
                recipients=len(recipients),
                mails=tuple(mails),
                posts=() if step.kind.is_mail else tuple(_posts(step, content, pictures)),
            )
        )
    shutil.rmtree(folder, ignore_errors=True)
    for name, page in pages.items():
        write_text(folder / name, page)
    for name, octets in pictures.items():
        write_bytes(folder / name, octets)
    index = folder / "index.html"
    write_text(index, _index(campaign, settings, shown))
    return index


def _mails(
    step: Step, content: StepContent, recipients: Sequence[Recipient], pages: dict[str, str]
) -> Iterator[ShownMail]:
    """Yield each recipient's copy, and put its pages into `pages` by their names."""
    mail = content.mail
    for number, recipient in enumerate(recipients, 1):
        stem = f"{step.number}-{step.channel}/{number:02}-" + _UNSAFE.sub(
            "-", recipient.address.lower()
        )
        values = slot_values(mail, recipient, unsubscribe_url=_NOWHERE)
        texts = {name: value.text for name, value in values.items()}
        pages[f"{stem}.html"] = fill(mail.html, {name: v.html for name, v in values.items()})
        pages[f"{stem}.txt"] = fill(mail.text, texts)
        yield ShownMail(
            name=recipient.name,
            address=recipient.address,
            subject=fill(mail.subject, texts),
            html=f"{stem}.html",
            text=f"{stem}.txt",
        )


def _posts(step: Step, content: StepContent, pictures: dict[str, bytes]) -> Iterator[ShownPost]:
    """Yield each post, and put its pictures into `pictures` by the names of their files."""

    def laid_beside(post: Post, number: int, picture: Picture) -> str:
        name = f"{step.number}-{step.channel}/{post.number}-{number}-" + _UNSAFE.sub(
            "-", picture.file_name.lower()
        )
        pictures[name] = picture.content
        return name

    for post in content.posts:
        network = NETWORKS[step.channel].showing(len(post.pictures))
        thumbnail = post.card.thumbnail if post.card else None
        yield ShownPost(
            pieces=tuple(_pieces(post.text, network.key)),
            length=network.length(post.text, content_warning=post.content_warning),
            most=network.limits.characters,
            octets=len(post.text.encode()),
            most_octets=network.limits.bytes,
            pictures=tuple(
                ShownPicture(
                    file=laid_beside(post, number, picture),
                    alt=picture.alt,
                    focus=_focus(picture.focus),
                )
                for number, picture in enumerate(post.pictures, 1)
            ),
            content_warning=post.content_warning if network.warns else "",
            visibility=post.visibility,
            language=post.language,
            card=post.card,
            thumbnail=laid_beside(post, 0, thumbnail) if thumbnail else "",
            left_out=post.left_out,
        )


def _pieces(text: str, network: str) -> Iterator[Piece]:
    """Yield a text in pieces: what is a link, a mention or a tag stands by itself."""
    at = 0
    for span in shown_spans(text, network):
        if span.start > at:
            yield Piece(text=text[at : span.start])
        seen = displayed(text[span.start : span.end], span.kind, network)
        if span.kind == "link":
            yield Piece(text=seen, link=span.value)
        else:
            yield Piece(text=seen, marked=True)
        at = span.end
    if at < len(text):
        yield Piece(text=text[at:])


def _focus(focus: tuple[float, float] | None) -> str:
    x, y = focus or (0.0, 0.0)
    return f"{50 + 50 * x:.0f}% {50 - 50 * y:.0f}%"


def _index(campaign: Campaign, settings: Settings, steps: Sequence[ShownStep]) -> str:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(settings.templates_dir),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    page = environment.get_template("preview.html.j2")
    return page.render(title=campaign.item.title, language="nl", steps=steps)
