"""In which of our languages a text is written, by the share of its commonest words."""

from __future__ import annotations

import re
from functools import cache

_LISTS = {"nl": "Dutch", "en": "English", "de": "German", "fr": "French"}
_WORD = re.compile(r"[^\W\d_]+")
_ENOUGH_WORDS = 3


def detect_language(text: str, *, declared: str | None = None) -> str:
    """Return the language of `text` as a BCP 47 tag.

    The words decide, since many sites declare the language of their theme. What the page declares
    stands where it only says the same more precisely (`en-GB`), where the text is too short to
    tell, and for languages other than our four.

    Args:
        text: Plain text; its first thousand words are looked at.
        declared: The tag that the page gives, such as `nl-NL`.
    """
    main, _, region = (declared or "").strip().lower().replace("_", "-").partition("-")
    if main and main not in _LISTS:
        return main
    words = [word.lower() for word in _WORD.findall(text[:10_000])][:1000]
    counts = {tag: sum(word in common for word in words) for tag, common in _common().items()}
    best = max(counts, key=lambda tag: counts[tag])
    runner_up = max(count for tag, count in counts.items() if tag != best)
    if counts[best] < max(_ENOUGH_WORDS, runner_up * 1.2):
        best = main or "nl"
    # British and American figures for dates differ; no other region matters to us.
    return f"en-{region.upper()}" if best == main == "en" and len(region) == 2 else best


@cache
def _common() -> dict[str, frozenset[str]]:
    import justext

    return {tag: frozenset(justext.get_stoplist(name)) for tag, name in _LISTS.items()}
