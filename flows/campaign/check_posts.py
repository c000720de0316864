"""Checks on posts as each network would show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flows.campaign.check_sender import hashtag_faults
from flows.campaign.look import Look
from flows.channels.opening import validator
from flows.compose.networks import NETWORKS
from flows.compose.posts import post_problems, read_post_draft
from flows.errors import InputError
from flows.models import Problem


def limits(look: Look) -> Iterator[Problem]:
    """`text-too-long`, `text-shortened`, `post-empty`: what the network would refuse."""
    for step, content in look.composed:
        if not step.kind.is_mail:
            yield from post_problems(
                content.posts, network=NETWORKS[step.channel], where=look.where(step.draft)
            )


def networks(look: Look) -> Iterator[Problem]:
    """`always-public`, `no-content-warning`, `picture-missing`, `picture-type`, …: what one asks.

    And `alt-missing`, `alt-too-long`, `picture-too-large`, `pictures-too-many`, by its usual
    limits, and `picture-place`: a picture that tells where it was taken.
    """
    told_elsewhere = {"post-empty"}
    for step, content in look.composed:
        if step.kind.is_mail:
            continue
        network, problems = NETWORKS[step.channel], validator(step.channel)
        for post in content.posts:
            bounds = network.showing(len(post.pictures))
            too_long = not bounds.fits(post.text, content_warning=post.content_warning)
            for problem in problems(post):
                if problem.code not in told_elsewhere | ({"text-too-long"} if too_long else set()):
                    yield replace(problem, where=look.where(step.draft))


def hashtags(look: Look) -> Iterator[Problem]:
    """`hashtag`, `hashtag-case`, for the tags in the front matter of drafts of posts."""
    drafts = {step.draft for step in look.steps if not step.kind.is_mail}
    for draft in sorted(drafts & look.texts.keys()):
        try:
            tags = read_post_draft(look.texts[draft], where=draft).hashtags
        except InputError:
            continue
        for tag in tags:
            yield from hashtag_faults(tag, where=look.where(draft))
