"""From a news item to drafts that a person goes on with.

A draft says what the item says and nothing else. What cannot be known from it is left as
`[[vul in: …]]`, which the checks report until somebody has filled it in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, islice

from flows.compose.draft_words import DraftWords, draft_words
from flows.compose.markup import LINK, parse, plain
from flows.compose.slots import one_line
from flows.compose.wording import long_date, short_date
from flows.files import join_front_matter
from flows.models import NewsItem, Organisation
from flows.news.sentences import sentences

NEWSLETTER, MAILOUT, POSTS = "newsletter.md", "mailout.md", "posts/oproep.md"

_LONGEST_PREHEADER = 140
_LONGEST_SENTENCE = 280
"""Characters; a post on the tightest network holds 300, and one sentence is never cut."""
_IN_SUMMARY = 3
_TYPES = {
    "application/pdf": "pdf",
    "application/msword": "Word",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
    "application/vnd.ms-excel": "Excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
}
_MEANT = re.compile(r"[\\`*\[\]<]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|\{(?=[{%])")
"""What Markdown or a draft would take for more than a character."""
_IMAGE = re.compile(r"""(?<!\\)!\[(?:\\.|[^\]\\])*\]\((?:"(?:\\.|[^"\\])*"|\\.|[^()"\\])*\)[ ]?""")
_AT_START = re.compile(r"([#>+=~:-]|\d+(?=[.)]))")


def draft_files(
    item: NewsItem,
    organisation: Organisation,
    *,
    event: date | None = None,
    event_name: str = "",
    attachments: Sequence[str] = (),
) -> dict[str, str]:
    """Return the drafts of a campaign by their paths within its folder.

    Args:
        item: What the drafts say.
        organisation: Who sends.
        event: What the campaign leads up to, a `datetime` if its time is known; by default the
            first date that the item proposes.
        event_name: What it is called, such as `Rondetafelgesprek`.
        attachments: Names of the files that go with the mail-out.
    """
    words = draft_words(item.language)
    if event is None and item.dates:
        event = item.dates[0].date
    when = long_date(event, item.language) if event else ""
    return {
        NEWSLETTER: _newsletter(item, organisation, words, when, event_name),
        MAILOUT: _mailout(item, organisation, words, when, attachments),
        POSTS: _posts(item, organisation, words),
    }


def escaped(text: str) -> str:
    """Return plain text, on one line, as Markdown that says exactly that."""
    text = _MEANT.sub(lambda found: f"\\{found[0]}", one_line(text))
    if (start := _AT_START.match(text)) is None:
        return text
    # A digit cannot be escaped; the point or bracket behind it can.
    at = start.end() if start[1].isdigit() else 0
    return f"{text[:at]}\\{text[at:]}"


def escaped_line(text: str) -> str:
    r"""Return plain text for a line of front matter: `{{` and `[[` in it mean nothing there."""
    text = one_line(text)
    return re.sub(r"([\\{}\[\]])", r"\\\1", text) if re.search(r"\{\{|\[\[|\\", text) else text


def _newsletter(
    item: NewsItem, organisation: Organisation, words: DraftWords, when: str, event_name: str
) -> str:
    parts = [
        _title(item, words),
        "{{ greeting }}",
        escaped(item.lead),
        _moment(when, event_name, words),
        _body(item.body) or ("" if item.lead else words.fill_body),
        f"**[{words.read_and_share}]({LINK})**",
        _documents(item, words.documents, words),
        _related(item, words),
        _signed(organisation, words),
    ]
    front = {
        "subject": escaped_line(item.title) or words.fill_subject,
        "preheader": _preheader(item) or words.fill_preheader,
        "link": _link(item, words),
    }
    return _file(front, parts)


def _mailout(
    item: NewsItem,
    organisation: Organisation,
    words: DraftWords,
    when: str,
    attachments: Sequence[str],
) -> str:
    deadline = words.before.format(when=when) if when else ""
    parts = [
        _title(item, words),
        words.dear_contact,
        *((words.to_signatories, words.to_others) if item.organisations else (words.to_all,)),
        escaped(item.lead) or escaped(next(_sentences(item), "")),
        f"## {words.question}",
        f"{words.request} {deadline} {words.below}".replace("  ", " "),
        _copy(item, organisation, words),
        _documents(item, words.attached, words),
        words.questions,
        _signed(organisation, words),
    ]
    front: dict[str, object] = {
        "subject": words.share_subject.format(title=escaped_line(item.title)),
        "preheader": f"{words.share_preheader} {deadline}".strip(),
        "link": _link(item, words),
    }
    if attachments or item.documents:
        front["attachments"] = list(attachments) or [words.fill_attachment]
    return _file(front, parts)


def _posts(item: NewsItem, organisation: Organisation, words: DraftWords) -> str:
    said = {sentence for sentence in sentences(item.lead) if len(sentence) <= _LONGEST_SENTENCE}
    lead = [sentence for sentence in sentences(item.lead) if sentence in said]
    summary = islice((each for each in _sentences(item) if each not in said), _IN_SUMMARY)
    parts = [escaped(item.title), escaped(" ".join(lead)), *map(escaped, summary)]
    if not any(parts):
        parts = [words.fill_body]
    front = {"link": _link(item, words), "hashtags": list(organisation.hashtags)}
    return _file(front, parts)


def _copy(item: NewsItem, organisation: Organisation, words: DraftWords) -> str:
    """Return the box with a long and a short text that a partner may take over."""
    first = next(chain(sentences(item.lead), _sentences(item)), "")
    tags = " ".join(f"#{tag}" for tag in organisation.hashtags)
    lines = (
        f"::: {words.copy_box}",
        f"## {words.copy}",
        f"### {words.for_newsletter}",
        f"**{escaped(item.title)}**" if item.title else "",
        escaped(item.lead),
        f"{words.read_more} [{LINK}]({LINK})",
        f"### {words.for_social}",
        f"{escaped(first)} [{LINK}]({LINK}) {tags}".strip(),
        ":::",
    )
    return "\n\n".join(filter(None, lines))


def _title(item: NewsItem, words: DraftWords) -> str:
    return f"# {escaped(item.title) or words.fill_subject}"


def _preheader(item: NewsItem) -> str:
    """Return the first sentence that an inbox can show beside the subject."""
    candidates = chain(sentences(item.lead), _sentences(item))
    fitting = (each for each in candidates if len(each) <= _LONGEST_PREHEADER)
    return escaped_line(next(fitting, ""))


def _moment(when: str, name: str, words: DraftWords) -> str:
    if not when or not name:
        return ""
    return f"::: {words.moment_box}\n**{escaped(name)}**\\\n{when[0].upper()}{when[1:]}\n:::"


def _body(body: str) -> str:
    """Return the item's own Markdown, so that nothing in it is a field, a box or a placeholder.

    Images are left out: loading one from elsewhere would tell that the mail is read.
    """
    body = re.sub(r"\n{3,}", "\n\n", _IMAGE.sub("", body))
    body = re.sub(r"\\?([{}])", lambda found: f"\\{found[1]}", body)
    body = re.sub(r"^( {0,3}):::", r"\1\\:::", body, flags=re.MULTILINE)
    return re.sub(r"\\?\[\\?\[", r"\\[\\[", body).strip()


def _sentences(item: NewsItem) -> Iterator[str]:
    """Yield of each paragraph the first sentence that fits into a post."""
    for block in parse(item.body):
        if block.kind == "paragraph":
            fitting = (
                each
                for each in sentences(one_line(plain(block.spans)))
                if len(each) <= _LONGEST_SENTENCE
            )
            yield from islice(fitting, 1)


def _documents(item: NewsItem, heading: str, words: DraftWords) -> str:
    entries = []
    for each in item.documents:
        facts = [_TYPES.get(each.media_type or "", "")]
        if each.pages:
            facts.append(f"{each.pages} {words.page if each.pages == 1 else words.pages}")
        if each.date:
            facts.append(short_date(each.date, item.language))
        entries.append(_entry(each.title, each.url, facts))
    return _rows(words.documents_box, heading, entries)


def _related(item: NewsItem, words: DraftWords) -> str:
    entries = [
        _entry(
            each.title,
            each.url,
            [short_date(each.published, item.language)] if each.published else [],
        )
        for each in item.related
    ]
    return _rows(words.related_box, words.related, entries)


def _rows(box: str, heading: str, entries: Sequence[str]) -> str:
    lines = "\n".join(f"- {entry}" for entry in entries)
    return f"::: {box}\n## {heading}\n\n{lines}\n:::" if lines else ""


def _entry(title: str, url: str | None, facts: Sequence[str]) -> str:
    facts = [fact for fact in facts if fact]
    shown = f"[{escaped(title)}](<{_target(url)}>)" if _target(url) else escaped(title)
    return f"{shown} ({', '.join(facts)})" if facts else shown


def _target(url: str | None) -> str:
    """Return a web address that may stand between `<` and `>`; nothing for any other."""
    if not url or not re.match(r"https?://", url, re.IGNORECASE):
        return ""
    return re.sub(r"[\s<>\\]", lambda found: f"%{ord(found[0]):02X}", url)


def _link(item: NewsItem, words: DraftWords) -> str:
    return item.source if re.match(r"https?://", item.source) else words.fill_link


def _signed(organisation: Organisation, words: DraftWords) -> str:
    return f"{words.regards},\\\n{escaped(organisation.name)}"


def _file(front: Mapping[str, object], parts: Sequence[str]) -> str:
    return join_front_matter(front, "\n\n".join(filter(None, parts)))
