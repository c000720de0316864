"""Files are read suspiciously and written whole or not at all."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from flows.errors import InputError
from flows.files import (
    checked_slug,
    join_front_matter,
    read_text,
    read_toml,
    slugify,
    split_front_matter,
    write_text,
)


class Person(BaseModel):
    name: str
    age: int


def test_a_file_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "item.txt"
    path.write_bytes("eerste regel\ncaf\xe9".encode("latin-1"))
    with pytest.raises(InputError, match=r"byte 0xe9 in line 2"):
        read_text(path)


def test_a_byte_order_mark_and_foreign_line_ends_are_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "item.txt"
    path.write_bytes(b"\xef\xbb\xbfeen\r\ntwee\rdrie")
    assert read_text(path) == "een\ntwee\ndrie"


def test_a_missing_file_a_folder_and_a_giant_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        read_text(tmp_path / "none")
    with pytest.raises(InputError, match="folder"):
        read_text(tmp_path)
    (tmp_path / "giant").write_bytes(b"x" * 101)
    with pytest.raises(InputError, match="at most"):
        read_text(tmp_path / "giant", most=100)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "item.md"
    write_text(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        write_text(path, "new")
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_broken_toml_names_the_line_and_a_misfit_names_every_field(tmp_path: Path) -> None:
    path = tmp_path / "person.toml"
    write_text(path, 'name = "x"\nage = twelve\n')
    with pytest.raises(InputError, match="line 2"):
        read_toml(path, Person)
    write_text(path, 'age = "twelve"\n')
    with pytest.raises(InputError, match=r"name: .*; age: "):
        read_toml(path, Person)


@given(
    values=st.dictionaries(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True),
        st.one_of(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.dates()),
        min_size=1,
    ),
    body=st.text(st.characters(exclude_categories=["Cs", "Cc"])),
)
def test_front_matter_comes_back_as_it_was_written(
    values: dict[str, str | date], body: str
) -> None:
    front, rest = split_front_matter(join_front_matter(values, body), where="x.md")
    assert front == values
    assert rest.strip() == body.strip()


def test_front_matter_shows_an_emoji_as_a_person_would_write_it() -> None:
    assert "title: Kind 🙂 en café" in join_front_matter({"title": "Kind 🙂 en café"}, "")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("no front matter", "missing"),
        ("---\na: [b\n---\n", "cannot be read"),
        ("---\n- a\n---\n", "not a list of"),
    ],
)
def test_front_matter_that_is_none_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        split_front_matter(text, where="x.md")


def test_a_slug_is_made_of_plain_words_and_the_date() -> None:
    slug = slugify("Oproep: Géén kind in de cel!", published=date(2026, 2, 11))
    assert slug == "2026-02-11-oproep-geen-kind-in-de-cel"
    assert slugify("🙂") == "item"


@given(st.text())
def test_every_title_gives_a_safe_slug(title: str) -> None:
    assert checked_slug(slugify(title))


@pytest.mark.parametrize("slug", ["../x", "a/b", "A", "", "a--b", "-a", "a\n", "é", "x" * 101])
def test_a_slug_that_leads_elsewhere_is_refused(slug: str) -> None:
    with pytest.raises(InputError):
        checked_slug(slug)
