"""The page from which a person copies a post, which needs nothing from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from flows.compose.messages import Post
from flows.compose.networks import Network
from flows.compose.wording import is_dutch


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    language: str
    title: str
    """`{network}`"""
    place: str
    """`{number} {of}`"""
    account: str
    copy_text: str
    copied: str
    open: str
    """`{network}` is a link."""
    add: str
    tell: str
    or_not: str
    text: str
    picture: str
    """`{name}`"""
    alt: str
    copy_alt: str
    address: str
    why: str


_DUTCH = _Words(
    language="nl",
    title="Klaar voor {network}",
    place=" ({number} van {of})",
    account="Account",
    copy_text="Kopieer de tekst",
    copied="Gekopieerd.",
    open="Open {network} en plak de tekst.",
    add="Voeg de afbeeldingen toe, elk met de alternatieve tekst.",
    tell="Plaats het bericht en meld dat:",
    or_not="Plaatst u het niet? Meld dan waarom:",
    text="De tekst",
    picture="Afbeelding {name}",
    alt="Alternatieve tekst",
    copy_alt="Kopieer de alternatieve tekst",
    address="ADRES",
    why="de reden",
)
_ENGLISH = _Words(
    language="en",
    title="Ready for {network}",
    place=" ({number} of {of})",
    account="Account",
    copy_text="Copy the text",
    copied="Copied.",
    open="Open {network} and paste the text.",
    add="Add the pictures, each with its alternative text.",
    tell="Post it, and say so:",
    or_not="Will you not post it? Then say why:",
    text="The text",
    picture="Picture {name}",
    alt="Alternative text",
    copy_alt="Copy the alternative text",
    address="ADDRESS",
    why="the reason",
)


def page_to_copy(
    post: Post,
    names: Sequence[str],
    network: Network,
    *,
    opens: str,
    command: str,
    has_address: bool,
) -> str:
    """Return the page, in Dutch for a Dutch post and in English for any other.

    Args:
        post: What is to be posted.
        names: The files of its pictures, beside the page.
        network: Where.
        opens: Address at which a person begins a post there.
        command: What is typed to say what became of it, but for that.
        has_address: Whether a post there can be linked to.
    """
    words = _DUTCH if is_dutch(post.language) else _ENGLISH
    place = words.place.format(number=post.number, of=post.of) if post.of > 1 else ""
    steps = [words.copy_text + "."]
    link = f'<a href="{escape(opens)}" rel="noreferrer">{escape(network.label)}</a>'
    steps.append(words.open.format(network=link))
    if names:
        steps.append(words.add)
    said = f"--url {words.address}" if has_address else "--no-url"
    steps.append(f"{words.tell}<br>{_typed(f'{command} {said}')}")
    return _PAGE.format(
        language=words.language,
        title=escape(words.title.format(network=network.label) + place),
        account=f"{words.account}: {escape(post.account)}",
        steps="\n".join(f"<li>{step}</li>" for step in steps),
        or_not=f"{words.or_not}<br>" + _typed(f'{command} --not-done --why "{words.why}"'),
        text=_copied(
            "tekst",
            post.text,
            label=words.text,
            button=words.copy_text,
            language=post.language,
        ),
        pictures="\n".join(
            f'<figure><img src="{escape(name)}" alt="{escape(picture.alt)}">'
            f"<figcaption>{escape(words.picture.format(name=name))}</figcaption></figure>"
            + _copied(
                f"alt-{number}",
                picture.alt,
                label=words.alt,
                button=words.copy_alt,
                language=post.language,
            )
            for number, (name, picture) in enumerate(
                zip(names, post.pictures, strict=True), start=1
            )
        ),
        copied=escape(words.copied),
    )


def _typed(command: str) -> str:
    return f"<code>{escape(command)}</code>"


def _copied(name: str, text: str, *, label: str, button: str, language: str) -> str:
    """Return a text that can be copied, with its button."""
    rows = min(text.count("\n") + len(text) // 60 + 3, 30)
    return (
        f'<label for="{name}">{escape(label)}</label>\n'
        f'<textarea id="{name}" lang="{escape(language)}" dir="auto" rows="{rows}" readonly>'
        f"{escape(text)}</textarea>\n"
        f'<button type="button" data-copies="{name}">{escape(button)}</button>\n'
        '<span role="status"></span>'
    )


_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif }}
body {{ max-width: 42rem; margin: 2rem auto; padding: 0 1rem }}
label {{ display: block; margin-top: 1rem }}
textarea {{ font: inherit; width: 100%; box-sizing: border-box; padding: .75rem }}
button {{ font: inherit; padding: .5rem 1.25rem; margin: .75rem 0 }}
figure {{ margin: 1.5rem 0 .5rem }}
img {{ max-width: 100%; height: auto; border: 1px solid #767676 }}
code {{ overflow-wrap: anywhere }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{account}</p>
<ol>
{steps}
</ol>
<p>{or_not}</p>
{text}
{pictures}
</main>
<script>
for (const button of document.querySelectorAll("[data-copies]")) {{
  button.addEventListener("click", () => {{
    document.getElementById(button.dataset.copies).select();
    document.execCommand("copy");
    button.nextElementSibling.textContent = "{copied}";
  }});
}}
</script>
</body>
</html>
"""
