"""What a picture says of itself."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.compose.picture_facts import dimensions, tells_its_place
from tests.social.threads import picture


def jpeg(*tags: tuple[int, int], order: str = ">", width: int = 32, height: int = 16) -> bytes:
    """A JPEG as far as its headers go, with these tags of Exif."""
    mark = b"MM" if order == ">" else b"II"
    entries = b"".join(struct.pack(f"{order}HHIHH", tag, 3, 1, value, 0) for tag, value in tags)
    tiff = mark + struct.pack(f"{order}HIH", 42, 8, len(tags)) + entries + bytes(4)
    exif = b"Exif\0\0" + tiff
    segments = [(0xE0, b"JFIF\0"), (0xE1, exif), (0xC0, struct.pack(">BHHB", 8, height, width, 3))]
    return b"\xff\xd8" + b"".join(
        bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body for marker, body in segments
    )


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (picture().content, (8, 8)),
        (bytes.fromhex("ffd8ffe00004aaaaffc0000b08001000200101110000"), (32, 16)),
        (jpeg(), (32, 16)),
        (jpeg((0x0112, 1)), (32, 16)),
        (jpeg((0x0112, 6)), (16, 32)),
        (jpeg((0x0112, 8), order="<"), (16, 32)),
        (jpeg(width=0), None),
        (b"\xff\xd8\xff\xe0", None),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"GIF89a", None),
        (b"", None),
        (b"\xff\xd8" + b"\xff\xe0\x00\x00" * 4, None),
    ],
)
def test_a_pictures_size_is_read_as_it_is_shown_or_left_out(
    content: bytes, size: tuple[int, int] | None
) -> None:
    assert dimensions(content) == size


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_picture_that_tells_its_place_is_known(order: str) -> None:
    assert tells_its_place(jpeg((0x0112, 1), (0x8825, 100), order=order))
    assert not tells_its_place(jpeg((0x0112, 1), order=order))
    assert not tells_its_place(picture().content)


@given(st.binary(max_size=80), st.integers(0, 80))
def test_no_picture_however_broken_is_more_than_unknown(noise: bytes, at: int) -> None:
    whole = jpeg((0x8825, 100))
    for content in (noise, b"\xff\xd8" + noise, whole[:at], whole[:at] + noise + whole[at:]):
        assert dimensions(content) is None or min(dimensions(content) or ()) > 0
        assert tells_its_place(content) in (True, False)
