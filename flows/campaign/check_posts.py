"""Checks on posts as each network would show them."""

from __future__ import annotations

from collections.abc import Iterator

from flows.campaign.look import Look, error
from flows.compose.networks import NETWORKS
from flows.compose.posts import post_problems
from flows.models import Problem


def limits(look: Look) -> Iterator[Problem]:
    """`text-too-long`, `post-empty`: what the network would refuse."""
    for step, content in look.composed:
        if not step.kind.is_mail:
            yield from post_problems(
                content.posts, network=NETWORKS[step.channel], where=look.where(step.draft)
            )


def pictures(look: Look) -> Iterator[Problem]:
    """`alt-missing`, `alt-too-long`: every picture says in words what is to be seen."""
    for step, content in look.composed:
        longest = None if step.kind.is_mail else NETWORKS[step.channel].limits.alt_characters
        for post in content.posts:
            for picture in post.pictures:
                where = look.where(step.draft)
                if not picture.alt.strip():
                    what = f"The picture {picture.file_name!r} has no alternative text."
                    yield error("alt-missing", where, what, "Describe what is to be seen.")
                elif longest and len(picture.alt) > longest:
                    what = f"The alternative text of {picture.file_name!r} is too long."
                    mend = f"{step.kind.label} takes {longest} characters."
                    yield error("alt-too-long", where, what, mend)
