"""The pictures of a draft of posts: files beside it, known by what is in them and not by name."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from flows.audience.faults import Faults
from flows.campaign.folder import inside
from flows.compose.messages import Picture
from flows.compose.networks import Network
from flows.compose.posts import DraftPicture
from flows.errors import InputError
from flows.files import read_bytes
from flows.models import Problem, Severity

MOST = 10_000_000
"""Octets of a picture where the network states no bound: none takes much more."""
_KINDS = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
)
"""Where which octets stand at the beginning of which kind."""
_OF_A_PHONE = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif")


def read_picture(folder: Path, draft: str, picture: DraftPicture, network: Network) -> Picture:
    """Read one picture of a draft.

    Args:
        folder: Of the campaign.
        draft: The draft, within that folder.
        picture: As the draft names it.
        network: Where it is to be shown.

    Raises:
        InputError: it is not there, or outside the folder.
        Faults: it is no picture, or larger than is taken.
    """
    path = inside(folder, (PurePosixPath(draft).parent / picture.file).as_posix())
    if not path.name.isprintable():
        raise InputError(
            f"{path.name!r} is no name for a file.", where=draft, mend="Give it a simpler one."
        )
    _require_size(path, network)
    content = read_bytes(path, most=network.limits.image_bytes or MOST)
    return Picture(
        file_name=path.name,
        media_type=_media_type(path, content),
        content=content,
        alt=picture.alt,
        focus=picture.focus,
    )


def _require_size(path: Path, network: Network) -> None:
    most = network.limits.image_bytes or MOST
    if not path.is_file() or (size := path.stat().st_size) <= most:
        return
    taker = network.label if network.limits.image_bytes else "a post"
    raise _unusable(
        path,
        "picture-too-large",
        f"{path.name} is {size / 1e6:.1f} MB; {taker} takes {most / 1e6:.0f} MB.",
        "Save it smaller: 1600 pixels wide as JPEG is plenty.",
    )


def _media_type(path: Path, content: bytes) -> str:
    if not content:
        raise _unusable(path, "picture-empty", f"{path.name} is empty.", "Save it again.")
    for at, octets, media_type in _KINDS:
        if content[at:].startswith(octets):
            return media_type
    what = f"{path.name} is no picture that networks take"
    if content[4:].startswith(_OF_A_PHONE):
        what += ", but one as phones keep them (HEIC)"
    raise _unusable(path, "picture-type", f"{what}.", "Save it as JPEG or PNG.")


def _unusable(path: Path, code: str, what: str, mend: str) -> Faults:
    problem = Problem(severity=Severity.ERROR, code=code, where=str(path), what=what, mend=mend)
    return Faults("A picture cannot be used.", [problem])
