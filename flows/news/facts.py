"""Documents and related items, read from the lines of a text or page alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from urllib.parse import unquote, urlsplit

from flows.models import Document, RelatedItem
from flows.news.blocks import Line, Link
from flows.news.dates import find_dates

_PDF = "application/pdf"
_OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA_TYPES = {
    "pdf": _PDF,
    "doc": "application/msword",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "word": f"{_OFFICE}.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "excel": f"{_OFFICE}.spreadsheetml.sheet",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "rtf": "application/rtf",
    "epub": "application/epub+zip",
}
"""By file extension, or by the word that a page uses for it."""

_TYPE = re.compile(rf"\b({'|'.join(MEDIA_TYPES)})(?![a-z])", re.IGNORECASE)
_MARK = re.compile(
    rf"\s*[(\[][^()\[\]]*\b(?:{'|'.join(MEDIA_TYPES)})(?![a-z])[^()\[\]]*[)\]]", re.IGNORECASE
)
"""What stands behind a document's name: `(download pdf-bestand, 3 pagina's)`."""
_PAGES = re.compile(
    r"(\d{1,4})\s*(?:pagina['’]?s?|blz|bladzijden|pages?|pp?\.|seiten?)(?![a-z])", re.IGNORECASE
)
_SIZE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(k|m)(?:i?b)(?![a-z])", re.IGNORECASE)
_BYTES = {"k": 1_000, "m": 1_000_000}
_URL = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]}'’”]")
_GENERIC = re.compile(
    r"(?:(?:download|downloaden|open|bekijk|lees|view|read|hier|here|klik|click|het|de|the|als|as"
    r"|bestand|bestanden|datei|file|fichier|herunterladen|télécharger|bijlage|document|meer|more"
    r"|\d+|pagina['’]?s?|pages?|kb|mb|kib|mib"
    rf"|{'|'.join(MEDIA_TYPES)})\b[\s\-,.:;()>»→\[\]]*)+",
    re.IGNORECASE,
)
"""Words of a link that say nothing of the document behind it."""
_KINDS = (
    "position paper|open brief|brief|petitie|rapport|advies|verklaring|manifest|factsheet"
    "|fact sheet|notitie|onderzoek|brochure|persbericht|zienswijze|reactie|inbreng|agenda"
    "|open letter|letter|petition|report|statement|briefing"
    "|offener brief|stellungnahme|bericht|positionspapier|lettre ouverte|lettre|communiqué"
)
_POINTED_AT = re.compile(
    rf"\b(?:deze|dit|this|diese[rsn]?|dieses|cette|ce)\s+((?:{_KINDS}))\b", re.IGNORECASE
)
"""A sentence that speaks of its document instead of naming it: `heeft deze brief ingediend`."""
_BY = {"nl": "van", "en": "by", "de": "von", "fr": "de"}
_OWN_DATE = re.compile(
    r"(?:^|[,(]|\b(?:d\.\s?d\.|dd\.|gedateerd|gedateerd op|van|of|dated|vom|du))\s*$", re.IGNORECASE
)
"""What stands before a date that is the document's own, not one it speaks of."""


def read_documents(
    line: Line,
    *,
    language: str,
    published: date | None,
    makers: Sequence[str] = (),
) -> list[Document]:
    """Return the documents that a line offers: links to files, or words like `(pdf, 3 p.)`.

    Args:
        line: A line of the text or page.
        language: For the order of day and month.
        published: The item's own date, for dates without a year.
        makers: Organisations known by now; one of them at the line's start made the document.
    """
    links = [link for link in line.links if _extension(link.url) in MEDIA_TYPES]
    marks = list(_MARK.finditer(line.text))
    if not marks and not links:
        return []
    if len(links) > 1:
        return [
            _document(part, link, language=language, published=published, makers=makers)
            for link, part in zip(links, _shares(line.text, links), strict=True)
        ]
    if marks and not links:
        parts, start = [], 0
        for mark in marks:
            parts.append(line.text[start : mark.end()])
            start = mark.end()
        parts[-1] += line.text[start:]
        url = line.links[0].url if len(marks) == len(line.links) == 1 else None
        return [
            _document(
                part,
                Link(text="", url=url) if url else None,
                language=language,
                published=published,
                makers=makers,
            )
            for part in parts
        ]
    return [_document(line.text, links[0], language=language, published=published, makers=makers)]


def read_related(line: Line, *, language: str, published: date | None) -> RelatedItem | None:
    """Return the earlier item that a line under `Lees ook` names; None if it names none."""
    title, day = line.text, None
    for mention in find_dates(title, language=language, published=published):
        before, after = title[: mention.start].strip(" (["), title[mention.end :].strip(" )].")
        if not before or not after:
            title, day = (before or after), mention.day
            break
    title = title.strip(" \t|–—-:•·»>→")
    if not any(character.isalnum() for character in title):
        return None
    url = line.links[0].url if line.links else _url_in(title)
    title = _URL.sub("", title).strip() or title
    return RelatedItem(title=title, url=url, published=day)


def _document(
    text: str,
    link: Link | None,
    *,
    language: str,
    published: date | None,
    makers: Sequence[str],
) -> Document:
    mark = _MARK.search(text)
    said = text[: mark.start()] if mark else text
    about = mark[0] if mark else ""
    url = link.url if link else _url_in(text)
    extension = _extension(url or "")
    kind = _TYPE.search(about)
    media_type = MEDIA_TYPES.get(extension) or (MEDIA_TYPES[kind[1].lower()] if kind else None)
    pages = _PAGES.search(about or text)
    name = _URL.sub("", said).strip()
    day, name = _own_date(name, language=language, published=published)
    if day is None:
        day, _ = _own_date(about.strip(" ()[]"), language=language, published=published)
    if link and _tells(link.text):
        # The link's words name the document better than the sentence around them.
        _, name = _own_date(_MARK.sub("", link.text), language=language, published=published)
    name = _name(name, sentence=said, language=language, makers=makers)
    name = re.sub(rf"\.(?:{'|'.join(MEDIA_TYPES)})$", "", name, flags=re.IGNORECASE)
    return Document(
        title=name or _file_name(url or "") or "Document",
        url=url,
        media_type=media_type,
        pages=int(pages[1]) if pages else None,
        date=day,
        size=_size(about or text),
    )


def _size(text: str) -> int | None:
    """Return the bytes that `(pdf, 1,2 MB)` speaks of."""
    match = _SIZE.search(text)
    if match is None:
        return None
    return round(float(match[1].replace(",", ".")) * _BYTES[match[2].lower()])


def _own_date(text: str, *, language: str, published: date | None) -> tuple[date | None, str]:
    """Return the document's own date and the text without it."""
    for mention in find_dates(text, language=language, published=published):
        before, after = text[: mention.start], text[mention.end :]
        if match := _OWN_DATE.search(before):
            rest = f"{before[: match.start()].rstrip()} {after.lstrip()}"
            # `brief van 5 februari aan de Kamer` loses only the date, `…, namens` the comma too.
            return mention.day, re.sub(r"\s+([,.)])", r"\1", rest).strip(" ,;:–—-")
    return None, text


_CLAUSE = re.compile(
    r",?\s*\b(?:mede\s+)?(?:namens|on\s+behalf\s+of|im\s+namen\s+von|au\s+nom\s+de)\b.*",
    re.I | re.S,
)


_IMPERATIVE = re.compile(
    r"^(?:lees|download|bekijk|open|read|view|lesen\s+sie|lire|télécharger)\s+(?:hier\s+|ook\s+)?"
    r"(?=(?:de|het|een|ons|onze|the|our|a|den|die|das|unseren?|la|le|les|notre)\s)",
    re.IGNORECASE,
)
"""`Lees de brief` is about the letter."""


def _name(text: str, *, sentence: str, language: str, makers: Sequence[str]) -> str:
    """Return what a list of documents would call this one."""
    pointed = _POINTED_AT.search(text) or (
        _POINTED_AT.search(sentence) if not _tells(text) else None
    )
    if pointed:
        kind = pointed[1][0].upper() + pointed[1][1:]
        maker = next((name for name in makers if sentence.startswith(name)), None)
        return f"{kind} {_BY.get(language[:2], 'van')} {maker}" if maker else kind
    name = _IMPERATIVE.sub("", _CLAUSE.sub("", text)).strip(" \t,;:–—-•·")
    # `het overzicht` becomes a title, `iDEAL` stays as it is.
    return name[0].upper() + name[1:] if re.match(r"[a-zà-ÿ]+\b", name) else name


def _tells(words: str) -> bool:
    return bool(words.strip()) and not _GENERIC.fullmatch(words.strip())


def _shares(text: str, links: list[Link]) -> list[str]:
    """Cut a line with several links into one part per link, each up to the next link."""
    starts, position = [], 0
    for link in links:
        position = max(text.find(link.text, position), position)
        starts.append(position)
    starts[0] = 0
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def _extension(url: str) -> str:
    _, dot, extension = urlsplit(url).path.rpartition(".") if url else ("", "", "")
    return extension.lower() if dot else ""


def _file_name(url: str) -> str:
    name = unquote(urlsplit(url).path.rpartition("/")[2]).rpartition(".")[0]
    return re.sub(r"[-_+]+", " ", name).strip()


def _url_in(text: str) -> str | None:
    match = _URL.search(text)
    return match[0] if match else None
