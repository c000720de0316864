"""The lists that people can be on: described in `organisation.toml`, named by their keys."""

from __future__ import annotations

from collections.abc import Mapping

from flows.audience.table import nearest
from flows.errors import InputError
from flows.models import MailingList, Organisation

ONLY_LIST = "nieuwsbrief"
"""The list there is when the organisation describes none."""


def lists_of(organisation: Organisation) -> Mapping[str, MailingList]:
    """Return the lists by key; when none is described there is one, `nieuwsbrief`."""
    return organisation.lists or {
        ONLY_LIST: MailingList(title={"nl": "Nieuwsbrief", "en": "Newsletter"})
    }


def require_list(organisation: Organisation, key: str) -> MailingList:
    """Return a list.

    Raises:
        InputError: there is none of that key; those there are are named.
    """
    lists = lists_of(organisation)
    if key not in lists:
        raise InputError(
            f"There is no list {key!r}.",
            where="organisation.toml",
            mend=f"{nearest(key, lists)} There are: {', '.join(lists)}. A new one is a table "
            f"`[lists.{key}]` with a title.".strip(),
        )
    return lists[key]
