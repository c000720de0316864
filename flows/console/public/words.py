"""What the public pages and their mails have words for; one value per language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flows.audience.people import SubscriptionState, SuppressionReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A page that only says something: a heading and some paragraphs."""

    title: str
    says: tuple[str, ...]
    """Braces are filled in by `str.format`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail with one button."""

    subject: str
    preheader: str
    before: tuple[str, ...]
    """Paragraphs above the button: `{organisation}`, `{lists}`."""
    button: str
    after: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataWords:
    """What the parts of a person's data are called."""

    person: str
    since: str
    language: str
    none: str
    state: str
    states: Mapping[SubscriptionState, str]
    wording: str
    purpose: str
    where: str
    asked: str
    confirmed: str
    ended: str
    mails: str
    barred: str
    reasons: Mapping[SuppressionReason, str]
    left: str
    returned: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Everything the public pages say in one language. Braces are filled in by `str.format`."""

    code: str
    """`nl` or `en`."""
    other_code: str
    other_language: str
    """The name of the other language, in itself."""
    skip: str
    navigation: str
    nav_signup: str
    nav_archive: str
    nav_preferences: str
    nav_privacy: str
    website: str
    no_tracking: str
    and_: str

    # Subscribing
    signup_title: str
    """`{list}`: there is one list"""
    signup_title_many: str
    address: str
    name: str
    name_hint: str
    optional: str
    choose: str
    trap: str
    """Label of the field that people do not see."""
    consent: str
    """`{organisation}`; kept with each subscription as what was agreed to."""
    signup_button: str
    signup_next: str
    latest: str
    faults: str
    fault_missing: str
    fault_wrong: str
    fault_long: str
    fault_name: str
    fault_list: str
    fault_hasty: str
    fault_old: str
    fault_seal: str
    asked: Notice
    """`{address}`"""

    # Confirming
    confirm_title: str
    confirm_says: str
    confirm_button: str
    confirm_not_you: str
    confirmed: Notice
    """`{lists}`"""
    confirm_nothing: Notice

    # Leaving
    leave_title: str
    """`{list}`"""
    leave_says: str
    leave_button: str
    left: Notice
    """`{list}`"""
    again: str
    see_data: str

    # A person's own page
    ask_title: str
    ask_says: str
    ask_button: str
    link_asked: Notice
    """`{address}`"""
    own_title: str
    own_says: str
    """`{address}`"""
    own_lists: str
    own_language: str
    own_save: str
    own_saved: str
    own_leave_all: str
    own_leave_all_says: str
    own_leave_all_button: str
    own_left_all: str
    own_data: str
    own_data_says: str
    own_data_link: str
    own_forget_says: str
    own_forget_link: str
    forget_title: str
    forget_says: tuple[str, ...]
    forget_button: str
    forget_back: str
    forgotten: Notice
    own_consent: str
    """Kept as the wording when somebody puts a list on from this page."""
    data_title: str
    data_says: str
    data_download: str
    data: DataWords

    # Reading
    archive_title: str
    archive_empty: str
    archive_feed: str
    as_text: str
    feed_title: str
    """`{organisation}`"""
    issue_languages: Mapping[str, str]

    # Privacy
    privacy_title: str
    privacy_lead: str
    """`{legal_name}`"""
    privacy_kept: str
    privacy_what: str
    privacy_how_long: str
    privacy_rows: tuple[tuple[str, str], ...]
    """What is kept, and how long; `{retention}`, `{confirm}`"""
    privacy_not: str
    privacy_not_says: tuple[str, ...]
    privacy_rights: str
    privacy_rights_says: tuple[str, ...]
    privacy_contact: str
    privacy_own_page: str

    # What went wrong
    home: str
    not_found: Notice
    method: Notice
    bad_request: Notice
    too_large: Notice
    too_slow: Notice
    not_a_form: Notice
    too_often: Notice
    busy: Notice
    broken: Notice
    bad_link: Notice
    expired_confirm: Notice
    expired_own: Notice
    gone: Notice

    # Mails
    letter_confirm: Letter
    letter_already: Letter
    letter_own: Letter
    letter_copy: str


def in_words(parts: list[str], words: Words) -> str:
    """Return `a, b en c`."""
    *rest, last = parts or [""]
    return f"{', '.join(rest)} {words.and_} {last}" if rest else last
