"""Both languages say the same things, and nothing that nobody asks for."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path

from flows.console.public.words import DataWords, Words
from flows.console.public.words_en import ENGLISH
from flows.console.public.words_nl import DUTCH
from flows.settings import HOUSE


def braces(value: object) -> object:
    """What is filled in, in the same shape as the words."""
    if isinstance(value, str):
        return sorted(set(re.findall(r"\{(\w+)\}", value)))
    if isinstance(value, tuple):
        return [braces(each) for each in value]
    if isinstance(value, dict):
        return {key: braces(each) for key, each in value.items()}
    assert is_dataclass(value)
    return {each.name: braces(getattr(value, each.name)) for each in fields(value)}


def test_both_languages_fill_in_the_same() -> None:
    assert braces(DUTCH) == braces(ENGLISH)


def test_every_word_is_used() -> None:
    templates = [path.read_text("utf-8") for path in (HOUSE / "templates/pages").iterdir()]
    folder = HOUSE / "flows/console"
    code = [
        path.read_text("utf-8") for path in Path(folder).rglob("*.py") if "words_" not in path.name
    ]
    said = "\n".join(templates + code)
    unused = [
        each.name
        for each in (*fields(Words), *fields(DataWords))
        if not re.search(rf"\b(?:w|words|says|data|own_words)\.{each.name}\b", said)
    ]
    assert unused == []
