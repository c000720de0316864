"""The parts of an item: what is body, and what are documents, related items and signatories."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum, auto

from flows.models import Document, FoundDate, RelatedItem
from flows.news.blocks import Block, Kind, Line, Place
from flows.news.dates import find_dates, two_ways
from flows.news.events import doubtful, propose_events
from flows.news.facts import read_documents, read_related
from flows.news.organisations import SIGNATORY_LABEL, organisation_name, read_organisations
from flows.news.sentences import sentences


class _Section(Enum):
    BODY = auto()
    DOCUMENTS = auto()
    RELATED = auto()
    SIGNATORIES = auto()


_LABELS = {
    _Section.DOCUMENTS: (
        "meer informatie|meer weten|documenten|bijlagen?|downloads?|bestanden|publicaties"
        "|more information|further information|documents|attachments|files"
        "|weitere informationen|mehr informationen|dokumente|anhänge|anlagen"
        "|plus d['’]informations?|pour en savoir plus|pièces jointes|annexes"
    ),
    _Section.RELATED: (
        "lees ook|lees verder|lees meer|zie ook|gerelateerd|gerelateerde? \\w+|eerdere berichten"
        "|eerder nieuws|eerder verschenen|verwante? \\w+|ook interessant"
        "|meer over dit onderwerp|bekijk ook"
        "|read also|read more|see also|related|related \\w+|also read|earlier news"
        "|lesen sie auch|siehe auch|mehr zum thema|verwandte \\w+"
        "|lire aussi|à lire aussi|voir aussi|articles liés|sur le même sujet"
    ),
}
_LABEL = {
    section: re.compile(rf"(?:{words})(?P<more>(?:\s+[^\s:]+){{0,5}}?)\s*(?P<colon>:?)\s*", re.I)
    for section, words in _LABELS.items()
}
_SHORT = 160
"""Characters: a longer line under `Lees ook` is text, not a title."""
_MORE = re.compile(
    r"(?:lees|bekijk|read|view|alle|all|mehr|weiter|lire|voir|toon)\b.{0,30}", re.IGNORECASE
)
"""Links that only lead on: `Lees meer`, `Bekijk alle berichten`."""
_CUTTABLE = (Kind.PARAGRAPH, Kind.ITEM, Kind.HEADING)
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)]*$")


@dataclass(slots=True, kw_only=True)
class Parts:
    """What an item consists of besides its head."""

    body: list[Block] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    related: list[RelatedItem] = field(default_factory=list)
    organisations: list[str] = field(default_factory=list)
    dates: list[FoundDate] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Lines that were taken for navigation."""

    def notes(self, *, language: str) -> Iterator[str]:
        """Yield what a person should look at, one sentence each."""
        yield from (f"Left out: {line}" for line in self.left_out if line)
        for proposed in self.dates[:1]:
            if figures := doubtful(proposed, language=language):
                yield two_ways(figures, taken=proposed.date, field="dates")


def sort_out(
    blocks: Sequence[Block], *, lead: Block | None, language: str, published: date | None
) -> Parts:
    """Sort the blocks after the title into the parts of an item.

    Args:
        blocks: After title and lead, in the order of the page.
        lead: Read for facts as well.
        language: BCP 47 tag.
        published: For dates without a year, and to tell coming dates from past ones.
    """
    near = [block for block in blocks if block.place is not Place.ELSEWHERE]
    texts = [block.text for block in ([lead] if lead is not None else []) + near]
    sorter = _Sorter(language=language, published=published)
    sorter.parts.organisations = [name for text in texts for name in read_organisations(text)]
    if lead is not None:
        sorter.take_documents(lead.lines)
    sorter.sort(blocks)
    parts = sorter.parts
    parts.organisations = list({name.casefold(): name for name in parts.organisations}.values())
    parts.dates = propose_events(texts, language=language, published=published)
    return parts


class _Sorter:
    def __init__(self, *, language: str, published: date | None) -> None:
        self.parts = Parts()
        self._language = language
        self._published = published
        self._section = _Section.BODY
        self._label: Block | None = None
        # Lines under `Lees ook` without a date are navigation when others have one.
        self._dated = False
        self._around: frozenset[int] = frozenset()
        self._pending: date | None = None

    def sort(self, blocks: Sequence[Block]) -> None:
        for number, block in enumerate(blocks):
            if self._section is not _Section.BODY and not self._around <= block.within:
                self._section, self._label = _Section.BODY, None
            section, label, rest = _labelled(block)
            if label is not None:
                self._section, self._label, self._dated = section, label, False
                # A section of its own ends where its container does.
                after = blocks[number + 1].within if number + 1 < len(blocks) else block.within
                self._around = block.within & after
            elif section is not _Section.BODY:
                self._inline(section, block, rest)
                continue
            elif block.kind is Kind.HEADING and not self._is_card(block):
                self._section, self._label = _Section.BODY, None
            if rest is not None:
                self._place(rest)

    def take_documents(self, lines: Iterable[Line]) -> bool:
        """Note the documents that the lines offer; say whether there were any."""
        documents = [
            document
            for line in lines
            for document in read_documents(
                line,
                language=self._language,
                published=self._published,
                makers=self.parts.organisations,
            )
        ]
        known = {document.url or document.title.casefold() for document in self.parts.documents}
        for document in documents:
            if (key := document.url or document.title.casefold()) not in known:
                known.add(key)
                self.parts.documents.append(document)
        return bool(documents)

    def _is_card(self, block: Block) -> bool:
        """A heading that is all link, under `Lees ook`, is a related item."""
        linked = sum(len(link.text) for link in block.lines[0].links)
        return self._section is _Section.RELATED and linked >= len(block.text) - 2

    def _place(self, block: Block) -> None:
        if self._section is _Section.BODY and block.place is Place.ELSEWHERE:
            return
        if self._section is _Section.RELATED and block.place is not Place.BODY:
            for line in block.lines:
                self._take_related(line)
        elif self._section is _Section.RELATED:
            self._keep(block.without(self._is_related_line))
        elif self._section is _Section.DOCUMENTS:
            offered = [line for line in block.lines if self._is_document_line(line)]
            if offered and self._label is not None:
                # The label went with what it announced.
                self._label = None
            # A table or quotation stays whole.
            if block.kind in _CUTTABLE or len(offered) == len(block.lines):
                block = block.without(offered.__contains__)
            self._keep(block)
        else:
            if self._section is _Section.SIGNATORIES:
                self._take_signatories(block)
            self.take_documents(block.lines)
            self._keep(block)

    def _inline(self, section: _Section, block: Block, rest: Block | None) -> None:
        """`Lees ook: de brief aan de Kamer` says it all in one line; what follows is body."""
        before, self._section, self._label, self._dated = self._section, section, None, False
        if rest is None or rest.without(self._is_document_line).lines:
            related = section is _Section.RELATED and rest is not None
            left = rest.without(self._is_related_line) if related and rest else block
            if left.lines:
                self._keep(block)
        self._section = before

    def _keep(self, block: Block) -> None:
        if not block.lines or block.place is not Place.BODY:
            return
        label, self._label = self._label, None
        wanted = self._section is not _Section.RELATED
        if label is not None and label.place is Place.BODY and wanted:
            self.parts.body.append(label)
        self.parts.body.append(block)

    def _is_document_line(self, line: Line) -> bool:
        # A paragraph of several sentences is text, whatever it links to.
        return self.take_documents([line]) and len(sentences(line.text)) <= 1

    def _is_related_line(self, line: Line) -> bool:
        if self._take_related(line):
            return True
        text = bool(_SENTENCE_END.search(line.text)) and not self._dated
        if len(line.text) > _SHORT or text:
            self._section, self._label = _Section.BODY, None
            return False
        self.parts.left_out.append(line.text)
        return True

    def _take_related(self, line: Line) -> bool:
        """Note the related item that a line names; say whether it names one, or dates one."""
        item = read_related(line, language=self._language, published=self._published)
        linked = sum(len(link.text) for link in line.links) > 0.5 * len(line.text)
        if item is None:
            return self._take_date(line)
        if item.published is None and self._pending is not None:
            item, self._pending = item.model_copy(update={"published": self._pending}), None
        if item.published and len(line.text) <= 2 * _SHORT:
            self._dated = True
        elif (
            self._dated
            or len(line.text) > _SHORT
            or (not linked and (_SENTENCE_END.search(line.text) or line.links))
        ):
            return False
        if not _MORE.fullmatch(item.title):
            self.parts.related.append(item)
        return True

    def _take_date(self, line: Line) -> bool:
        """A date on a line of its own is that of the item before it, or else of the next."""
        found = find_dates(line.text, language=self._language, published=self._published)
        if not found or found[0].day is None:
            return False
        last = self.parts.related[-1] if self.parts.related else None
        if last is not None and last.published is None:
            self.parts.related[-1] = last.model_copy(update={"published": found[0].day})
        else:
            self._pending = found[0].day
        return True

    def _take_signatories(self, block: Block) -> None:
        names = [organisation_name(line.text) for line in block.lines]
        listed = block.kind is Kind.ITEM or not _SENTENCE_END.search(block.text)
        if listed and all(names):
            self.parts.organisations.extend(names)
        else:
            self._section = _Section.BODY


def _labelled(block: Block) -> tuple[_Section, Block | None, Block | None]:
    """Return what section a block opens, its label, and what else the block holds.

    Without a label the section holds for this block alone, where it is not the body.
    """
    if block.kind not in (Kind.PARAGRAPH, Kind.HEADING) or not block.lines:
        return _Section.BODY, None, block
    first, *others = block.lines
    rest = block.with_lines(others) if others else None
    if SIGNATORY_LABEL.fullmatch(first.text) and (block.kind is Kind.HEADING or ":" in first.text):
        return _Section.SIGNATORIES, block.with_lines([first]), rest
    for section, pattern in _LABEL.items():
        if whole := pattern.fullmatch(first.text):
            alone = block.kind is Kind.HEADING or whole["colon"] or not whole["more"]
            if alone and not first.links:
                return section, block.with_lines([first]), rest
        match = pattern.match(first.text)
        if match and match["colon"] and len(match[0]) < len(first.text):
            cut = replace(first, text=first.text[match.end() :])
            return section, None, block.with_lines([cut, *others])
    return _Section.BODY, None, block
