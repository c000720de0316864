"""Text into a thread of posts: paragraphs whole where they fit, sentences whole always."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flows.compose.networks import Network
from flows.news.sentences import sentences


class Thread:
    """A thread that grows.

    Args:
        network: Which bounds hold; without threads all becomes one post.
        shortens: Whether a text that is too long for that one post ends earlier; else it stays as
            it is, for a check to report.
        content_warning: Stands above each post and counts in each.
        endings: What stands at the end of the first post, such as the link and the hashtags; what
            does not fit there goes into the next.
    """

    def __init__(
        self,
        network: Network,
        *,
        content_warning: str,
        endings: Sequence[str],
        shortens: bool = False,
    ) -> None:
        self._network = network
        self._shortens = shortens
        self._warning = content_warning
        self._endings = [ending for ending in endings if ending]
        self._held: list[str] = []
        self._posts: list[str] = []
        self.left_out = ""
        """What there was no room for, once it is finished."""

    def add(self, paragraphs: Sequence[str]) -> None:
        """Add a part: on a network with threads it begins a new post."""
        if not self._network.threads:
            self._held += paragraphs
            return
        self._close()
        for paragraph in paragraphs:
            if self._fits([*self._held, paragraph, *self._endings]):
                self._held.append(paragraph)
            elif self._held and self._fits([paragraph]):
                self._close()
                self._held = [paragraph]
            else:
                self._add_sentences(paragraph)

    def finished(self) -> list[str]:
        """Return the posts."""
        if not self._network.threads:
            if self._shortens and not self._fits([*self._held, *self._endings]):
                self._shorten()
            return [text] if (text := _joined([*self._held, *self._endings])) else []
        self._close()
        if self._endings:
            self._posts.append(_joined(self._endings))
        return self._posts

    def _shorten(self) -> None:
        """Keep as many whole sentences from the beginning as there is room for."""
        pieces = [
            ("\n\n" if place and not number else gap, sentence)
            for place, paragraph in enumerate(self._held)
            for number, (gap, sentence) in enumerate(_pieces(paragraph))
        ]
        most = 0
        while self._fits([_written(pieces[: most + 1]), *self._endings]):
            most += 1
        if most:
            self._held = [_written(pieces[:most])]
            self.left_out = _written(pieces[most:]).strip()

    def _add_sentences(self, paragraph: str) -> None:
        for number, (gap, sentence) in enumerate(_pieces(paragraph)):
            if number and self._held:
                grown = [*self._held[:-1], f"{self._held[-1]}{gap}{sentence}"]
            else:
                grown = [*self._held, sentence]
            if self._held and not self._fits([*grown, *self._endings]):
                self._close()
                grown = [sentence]
            self._held = grown

    def _close(self) -> None:
        """End the post that is being filled, with as many endings as it has room for."""
        if not self._held:
            return
        while self._endings and self._fits([*self._held, self._endings[0]]):
            self._held.append(self._endings.pop(0))
        self._posts.append(_joined(self._held))
        self._held = []

    def _fits(self, paragraphs: Sequence[str]) -> bool:
        return self._network.fits(_joined(paragraphs), content_warning=self._warning)


def _pieces(paragraph: str) -> Iterator[tuple[str, str]]:
    """Yield the sentences of a paragraph, each with what stands before it."""
    gap = ""
    for line in paragraph.split("\n"):
        for sentence in sentences(line):
            yield gap, sentence
            gap = " "
        gap = "\n"


def _written(pieces: Sequence[tuple[str, str]]) -> str:
    return "".join(gap + sentence for gap, sentence in pieces)


def _joined(paragraphs: Sequence[str]) -> str:
    return "\n\n".join(filter(None, paragraphs))
