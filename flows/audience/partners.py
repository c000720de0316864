"""The partner organisations: `content/partners.csv`."""

from __future__ import annotations

from pathlib import Path

from flows.audience.addresses import checked_address
from flows.audience.table import Columns, Row, Sheet, read_sheet
from flows.models import Partner

# Of handles only those of networks on which a pasted @name becomes a mention.
COLUMNS = Columns(
    required=("organisation", "contact", "email"),
    optional=("language", "signatory"),
    handles=("mastodon", "bluesky", "x", "instagram"),
)
_YES = frozenset({"yes", "y", "true", "1", "x", "ja", "j"})
_NO = frozenset({"no", "n", "false", "0", "", "nee"})


def read_partners(path: Path) -> tuple[Partner, ...]:
    """Read the partners, in the order of the file.

    Raises:
        InputError: the file is not there or is no CSV file in UTF-8.
        Faults: rows cannot be used; every one is named with its line. An address that is there
            twice, in whatever case, is a fault as well: nobody is mailed twice.
    """
    sheet = read_sheet(path, COLUMNS)
    partners: list[Partner] = []
    seen: dict[str, int] = {}
    for row in sheet.rows:
        partner = _partner(sheet, row)
        if partner is not None and first_time(sheet, row, partner.email, seen):
            partners.append(partner)
    sheet.raise_faults()
    return tuple(partners)


def _partner(sheet: Sheet, row: Row) -> Partner | None:
    """Return one partner, or note everything that is wrong with the row."""
    before = len(sheet.problems)
    for column in ("organisation", "contact"):
        if not row[column]:
            mend = "Fill it in; a team's name will do."
            sheet.blame(row.line, "partner-name", f"The {column} is empty.", mend)
    email = address_of(sheet, row, whose=row["organisation"], missing="partner-no-address")
    language = language_of(sheet, row)
    signatory = row["signatory"].casefold()
    if signatory not in _YES | _NO:
        what = f"Whether it signed is not clear: {row['signatory']!r}."
        sheet.blame(row.line, "partner-signatory", what, "Write yes or no.")
    if len(sheet.problems) > before:
        return None
    return Partner(
        organisation=row["organisation"],
        contact=row["contact"],
        email=email,
        language=language,
        signatory=signatory in _YES,
        handles={name: row[name].lstrip("@") for name in COLUMNS.handles if row[name]},
    )


def address_of(sheet: Sheet, row: Row, *, whose: str, missing: str) -> str:
    """Return the row's address, or note what is wrong with it; `missing` is the code if none."""
    if not row["email"]:
        what = f"{whose or 'This line'} has no e-mail address."
        sheet.blame(row.line, missing, what, "Fill in the column email, or remove the line.")
        return ""
    try:
        return checked_address(row["email"])
    except ValueError as error:
        what = f"{row['email'][:80]!r} is not an e-mail address: {error}"
        sheet.blame(row.line, "address", what, "Correct the column email.")
        return ""


def language_of(sheet: Sheet, row: Row) -> str:
    """Return the row's language, Dutch if it has none, or note that it is not one."""
    language = row["language"] or "nl"
    if not (language.isascii() and language.isalpha() and len(language) == 2):
        what = f"{language!r} is not a language."
        sheet.blame(row.line, "language", what, "Write two letters, such as nl or en.")
    return language.lower()


def first_time(sheet: Sheet, row: Row, email: str, seen: dict[str, int]) -> bool:
    """Return whether an address comes up for the first time; note it when it does not."""
    first = seen.setdefault(email.casefold(), row.line)
    if first == row.line:
        return True
    what = f"{email} is there twice, first in line {first}."
    sheet.blame(row.line, "recipient-twice", what, "Remove one of the two lines.")
    return False
