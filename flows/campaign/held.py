"""Why a step is held back, in words for people who read the status or the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldWords:
    """The reasons in one language."""

    changed: str
    """Only an approval lifts it. `{command}` is what a person does about it."""
    unreadable: str
    """Follows on `changed`; `{where}` is what cannot be read."""
    failed: str
    """`{what}` is what it waited for."""
    never_came: str
    blocked: str
    """`{words}` are the other side's own."""
    unreachable: str
    credentials: str
    setting: str
    """`{words}` say which, in English: they are for who installs."""
    thread_broken: str
    """`{number}` is the post's place, `{words}` why it cannot be told."""
    thread_refused: str
    """`{number} {words} {command}`"""
    thread_cut: str
    """`{number}` is the place of the post that is not there any more."""
    withdrawn: str
    cancelled: str
    """`{command}` is what a person does about it."""


_DUTCH = HeldWords(
    changed="Er is iets veranderd sinds de goedkeuring. Laat het opnieuw goedkeuren: {command}.",
    unreadable="Het kan nu niet gelezen worden: {where}",
    failed="Deze stap wacht op {what}, en dat is niet goed gegaan.",
    never_came="Deze stap wachtte op {what}, en dat kwam niet op tijd.",
    blocked="De mailserver houdt ons tegen: {words}",
    unreachable="De mailserver is niet te bereiken en wordt elke halve minuut opnieuw geprobeerd: "
    "{words}",
    credentials="De inloggegevens worden niet meer aanvaard: {words}",
    setting="Er ontbreekt een instelling, of zij klopt niet. Vraag wie Oproep beheert: {words}",
    thread_broken="Van bericht {number} is niet zeker dat het geplaatst is, dus wat erna komt "
    "wacht: {words}",
    thread_refused="Bericht {number} is niet geplaatst, dus wat erna komt wacht: {words} Herstel "
    "het, en dan {command}.",
    thread_cut="Bericht {number} is verwijderd, dus wat erop antwoordt gaat niet meer uit.",
    withdrawn="Ingetrokken.",
    cancelled="Iemand heeft deze stap geannuleerd op de pagina van Prefect. Verder: {command}.",
)
_ENGLISH = HeldWords(
    changed="Something has changed since the approval. Have it approved again: {command}.",
    unreadable="It cannot be read now: {where}",
    failed="This step waits for {what}, and that did not go well.",
    never_came="This step waited for {what}, which did not come in time.",
    blocked="The mail server holds us back: {words}",
    unreachable="The mail server cannot be reached and is tried again every half minute: {words}",
    credentials="The credentials are no longer accepted: {words}",
    setting="A setting is missing or wrong. Ask who looks after Oproep: {words}",
    thread_broken="It is not certain that post {number} is out, so those after it wait: {words}",
    thread_refused="Post {number} is not out, so those after it wait: {words} Mend it, then "
    "{command}.",
    thread_cut="Post {number} was deleted, so those that answer it do not go out any more.",
    withdrawn="Withdrawn.",
    cancelled="Somebody cancelled this step on Prefect's page. To go on: {command}.",
)
_WORDS: Mapping[str, HeldWords] = MappingProxyType({"nl": _DUTCH, "en": _ENGLISH})


def held_words(language: str) -> HeldWords:
    """Return the reasons in a language; in English if it is neither Dutch nor English."""
    return _WORDS.get(language.split("-")[0].lower(), _ENGLISH)


def changed_since_approval(slug: str, language: str) -> str:
    """Return why a step is held back that is not what was approved; an approval lifts it."""
    return held_words(language).changed.format(command=f"`oproep approve {slug} --by …`")
