"""A small campaign without a fault, for tests to break in one place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.campaign.checks import check_campaign
from flows.campaign.folder import Campaign, load_campaign
from flows.models import Problem
from flows.settings import Settings

BEFORE = datetime(2026, 2, 10, 9, 0, tzinfo=UTC)
"""Two days before the event."""

FILES = {
    "organisation.toml": """\
name = "Voorbeeld"
legal_name = "Stichting Voorbeeld"
address = ["Straat 1", "1234 AB Plaats"]
website = "https://voorbeeld.example"
hashtags = ["GeenKindInDeCel"]
[mail]
from_name = "Voorbeeld"
from_address = "nieuws@voorbeeld.example"
reply_to = "redactie@voorbeeld.example"
""",
    "partners.csv": """\
organisation,contact,email,language,signatory
Kinderhulp,team Beleid,beleid@kinderhulp.example,nl,yes
Jeugdrecht,Robin,robin@jeugdrecht.example,nl,no
""",
    "rehearsal-readers.csv": """\
email,name,language
een@lezers.example,,nl
twee@lezers.example,Sam,nl
""",
    "2026-02-11-oproep/item.md": """\
---
title: Oproep over kinderen in detentie
published: 2026-02-11
language: nl
lead: Elf organisaties vragen de Kamer om kinderen niet op te sluiten.
dates:
- date: 2026-02-12
  text: Op 12 februari 2026 is het rondetafelgesprek.
---

Detentie schaadt kinderen. Dat blijkt uit onderzoek.
""",
    "2026-02-11-oproep/campaign.toml": """\
[event]
name = "Rondetafelgesprek"
at = 2026-02-12T10:00:00

[[step]]
channel = "mailout"
at = "event - 22h"

[[step]]
channel = "newsletter"
at = "event - 17h"

[[step]]
channel = "mastodon"
at = "event - 16h"
""",
    "2026-02-11-oproep/newsletter.md": """\
---
subject: Oproep aan de Tweede Kamer
preheader: Morgen is het gesprek in de commissie.
link: https://voorbeeld.example/oproep
---

{{ greeting }}

Elf organisaties vragen de Kamer om kinderen niet op te sluiten.
""",
    "2026-02-11-oproep/mailout.md": """\
---
subject: Helpt u mee met de oproep?
preheader: De tekst staat klaar om over te nemen.
link: https://voorbeeld.example/oproep
attachments:
- brief.pdf
---

Beste {{ contact }},

Wilt u namens {{ organisation }} de oproep delen?
""",
    "2026-02-11-oproep/posts/oproep.md": """\
---
link: https://voorbeeld.example/oproep
hashtags: [GeenKindInDeCel]
---

Elf organisaties vragen de Kamer om kinderen niet op te sluiten.
""",
    "2026-02-11-oproep/attachments/brief.pdf": "%PDF-1.7\n",
}


@dataclass(frozen=True)
class Example:
    """A campaign on disk, and what is found wrong with it."""

    settings: Settings

    @property
    def folder(self) -> Path:
        return self.settings.content_dir / "2026-02-11-oproep"

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text, which must be there, in a file of the folder or beside it."""
        path = self.folder / file
        if not path.exists():
            path = self.settings.content_dir / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def load(self) -> Campaign:
        return load_campaign(self.folder, self.settings)

    def problems(self, *, now: datetime = BEFORE) -> list[Problem]:
        return check_campaign(self.load(), self.settings, now)

    def found(self, *, now: datetime = BEFORE) -> list[tuple[str, str]]:
        """Return code and place of each problem."""
        folder = f"{self.folder.name}/"
        return [(each.code, each.where.removeprefix(folder)) for each in self.problems(now=now)]


@pytest.fixture
def example(tmp_path: Path) -> Example:
    content = tmp_path / "content"
    for name, text in FILES.items():
        path = content / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return Example(Settings(content_dir=content, var_dir=tmp_path / "var"))
