"""What is the same for every post on every network: what would keep it from being carried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flows.compose.messages import Picture, Post
from flows.compose.picture_facts import tells_its_place
from flows.errors import Rejected, Unconfirmed
from flows.models import Limits, Problem, Severity


def problems_of(post: Post, limits: Limits, *, network: str, length: int) -> list[Problem]:
    """Return what would keep a post from being carried.

    Args:
        post: The post.
        limits: The bounds of the network, as far as they are known.
        network: Its name, for people.
        length: What the post counts there, in characters.
    """
    found = [*_of_text(post, limits, network=network, length=length)]
    if limits.images is not None and len(post.pictures) > limits.images:
        found.append(
            _problem(
                post,
                "pictures-too-many",
                f"{len(post.pictures)} pictures; {network} takes {limits.images}.",
                "Leave some out, or spread them over the thread.",
            )
        )
    for picture in post.pictures:
        found += _of_picture(post, picture, limits, network=network)
    return found


def refuse(post: Post, problems: list[Problem]) -> None:
    """Stop before anything is sent.

    Raises:
        Rejected: there is an error among the problems, or the post has lost its thread.
    """
    if post.number > 1 and (post.reply_to is None or post.root is None):
        raise Rejected(
            f"Post {post.number} of {post.of} has nothing to reply to.",
            mend="Settle the posts before it first.",
        )
    stop_at_errors(problems)


def stop_at_errors(problems: list[Problem]) -> None:
    """Stop if a post cannot be carried as it is.

    Raises:
        Rejected: there is an error among the problems.
    """
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        raise Rejected(
            " ".join(problem.what for problem in errors),
            where=errors[0].where,
            mend=errors[0].mend,
        )


def not_settled(error: Rejected) -> Unconfirmed:
    """Return what a refused look at the other side means: it proves nothing about the post."""
    return Unconfirmed(
        error.what, where=error.where, mend=error.mend, code=error.code, reply=error.reply
    )


def _of_text(post: Post, limits: Limits, *, network: str, length: int) -> Iterator[Problem]:
    size = len(post.text.encode())
    if limits.characters is not None and length > limits.characters:
        yield _problem(
            post,
            "text-too-long",
            f"It counts {length} characters; {network} takes {limits.characters}.",
            f"Cut {length - limits.characters} characters, or make it a thread.",
        )
    elif limits.bytes is not None and size > limits.bytes:
        yield _problem(
            post,
            "text-too-long",
            f"It takes {size} bytes; {network} takes {limits.bytes}.",
            "Shorten it: emoji and accented letters take several bytes each.",
        )
    if not post.text.strip() and not post.pictures:
        yield _problem(post, "post-empty", "There is nothing in this post.", "Write its text.")


def _of_picture(post: Post, picture: Picture, limits: Limits, *, network: str) -> Iterator[Problem]:
    name, size = picture.file_name, len(picture.content)
    if not size:
        yield _problem(post, "picture-empty", f"{name} is empty.", "Save it again.")
    if limits.image_bytes is not None and size > limits.image_bytes:
        yield _problem(
            post,
            "picture-too-large",
            f"{name} is {size / 1e6:.1f} MB; {network} takes {limits.image_bytes / 1e6:.1f} MB.",
            "Save it smaller: 1600 pixels wide as JPEG is plenty.",
        )
    if limits.media_types and picture.media_type not in limits.media_types:
        yield _problem(
            post,
            "picture-type",
            f"{name} is {picture.media_type}, which {network} does not take.",
            "Save it as JPEG or PNG.",
        )
    if tells_its_place(picture.content):
        yield replace(
            _problem(
                post,
                "picture-place",
                f"{name} tells where it was taken, which not every network takes out.",
                "Save it without location, or take a screenshot of it.",
            ),
            severity=Severity.WARNING,
        )
    # Code points: a server counts them so, and no network counts more.
    alt = len(picture.alt)
    if not picture.alt.strip():
        yield _problem(
            post,
            "alt-missing",
            f"{name} has no alternative text.",
            "Say in a sentence what there is to see, for who cannot see it.",
        )
    elif limits.alt_characters is not None and alt > limits.alt_characters:
        yield _problem(
            post,
            "alt-too-long",
            f"The alternative text of {name} counts {alt} characters; "
            f"{network} takes {limits.alt_characters}.",
            "Shorten it.",
        )


def _problem(post: Post, code: str, what: str, mend: str) -> Problem:
    where = f"post {post.number} of {post.of}" if post.of > 1 else "post"
    return Problem(severity=Severity.ERROR, code=code, where=where, what=what, mend=mend)
