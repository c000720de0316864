"""A campaign's folder: where it is, and what lies in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flows.audience.partners import read_partners
from flows.audience.table import nearest
from flows.campaign.plan import PLAN_FILE, CampaignPlan, read_plan
from flows.compose.mime import Attachment
from flows.errors import InputError
from flows.files import checked_slug, read_bytes, read_text, read_toml
from flows.models import NewsItem, Organisation, Partner
from flows.settings import Settings

ITEM_FILE = "item.md"
ORGANISATION_FILE = "organisation.toml"
PARTNERS_FILE = "partners.csv"
READERS_FILE = "rehearsal-readers.csv"
ATTACHMENTS = "attachments"
MAX_ATTACHED = 10_000_000
"""Octets of all attachments together: base64 makes a third more of it, and many relays that
organisations use refuse a mail of more than some 15 MB."""
_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".gif": "image/gif",
    ".ics": "text/calendar",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".txt": "text/plain",
    ".webp": "image/webp",
}
"""What mail filters let through; programs and archives are refused by most. A table of our own,
because the machine's differs from one to the next, and a mail must not."""


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One campaign as it lies on disk; each part is read once, when it is first asked for.

    Every part raises `InputError` when it cannot be read. Use one `Campaign` for one act, such as
    a check or a launch, so that all of it sees the same texts.
    """

    slug: str
    path: Path
    content_dir: Path

    @cached_property
    def item(self) -> NewsItem:
        """The news item."""
        # Reading an item imports what reads pages as well, which not every command needs.
        from flows.news import read_item

        return read_item(self.path / ITEM_FILE)

    @cached_property
    def organisation(self) -> Organisation:
        """Who sends."""
        return read_organisation(self.content_dir / ORGANISATION_FILE)

    @property
    def zone(self) -> ZoneInfo:
        """Where local times are local."""
        return ZoneInfo(self.organisation.time_zone)

    @cached_property
    def plan(self) -> CampaignPlan:
        """The event and the steps."""
        return read_plan(self._drafted(PLAN_FILE), zone=self.zone)

    @cached_property
    def partners(self) -> tuple[Partner, ...]:
        """The partner organisations."""
        return read_partners(self.content_dir / PARTNERS_FILE)

    @cached_property
    def attachments(self) -> Mapping[str, Attachment]:
        """The files in `attachments/` by name."""
        return read_attachments(self.path / ATTACHMENTS)

    @cached_property
    def _drafts(self) -> dict[str, str]:
        return {}

    @cached_property
    def composed(self) -> dict[object, Any]:
        """What has been composed from these texts, kept by `flows.campaign.rendering`."""
        return {}

    def draft_text(self, draft: str) -> str:
        """Return the text of a draft, by its path within the folder."""
        if draft not in self._drafts:
            self._drafts[draft] = read_text(self._drafted(draft))
        return self._drafts[draft]

    def _drafted(self, name: str) -> Path:
        """Return the path of a file that `oproep draft` makes.

        Raises:
            InputError: it is not there (yet), or outside the folder.
        """
        path = inside(self.path, name)
        if not path.exists():
            raise InputError(
                f"There is no {name} in {self.slug}.",
                where=str(path),
                mend=f"`oproep draft {self.slug}` makes one from the item, or correct the name.",
            )
        return path


def load_campaign(path: Path, settings: Settings) -> Campaign:
    """Return the campaign in a folder. Its parts are read when they are asked for.

    Raises:
        InputError: the folder's name cannot be a campaign's name.
    """
    return Campaign(
        slug=checked_slug(path.resolve().name), path=path, content_dir=settings.content_dir
    )


def find_campaign(settings: Settings, name: str) -> Path:
    """Return the folder of a campaign, given its slug or a path to it.

    A path may lead out of the content folder only to a folder that already is a campaign's.

    Raises:
        InputError: there is no such campaign; the ones there are are listed.
    """
    there = campaigns(settings)
    if name in there:
        return settings.content_dir / name
    given = Path(name)
    folder = given.parent if given.name in {PLAN_FILE, ITEM_FILE} else given
    if name.strip() and _is_campaign(folder):
        return folder
    listed = f"There are: {', '.join(there)}." if there else "Make one with `oproep import SOURCE`."
    raise InputError(
        f"There is no campaign {name!r}.",
        where=str(settings.content_dir),
        mend=f"{nearest(name, there)} {listed}".strip(),
    )


def campaigns(settings: Settings) -> list[str]:
    """Return the names of the campaign folders there are, in order."""
    try:
        folders = sorted(settings.content_dir.iterdir())
    except OSError:
        return []
    return [folder.name for folder in folders if _is_campaign(folder)]


def _is_campaign(folder: Path) -> bool:
    try:
        return any((folder / file).is_file() for file in (PLAN_FILE, ITEM_FILE))
    except OSError:  # a name that is too long for the file system
        return False


def read_organisation(path: Path) -> Organisation:
    """Read `organisation.toml`.

    Raises:
        InputError: it cannot be read, or its time zone is none.
    """
    organisation = read_toml(path, Organisation)
    try:
        ZoneInfo(organisation.time_zone)
    except (KeyError, ValueError, OSError):
        raise InputError(
            f"{organisation.time_zone!r} is not a time zone.",
            where=str(path),
            mend='Write `time_zone = "Europe/Amsterdam"`.',
        ) from None
    return organisation


def contact_of(settings: Settings) -> str:
    """Return where a site's keeper can ask who reads its pages; empty if that is not known."""
    try:
        organisation = read_organisation(settings.content_dir / ORGANISATION_FILE)
    except InputError:
        return ""
    return organisation.website


def read_attachments(folder: Path) -> dict[str, Attachment]:
    """Read the files of a folder by name; a folder that is not there holds none.

    Raises:
        InputError: they are too much together, or one is of a kind that mail filters refuse.
    """
    if not folder.is_dir():
        return {}
    found: dict[str, Attachment] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_dir():
            continue
        found[path.name] = read_attachment(folder, path.name, most=MAX_ATTACHED)
        if sum(len(each.content) for each in found.values()) > MAX_ATTACHED:
            raise InputError(
                f"The attachments are more than {MAX_ATTACHED / 1e6:.0f} MB together.",
                where=str(folder),
                mend="Many mailboxes refuse that. Make the PDFs smaller, or link to them.",
            )
    return found


def read_attachment(folder: Path, name: str, *, most: int) -> Attachment:
    """Read a file of at most `most` octets from a folder, or from a folder in it.

    Raises:
        InputError: it is not there, too large, outside the folder or of a kind nobody takes.
    """
    path = inside(folder, name)
    return Attachment(
        file_name=path.name, media_type=_media_type(path), content=read_bytes(path, most=most)
    )


def _media_type(path: Path) -> str:
    media_type = _MEDIA_TYPES.get(path.suffix.lower())
    if media_type is None or not path.name.isprintable():
        raise InputError(
            f"{path.name!r} cannot be an attachment: mail filters refuse its kind.",
            where=str(path),
            mend="Save it as a PDF, or take it out of the folder.",
        )
    return media_type


def inside(folder: Path, name: str) -> Path:
    """Return the path of a file in a folder.

    Raises:
        InputError: it lies outside the folder, by `..` or by a link.
    """
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"{name!r} does not lie in the folder {folder.name}.",
            where=str(folder),
            mend="Put the file itself there, and name it without `..`.",
        )
    return path
