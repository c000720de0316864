"""What a picture says of itself: its size, how it is held, and whether it tells where it was taken.

Read from JPEG (ITU T.81, Exif 2.32) and PNG (RFC 2083) by hand: a library that decodes pictures
would be the largest of all, for four numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress

_PNG = b"\x89PNG\r\n\x1a\n"
_EXIF = b"Exif\0\0"
_APP1, _START_OF_SCAN = 0xE1, 0xDA
_ORIENTATION, _GPS = 0x0112, 0x8825
"""Tags of Exif: how the picture is held, and where the facts about its place stand."""
_ON_ITS_SIDE = range(5, 9)


def dimensions(content: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels as they are shown; None if they cannot be read."""
    if content.startswith(_PNG) and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return (width, height) if width and height else None
    for marker, body in _segments(content):
        # A frame header: C0 to CF, but for C4, C8 and CC, which hold tables (T.81, B.1.1.3).
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and len(body) >= 5:
            height, width = struct.unpack(">HH", body[1:5])
            if _exif(content).get(_ORIENTATION) in _ON_ITS_SIDE:
                width, height = height, width
            return (width, height) if width and height else None
    return None


def tells_its_place(content: bytes) -> bool:
    """Return whether a JPEG says where it was taken, as a phone writes it."""
    return _GPS in _exif(content)


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the marker segments of a JPEG up to the picture itself."""
    place = 2
    while content.startswith(b"\xff\xd8") and place + 4 <= len(content):
        marker, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4], "big")
        if content[place] != 0xFF or marker == _START_OF_SCAN or length < 2:
            return
        yield marker, content[place + 4 : place + 2 + length]
        place += 2 + length


def _exif(content: bytes) -> Mapping[int, int]:
    """Return the tags of a JPEG's main Exif directory, with the values that are short numbers."""
    for marker, body in _segments(content):
        if marker == _APP1 and body.startswith(_EXIF):
            with suppress(struct.error):
                return _directory(body[len(_EXIF) :])
    return {}


def _directory(tiff: bytes) -> dict[int, int]:
    """Read a TIFF directory.

    Raises:
        struct.error: it is cut off.
    """
    order = ">" if tiff.startswith(b"MM") else "<"
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, start)
    tags = {}
    for entry in range(count):
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * entry)
        tags[tag] = value
    return tags
