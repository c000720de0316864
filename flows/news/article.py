"""The parts of a page, marked for what they are, become a news item."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from flows.errors import InputError
from flows.models import Document, Image, NewsItem, RelatedItem
from flows.news.author import find_author
from flows.news.blocks import Block, Kind, Place, as_markdown
from flows.news.dates import two_ways
from flows.news.facts import read_documents, read_related
from flows.news.language import detect_language
from flows.news.lead import find_lead, is_note_of_change, is_prelude
from flows.news.links import clean_link
from flows.news.listing import listed
from flows.news.markup import Placed
from flows.news.metadata import Metadata
from flows.news.profile import Selected
from flows.news.published import Dated, find_date, read_date
from flows.news.reading import Reading
from flows.news.sections import Parts, sort_out
from flows.news.title import STAND_IN, find_title, title_at
from flows.news.words import words_of


def read_article(
    placed: Sequence[Placed],
    *,
    told: Metadata,
    root: HtmlElement,
    selected: Selected,
    source: str,
    url: str,
    base: str,
) -> Reading:
    """Return the news item.

    Args:
        placed: The page's blocks in order, each with its place.
        told: What the head of the page says.
        root: The page, sanitised.
        selected: The elements that the site's profile points at.
        source: Address or file name, for the item.
        url: The page's address, or empty.
        base: What relative addresses are relative to.

    Raises:
        InputError: it is a list of articles, or there is neither title nor text.
    """
    return _Article(
        placed=list(placed),
        told=told,
        root=root,
        selected=selected,
        source=source,
        url=url,
        base=base,
    ).read()


@dataclass(slots=True, kw_only=True)
class _Article:
    placed: list[Placed]
    told: Metadata
    root: HtmlElement
    selected: Selected
    source: str
    url: str
    base: str
    origins: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def read(self) -> Reading:
        running = " ".join(e.block.text for e in self.placed if e.block.place is Place.BODY)
        language = detect_language(running or self._any_title(), declared=self.told.language)
        self.origins["language"] = "words of the text" if running else "what the page declares"
        title = self._title()
        self._refuse_lists()
        author = self._author()
        published = self._published(title, language=language)
        images = self._images(title)
        lead = self._take_lead(title)
        if not running:
            self.notes.append(
                "No text of an article was found; copy it into item.md below the second line `---`."
            )
        if not self.base and any(_is_relative(a.get("href") or "#") for a in self.root.iter("a")):
            self.notes.append(
                "Its links are relative and the page does not say where it is from: they are lost."
            )
        parts = self._parts(lead, language=language, published=published)
        self.notes.extend(parts.notes(language=language))
        item = NewsItem(
            title=title,
            published=published,
            language=language.partition("-")[0],
            lead=lead.text if lead is not None else "",
            body=as_markdown(parts.body),
            documents=tuple(parts.documents),
            related=tuple(parts.related),
            organisations=tuple(parts.organisations),
            dates=tuple(parts.dates),
            images=tuple(images),
            source=self.source,
            author=author,
        )
        return Reading(item=item, origins=self.origins, notes=tuple(self.notes))

    # --- head ----------------------------------------------------------------------------------

    def _any_title(self) -> str:
        return self.told.titles[0].value if self.told.titles else ""

    def _title(self) -> str:
        if chosen := self._chosen("title"):
            return chosen
        title = find_title(self.placed, self.told)
        self.origins["title"] = title.origin
        if title.value:
            return title.value
        text = next((e.block.text for e in self.placed if e.block.place is Place.BODY), "")
        if not text:
            raise InputError(
                "Neither a title nor a text was found on the page.",
                where=self.source,
                mend="If a browser shows one, save the item as a text file and import that.",
            )
        self.origins["title"] = STAND_IN
        self.notes.append("No title was found; the first words stand in for it.")
        return text if len(text) <= 80 else f"{text[:80].rpartition(' ')[0]} …"

    def _refuse_lists(self) -> None:
        if self.told.is_article:
            return
        if articles := listed(self.placed, base=self.base):
            raise InputError(
                f"The page lists {len(articles)} articles; it is not one of them.",
                where=self.source,
                mend=f"Give the address of one, such as {articles[0]}",
            )

    def _published(self, title: str, *, language: str) -> date | None:
        dated = Dated()
        if stated := self._chosen("date"):
            dated = read_date(stated, language=language, origin=self.origins.pop("date"))
        if dated.day is None:
            dated = find_date(
                self.placed, self.told, self.root, title=title, language=language, url=self.url
            )
        if dated.day is None and not dated.doubt:
            self.notes.append("No date of publication was found.")
        if dated.day is not None:
            self.origins["published"] = dated.origin
        if dated.doubt:
            self.notes.append(two_ways(dated.doubt, taken=dated.day, field="published"))
        return dated.day

    def _author(self) -> str | None:
        author = find_author(self.told, self.root, self.placed)
        if author is None:
            return None
        self.origins["author"] = author.origin
        return author.value

    def _take_lead(self, title: str) -> Block | None:
        """Return the lead, and take it and what only repeats the head out of the body."""
        number, origin = None, ""
        if chosen := words_of(self._chosen("lead")):
            same = [n for n, e in enumerate(self.placed) if words_of(e.block.text) == chosen]
            number, origin = (same[0] if same else None), self.origins["lead"]
        if number is None:
            number, origin = find_lead(self.placed, title=title)
        lead = self.placed[number] if number is not None else None
        if lead is not None:
            self.origins["lead"] = origin
        first = self._first_text(title)
        self.placed = [
            each
            for n, each in enumerate(self.placed)
            if each is not lead
            and not is_note_of_change(each)
            and not (n < first and self._repeats_head(each, title))
        ]
        return lead.block if lead is not None else None

    def _first_text(self, title: str) -> int:
        """Return where the text begins: the first block of it that is more than head."""
        for number, each in enumerate(self.placed):
            is_text = each.block.kind not in (Kind.IMAGE, Kind.VIDEO)
            in_body = each.block.place is Place.BODY
            if is_text and in_body and not is_prelude(each, title=title):
                return number
        return len(self.placed)

    def _repeats_head(self, placed: Placed, title: str) -> bool:
        is_text = placed.block.kind not in (Kind.IMAGE, Kind.VIDEO)
        return is_text and is_prelude(placed, title=title)

    # --- parts ---------------------------------------------------------------------------------

    def _parts(self, lead: Block | None, *, language: str, published: date | None) -> Parts:
        documents = self._blocks_chosen("documents")
        related = self._blocks_chosen("related")
        told = {words_of(block.text) for block in [*documents, *related]}
        blocks = [
            each.block
            for each in self.placed
            if each.block.kind in (Kind.IMAGE, Kind.VIDEO) or words_of(each.block.text) not in told
        ]
        parts = sort_out(blocks, lead=lead, language=language, published=published)
        if documents:
            parts.documents = _documents(documents, language=language, published=published)
        if related:
            parts.related = _related(related, language=language, published=published)
        return parts

    def _images(self, title: str) -> list[Image]:
        chosen = [b for b in self._blocks_chosen("image") if b.kind is Kind.IMAGE]
        if chosen:
            self.origins["images"] = self.origins.pop("image")
            return [_image(block) for block in chosen]
        found: dict[str, Image] = {}
        shown, first = title_at(self.placed, title=title), self._first_text(title)
        for number, each in enumerate(self.placed):
            if each.block.kind is not Kind.IMAGE:
                continue
            above = shown is not None and shown < number < first
            if each.block.place is Place.BODY or above:
                link = each.block.lines[0].links[0]
                found.setdefault(_picture(link.url), _image(each.block))
        if found:
            self.origins["images"] = "<img>"
        for stated in self.told.images[:1]:
            url = clean_link(stated.value, base=self.base)
            if url and not found:
                found[_picture(url)] = Image(url=url, alt=self.told.image_alt)
                self.origins["images"] = stated.origin
        return list(found.values())

    # --- profile -------------------------------------------------------------------------------

    def _chosen(self, name: str) -> str:
        """Return the words that the site's profile points at, noting where they were read."""
        text = self.selected.text(name)
        self._note_choice(name, found=bool(text))
        return text

    def _blocks_chosen(self, name: str) -> list[Block]:
        blocks = self.selected.blocks(name)
        self._note_choice(name, found=bool(blocks))
        return blocks

    def _note_choice(self, name: str, *, found: bool) -> None:
        selector = self.selected.selector(name)
        if found:
            self.origins[name] = f"site profile: {selector}"
        elif selector:
            self.notes.append(f"The site profile's {name} ({selector}) is not on the page.")


def _image(block: Block) -> Image:
    link = block.lines[0].links[0]
    return Image(url=link.url, alt=link.text, caption=block.text or None)


def _documents(blocks: Sequence[Block], *, language: str, published: date | None) -> list[Document]:
    found: list[Document] = []
    for line in (line for block in blocks for line in block.lines):
        read = read_documents(line, language=language, published=published)
        # A profile knows that these are documents, whatever their addresses end in.
        found += read or [Document(title=link.text, url=link.url) for link in line.links]
    return found


def _related(
    blocks: Sequence[Block], *, language: str, published: date | None
) -> list[RelatedItem]:
    lines = [line for block in blocks for line in block.lines if line.links]
    items = (read_related(line, language=language, published=published) for line in lines)
    return [item for item in items if item is not None]


def _is_relative(href: str) -> bool:
    return not href.startswith("#") and not urlsplit(href).scheme


def _picture(url: str) -> str:
    """Content systems offer one picture in many sizes: `-1024x683`, `?itok=`, `/styles/large/`."""
    name = url.partition("?")[0].rpartition("/")[2]
    return re.sub(r"-\d+x\d+(?=\.\w+$)|-scaled(?=\.\w+$)", "", name)
