"""A post as a record of the AT Protocol (lexicon `app.bsky.feed.post`). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from flows import clock
from flows.compose.length import Span, bluesky_spans
from flows.compose.messages import LinkCard, Picture, Post
from flows.compose.picture_facts import dimensions
from flows.models import Receipt

COLLECTION = "app.bsky.feed.post"

_SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"
_MOST_LANGUAGES = 3


def record_key(delivery_id: str, first_tried: datetime) -> str:
    """Return the record key (TID): the same for every try of a delivery, unlike any other's.

    A TID is 53 bits of microseconds since 1970 and 10 bits that tell apart what is written in the
    same one (atproto.com/specs/tid). Whatever is finer than a millisecond comes from the id, so
    that deliveries that were begun together differ.
    """
    digest = int.from_bytes(sha256(delivery_id.encode()).digest()[:8], "big")
    milliseconds = round(clock.aware(first_tried).timestamp() * 1000)
    number = (milliseconds * 1000 + digest % 1000) << 10 | (digest // 1000) % 1024
    return "".join(_SORTABLE[number >> shift & 31] for shift in range(60, -1, -5))


def record_of(
    post: Post,
    *,
    first_tried: datetime,
    dids: Mapping[str, str],
    images: Sequence[Mapping[str, Any]] = (),
    thumbnail: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the record.

    Args:
        post: The post.
        first_tried: Becomes `createdAt`.
        dids: The permanent name of each handle that the post mentions.
        images: The uploaded pictures, in the post's order.
        thumbnail: The uploaded picture of the link card.
    """
    created = clock.aware(first_tried).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record: dict[str, Any] = {"$type": COLLECTION, "text": post.text, "createdAt": created}
    if post.language:
        record["langs"] = [post.language][:_MOST_LANGUAGES]
    if found := facets(post.text, dids):
        record["facets"] = found
    if post.reply_to and post.root:
        record["reply"] = {"root": reference(post.root), "parent": reference(post.reply_to)}
    if images:
        record["embed"] = _pictures(post.pictures, images)
    elif post.card:
        record["embed"] = _card(post.card, thumbnail)
    return record


def facets(text: str, dids: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what stands where in the text, in UTF-8 octets, as the network counts."""
    return [
        {
            "index": {
                "byteStart": len(text[: span.start].encode()),
                "byteEnd": len(text[: span.end].encode()),
            },
            "features": [_feature(span, dids)],
        }
        for span in bluesky_spans(text)
        if span.kind != "mention" or span.value.lower() in dids
    ]


def mentioned(text: str) -> list[str]:
    """Return the handles that a text mentions, each once, in lower case."""
    spans = bluesky_spans(text)
    return list(dict.fromkeys(span.value.lower() for span in spans if span.kind == "mention"))


def remote_id(uri: str, cid: str) -> str:
    """Return what a receipt keeps: a reply has to name both address and content."""
    return f"{uri}#{cid}"


def reference(receipt: Receipt) -> dict[str, str]:
    """Return address and content hash of a post, as a reply names it."""
    uri, _, cid = receipt.remote_id.partition("#")
    return {"uri": uri, "cid": cid}


def key_in(receipt: Receipt) -> str:
    """Return the record key of a post."""
    return reference(receipt)["uri"].rpartition("/")[2]


def _feature(span: Span, dids: Mapping[str, str]) -> dict[str, str]:
    match span.kind:
        case "link":
            return {"$type": "app.bsky.richtext.facet#link", "uri": span.value}
        case "mention":
            return {"$type": "app.bsky.richtext.facet#mention", "did": dids[span.value.lower()]}
        case _:
            return {"$type": "app.bsky.richtext.facet#tag", "tag": span.value}


def _pictures(pictures: Sequence[Picture], blobs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    images = []
    for picture, blob in zip(pictures, blobs, strict=True):
        image: dict[str, Any] = {"alt": picture.alt, "image": blob}
        if size := dimensions(picture.content):
            # Without it the picture is shown cut to a square.
            image["aspectRatio"] = {"width": size[0], "height": size[1]}
        images.append(image)
    return {"$type": "app.bsky.embed.images", "images": images}


def _card(card: LinkCard, thumbnail: Mapping[str, Any] | None) -> dict[str, Any]:
    external: dict[str, Any] = {
        "uri": card.url,
        "title": card.title,
        "description": card.description,
    }
    if thumbnail:
        external["thumb"] = thumbnail
    return {"$type": "app.bsky.embed.external", "external": external}
