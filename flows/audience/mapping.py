"""Which column of an imported file holds what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flows.audience.table import nearest
from flows.errors import InputError

KNOWN = ("email", "name", "language", "consented")
"""What a column may hold besides a field of one's own: `consented` is when consent was given."""

_USUAL = {
    **dict.fromkeys(("email", "e-mail", "email address", "e-mailadres", "emailadres"), "email"),
    **dict.fromkeys(("name", "naam"), "name"),
    **dict.fromkeys(("language", "taal"), "language"),
    **dict.fromkeys(("consented", "consented_at", "toestemming"), "consented"),
}
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """The places of the columns that are read."""

    email: int
    names: tuple[int, ...]
    """Joined by a space: a first and a last name may stand apart."""
    language: int | None
    consented: int | None
    fields: Mapping[str, int]
    ignored: tuple[str, ...]
    """Columns that nothing was said about; their content is not read."""


def map_columns(columns: Sequence[str], said: Sequence[str], *, where: str) -> Mapped:
    """Find what each column holds.

    Args:
        columns: The file's column names, in lower case.
        said: `column=field`, as a person said it: `voornaam=name`, `regio=provincie`. A column
            that nothing is said about is read if its name is a usual one, else ignored.
        where: The file.

    Raises:
        InputError: a name is unknown, there twice or cannot be a field's, or none holds addresses.
    """
    held = {name: _USUAL[name] for name in columns if name in _USUAL}
    for each in said:
        column, _, target = (part.strip().casefold() for part in each.partition("="))
        if column not in columns:
            near = nearest(column, columns)
            raise _wrong(f"There is no column {column!r}.", where, near or _named(columns))
        if not _FIELD.fullmatch(target):
            mend = f"Write column=field, with one of {', '.join(KNOWN)} or a name of your own."
            raise _wrong(f"{each!r} does not say what the column holds.", where, mend)
        held[column] = target
    places: dict[str, list[int]] = {}
    for place, name in enumerate(columns):
        if name in held:
            places.setdefault(held[name], []).append(place)
    for target, found in places.items():
        if len(found) > 1 and target != "name":
            what = f"{len(found)} columns are to be the {target}."
            raise _wrong(what, where, "Say --map for one of them only, or rename a column.")
    if "email" not in places:
        mend = f"Say --map COLUMN=email. {_named(columns)}"
        raise _wrong("No column holds the addresses.", where, mend)
    return Mapped(
        email=places["email"][0],
        names=tuple(places.get("name", ())),
        language=places["language"][0] if "language" in places else None,
        consented=places["consented"][0] if "consented" in places else None,
        fields={name: found[0] for name, found in places.items() if name not in KNOWN},
        ignored=tuple(name for name in columns if name not in held),
    )


def _named(columns: Sequence[str]) -> str:
    return f"The columns are: {', '.join(repr(name) for name in columns[:20])}."


def _wrong(what: str, where: str, mend: str) -> InputError:
    return InputError(what, where=where, mend=mend)
