"""The invented subscribers that a rehearsal sends to: `content/rehearsal-readers.csv`.

The real ones are personal data and live in the database.
"""

from __future__ import annotations

from pathlib import Path

from flows.audience.partners import address_of, first_time, language_of
from flows.audience.table import Columns, read_sheet
from flows.models import Recipient

COLUMNS = Columns(required=("email",), optional=("name", "language"))


def read_readers(path: Path) -> tuple[Recipient, ...]:
    """Read the readers, in the order of the file.

    Raises:
        InputError: the file is not there or is no CSV file in UTF-8.
        Faults: rows cannot be used; every one is named with its line.
    """
    sheet = read_sheet(path, COLUMNS)
    readers: list[Recipient] = []
    seen: dict[str, int] = {}
    for row in sheet.rows:
        before = len(sheet.problems)
        email = address_of(sheet, row, whose=row["name"], missing="reader-no-address")
        language = language_of(sheet, row)
        if len(sheet.problems) == before and first_time(sheet, row, email, seen):
            readers.append(Recipient(address=email, name=row["name"], language=language))
    sheet.raise_faults()
    return tuple(readers)
