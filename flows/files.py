"""Text files of `content/`, read and written whole or not at all, with errors one can mend."""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
import unicodedata
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from flows.errors import InputError

MAX_TEXT_BYTES = 5_000_000
"""A text file of ours that is larger than this is not one of ours."""

_FENCE = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

Model = TypeVar("Model", bound=BaseModel)


def read_bytes(path: Path, *, most: int = MAX_TEXT_BYTES) -> bytes:
    """Return the contents of a file of at most `most` bytes.

    Raises:
        InputError: it is missing, unreadable, not a file, or larger.
    """
    try:
        if path.is_dir():
            raise InputError(
                f"{path} is a folder, not a file.", where=str(path), mend="Name a file."
            )
        if (size := path.stat().st_size) > most:
            raise InputError(
                f"{path.name} is {size / 1e6:.1f} MB; at most {most / 1e6:.0f} MB is read.",
                where=str(path),
                mend="Is it the right file? Cut it down to the text that is to go out.",
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(
            f"There is no file {path}.", where=str(path), mend="Check the name and the folder."
        ) from None
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}.",
            where=str(path),
            mend="Check that it is a file and that you may read it.",
        ) from error


def read_text(path: Path, *, most: int = MAX_TEXT_BYTES) -> str:
    """Return a UTF-8 text file with Unix line ends and without a byte order mark.

    Raises:
        InputError: as `read_bytes`, or it is not UTF-8.
    """
    raw = read_bytes(path, most=most)
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path.name} is not UTF-8 text: byte 0x{raw[error.start]:02x} in line {line}.",
            where=f"{path}:{line}",
            mend="Open it in an editor and save it with the encoding UTF-8.",
        ) from None


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file so that a reader sees the old file or the new one, never a part."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old file or the new one, never a part.

    Raises:
        InputError: the folder cannot be made or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp makes files private; these are meant to be read by colleagues.
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}.",
            where=str(path),
            mend="Check the folder's rights and the free space of the disk.",
        ) from error


def read_toml(path: Path, model: type[Model]) -> Model:
    """Read a TOML file into `model`.

    Raises:
        InputError: it cannot be read, is not TOML, or does not fit the model.
    """
    text = read_text(path)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"{path.name} is not valid TOML: {error}.",
            where=str(path),
            mend="Correct that line; text goes between double quotes, a date does not.",
        ) from None
    return validated(values, model, where=str(path))


def split_front_matter(text: str, *, where: str) -> tuple[dict[str, Any], str]:
    """Split a Markdown file into its front matter (YAML between two `---` lines) and its body.

    Raises:
        InputError: there is no front matter, or it is not a YAML mapping.
    """
    match = _FENCE.match(text)
    if match is None:
        raise InputError(
            "The front matter is missing: the part between two lines of three dashes.",
            where=f"{where}:1",
            mend="Begin the file with a line `---`, then `title: …`, then a line `---`.",
        )
    try:
        values = yaml.load(match[1], Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = 2 + (mark.line if mark else 0)
        raise InputError(
            f"The front matter cannot be read: {getattr(error, 'problem', error)}.",
            where=f"{where}:{line}",
            mend="Put text that holds a colon or a quote between double quotes.",
        ) from None
    if not isinstance(values, dict):
        raise InputError(
            "The front matter is not a list of `name: value` lines.",
            where=f"{where}:2",
            mend="Write one `name: value` per line between the two `---` lines.",
        )
    return values, text[match.end() :]


def join_front_matter(values: Mapping[str, Any], body: str) -> str:
    """Return a Markdown file: front matter, an empty line, the body. Inverse of the split."""
    front = yaml.dump(
        dict(values),
        # The C emitter writes an emoji as an escape, which nobody can edit.
        Dumper=yaml.SafeDumper,
        allow_unicode=True,
        sort_keys=False,
        width=100,
        default_flow_style=False,
    )
    return f"---\n{front}---\n\n{body.strip()}\n"


def validated(values: object, model: type[Model], *, where: str) -> Model:
    """Return `values` as `model`.

    Raises:
        InputError: they do not fit; every mismatch is named.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc']) or 'the whole'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise InputError(
            "; ".join(faults) + ".", where=where, mend="Correct these fields and try again."
        ) from None


def slugify(text: str, *, published: date | None = None) -> str:
    """Return a folder name of lower-case ASCII words: `2026-02-11-geen-kind-in-de-cel`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z0-9]+", plain))[:60].strip("-") or "item"
    return f"{published.isoformat()}-{words}" if published else words


def checked_slug(slug: str) -> str:
    """Return `slug` if it is safe as a folder name.

    Raises:
        InputError: it holds anything but lower-case letters, digits and single dashes.
    """
    if not _SLUG.fullmatch(slug) or len(slug) > 100:
        raise InputError(
            f"{slug!r} cannot be the name of a campaign.",
            where="slug",
            mend="Use lower-case letters, digits and single dashes: 2026-02-11-geen-kind.",
        )
    return slug
